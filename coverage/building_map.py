"""Buildings of a map window as GeoJSON, each with the best answer that zones and overrides give.

Computed in one statement with zones outside and buildings inside (see coverage/winners.py for
why), so that any past moment can be shown. A map is not an answer: wiring and the nearness to
an edge are left to `answer_for_point`.
"""

import json
from datetime import datetime
from typing import Any

from django.db import connection

from coverage.addresses import street_label
from coverage.answers import Answer
from coverage.places import Box
from coverage.winners import winners_sql

MAX_BUILDINGS = 5000

BUILDINGS = f"""
WITH shown AS MATERIALIZED (
    SELECT building.id, building.point, building.footprint, building.number, building.wiring,
           building.location_source, building.levels, building.kind,
           street.type AS street_type, street.name AS street_name
    FROM coverage_building building LEFT JOIN coverage_street street
      ON street.id = building.street_id
    WHERE building.point && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
      AND (building.retired_at IS NULL OR building.retired_at > %(at)s)
    ORDER BY building.id LIMIT %(limit)s
), place AS MATERIALIZED (
    SELECT id, point FROM shown
), winner AS (
    {winners_sql()}
), said AS (
    SELECT place_id AS id, network_type, zone_id, CASE status WHEN 'IN_SERVICE' THEN 'AVAILABLE'
        WHEN 'SUSPENDED' THEN 'SUSPENDED' ELSE 'PLANNED' END AS answer
    FROM winner
), decided AS (
    SELECT COALESCE(o.building_id, said.id) AS id,
           COALESCE(o.network_type, said.network_type) AS network_type, said.zone_id,
           CASE o.available WHEN true THEN 'AVAILABLE' WHEN false THEN 'NO_COVERAGE'
                ELSE said.answer END AS answer
    FROM said FULL JOIN (
        SELECT building_id, network_type, available FROM coverage_coverageoverride
        WHERE valid @> %(at)s AND building_id IN (SELECT id FROM shown)
    ) o ON o.building_id = said.id AND o.network_type = said.network_type
), by_building AS (
    SELECT id, jsonb_agg(jsonb_build_object('network_type', network_type, 'answer', answer,
        'zone_id', zone_id) ORDER BY network_type) AS networks
    FROM decided GROUP BY id
)
SELECT shown.id, shown.number, shown.street_type, shown.street_name, shown.wiring,
       shown.location_source, shown.levels, shown.kind, by_building.networks::text,
       ST_AsGeoJSON(COALESCE(shown.footprint, shown.point), 6)
FROM shown LEFT JOIN by_building USING (id) ORDER BY shown.id
"""  # noqa: S608
_ORDER = {answer.value: place for place, answer in enumerate(Answer)}


def buildings_geojson(
    *, bbox: Box, at: datetime, limit: int = 2000, with_details: bool = False
) -> dict[str, Any]:
    """A FeatureCollection of at most `limit` buildings; `truncated` says that there are more.

    Properties: id, label, number, answer (the best one, or null), networks (network_type, answer).
    With details, for staff: zone_id in networks, wiring, location_source, levels, kind.
    """
    limit = max(1, min(limit, MAX_BUILDINGS))
    parameters: dict[str, Any] = {
        "west": bbox.west,
        "south": bbox.south,
        "east": bbox.east,
        "north": bbox.north,
        "at": at,
        "limit": limit + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(BUILDINGS, parameters)
        rows = cursor.fetchall()
    return {
        "type": "FeatureCollection",
        "attribution": "© OpenStreetMap contributors",
        "truncated": len(rows) > limit,
        "features": [_feature(row, with_details) for row in rows[:limit]],
    }


def _feature(row: tuple[Any, ...], with_details: bool) -> dict[str, Any]:
    (
        building_id,
        number,
        street_type,
        street_name,
        wiring,
        source,
        levels,
        kind,
        networks_text,
        geometry,
    ) = row
    networks = json.loads(networks_text) if networks_text else []
    answers = sorted((network["answer"] for network in networks), key=_ORDER.__getitem__)
    label = street_label(street_type=street_type, name=street_name) if street_name else ""
    properties: dict[str, Any] = {
        "id": building_id,
        "label": ", ".join(part for part in (label, number) if part),
        "number": number,
        "answer": answers[0] if answers else None,
        "networks": networks,
    }
    if with_details:
        properties.update(wiring=wiring, location_source=source, levels=levels, kind=kind)
    else:
        for network in networks:
            del network["zone_id"]
    return {
        "type": "Feature",
        "id": building_id,
        "geometry": json.loads(geometry),
        "properties": properties,
    }
