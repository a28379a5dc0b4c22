"""What of a demand map or a what-if may leave the house: counts, generalised, ready to be stored.

No address, no date of a single question, no kind of a single wish; see `coverage.demand.privacy`.
"""

from datetime import date, datetime
from typing import Any

from django.utils.translation import get_language

from coverage import queries as coverage
from coverage.demand.wanted import DemandFilter
from coverage.zoning.geometry import as_geojson
from frontend.planner.demand.queries import (
    MAX_CELLS,
    MAX_RANKED,
    CellRow,
    askings,
    bucket_of,
    bucket_starts,
    grounded,
    tally_of,
)
from frontend.planner.demand.what_if import Question, WhatIf, few_wait
from project.core.clock import KYIV


def demand_content(
    *, wanted: DemandFilter, at: datetime, on_date: date, from_date: date, until_date: date
) -> dict[str, Any]:
    """The demand of a filter as a report keeps it; cells of fewer than three households merged."""
    asked = askings(wanted=wanted, at=at)
    waiting = [each for each in asked if not each.wish.is_served]
    by_wish = {id(each.wish): each for each in waiting}
    shown, rest = coverage.demand_generalised(
        wishes=[each.wish for each in waiting], width_m=wanted.width_m
    )
    rows = sorted(
        (
            CellRow(cell, tally_of(by_wish[id(wish)] for wish in inside), (), "STEADY")
            for cell, inside in shown.items()
        ),
        key=lambda row: (-row.tally.points, -row.tally.wishes, row.cell),
    )[:MAX_CELLS]
    shapes = coverage.demand_outlines(names=[row.cell for row in rows])
    ranked = grounded(rows[:MAX_RANKED], shapes, wanted.network_type, at, on_date)
    starts = bucket_starts(from_date=from_date, until_date=until_date, step="month")
    months = [0] * len(starts)
    for wish in (wish for inside in shown.values() for wish in inside):
        months[bucket_of(starts, wish.first_at)] += 1
    return {
        "at": at.astimezone(KYIV).isoformat(timespec="minutes"),
        "from": from_date.isoformat(),
        "until": until_date.isoformat(),
        "network_type": wanted.network_type,
        "cells": [
            _cell(number, row, shapes[row.cell])
            for number, row in enumerate((*ranked, *rows[MAX_RANKED:]), start=1)
        ],
        "wishes": sum(row.tally.wishes for row in rows),
        "rest": coverage.demand_rounded(len(rest)),
        "months": [
            {"start": start.isoformat(), "wishes": coverage.demand_rounded(count)}
            for start, count in zip(starts, months, strict=True)
        ],
    }


def _cell(number: int, row: CellRow, shape: dict[str, object]) -> dict[str, Any]:
    ground = row.ground
    facts: dict[str, Any] = {"number": number, "wishes": row.tally.wishes, "shape": shape}
    if ground is not None:
        facts |= {
            "place": row.place,
            "locality": row.locality,
            "buildings": ground.buildings,
            "flats": ground.flats,
            "without_flats": ground.without_flats,
            "zone_m": None if ground.zone_m is None else round(ground.zone_m, -1),
            "income_kopecks": row.income_kopecks,
        }
    return facts


def what_if_content(*, question: Question, found: WhatIf, at: datetime) -> dict[str, Any]:
    """A what-if as a report keeps it; fewer than three waiting households are told as that."""
    language = get_language() or "uk"
    totals = found.totals
    few = few_wait(question, at)
    return {
        "at": at.astimezone(KYIV).isoformat(timespec="minutes"),
        "network_type": question.network_type,
        "shape": as_geojson(question.shape),
        "area_m2": round(found.area_m2),
        "wishes": None if few else found.waiting.wishes,
        "totals": {
            "buildings": totals.buildings,
            "numbered": totals.numbered,
            "flats": totals.flats,
            "with_flats": totals.with_flats,
            "guessed": totals.guessed,
            "with_guess": totals.with_guess,
            "served": totals.served,
            "homes": totals.homes,
        },
        "met": [
            {
                "name": zone.name,
                "network_type": zone.network_type,
                "status": zone.status,
                "buildings": zone.buildings,
                "area_m2": round(zone.area_m2),
            }
            for zone in found.met
            if zone.status != "DRAFT"
        ],
        "prices": [
            {
                "locality": place.name,
                "offers": [
                    {"name": offer.name(language=language), "price_kopecks": offer.price_kopecks}
                    for offer in place.offers
                ],
            }
            for place in found.prices
        ],
        "income": [
            {
                "percent": income.percent,
                "subscribers": income.subscribers,
                "least_kopecks": income.least_kopecks,
                "most_kopecks": income.most_kopecks,
            }
            for income in found.income
        ],
    }
