"""A shared report as one HTML file, drawn by folium, with everything in it.

Folium pulls five CDNs by default. Here its lists are empty: our own Leaflet (from the built pages)
is written into the file, so it opens without any network, also from a mail. The page's
Content-Security-Policy allows the very scripts and styles of this page by their hashes and nothing
else: no connection, no picture from anywhere.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import folium
import shapely
from branca.element import Element, Figure
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _
from jinja2 import Template

from coverage import queries as coverage
from coverage.models import SharedReport
from frontend import formats
from frontend.states import state_of
from frontend.words import network_name

LEAFLET_JS = "build/vendor/leaflet/leaflet.js"
LEAFLET_CSS = "build/vendor/leaflet/leaflet.css"
# Sequential, light to dark; five classes are as many as an eye tells apart.
COLOURS = ("#fde3b4", "#fbb968", "#ef8a3c", "#cf5a1c", "#8f3410")
SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
ROOM = 0.15  # of the shown cells, as a margin


class Raw(Element):
    """Text that goes into the page as it is; branca would read it as a template."""

    _template = Template("{{ this.text }}")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class OfflineMap(folium.Map):
    """A folium map that loads nothing from anywhere."""

    default_js: list[tuple[str, str]] = []
    default_css: list[tuple[str, str]] = []


@dataclass(frozen=True, slots=True)
class Page:
    """The file and the policy under which it is served."""

    html: str
    policy: str


@cache
def asset(name: str) -> str:
    """A built static file as text."""
    found = finders.find(name)
    if found is None:  # collected, and the sources are not there
        with staticfiles_storage.open(name) as stream:
            return str(stream.read().decode("utf-8"))
    with open(found, encoding="utf-8") as stream:
        return stream.read()


def colour_classes(counts: Iterable[int]) -> list[int]:
    """Least counts of the classes, ascending: as many classes as there are different counts."""
    values = sorted(counts)
    if not values:
        return []
    bounds = {values[len(values) * part // len(COLOURS)] for part in range(len(COLOURS))}
    return sorted(bounds | {values[0]})


def colour_of(count: int, bounds: list[int]) -> str:
    """The colour of a count in its class."""
    place = sum(1 for bound in bounds if count >= bound) - 1
    spread = len(COLOURS) - len(bounds)
    return COLOURS[min(len(COLOURS) - 1, place + (spread if place == len(bounds) - 1 else 0))]


def rendered(*, report: SharedReport) -> Page:
    """The report in its own language."""
    with translation.override(report.language):
        is_demand = report.kind == SharedReport.Kind.DEMAND
        figure = Figure(title=escape(report.title))
        css = re.sub(r"url\([^)]*\)", "none", asset(LEAFLET_CSS))
        own = render_to_string("planner/report.css")
        figure.header.add_child(Raw('<meta name="viewport" content="width=device-width">'))
        figure.header.add_child(Raw(f"<style>{css}</style><style>{own}</style>"))
        figure.header.add_child(Raw(f"<script>{asset(LEAFLET_JS)}</script>"))
        context = {"report": report, **report.content}
        if is_demand:
            context |= _demand_words(report.content)
        else:
            context |= _what_if_words(report.content)
        figure.html.add_child(Raw(render_to_string("planner/report_head.html", context)))
        drawn = _demand_layer(report.content) if is_demand else _outline_layer(report.content)
        drawn.add_to(_map(figure, report, drawn))
        body = "planner/report_demand.html" if is_demand else "planner/report_what_if.html"
        # Folium puts its map behind everything else; the order on the page is the stylesheet's.
        below = render_to_string(body, context)
        figure.html.add_child(Raw(f'<main class="below">{below}</main>'))
        html = figure.render().replace("<html>", f'<html lang="{report.language}">', 1)
    # A document is <body> with its scripts inside; branca puts them behind it.
    html = html.replace("</body>\n<script>", "<script>").replace("</script>\n</html>",
        "</script>\n</body>\n</html>")  # fmt: skip
    return Page(html, policy_of(html))


def policy_of(html: str) -> str:
    """Exactly the inline scripts and styles of this page, and no address at all."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hashes(SCRIPT.findall(html))}",
            f"style-src {_hashes(STYLE.findall(html))}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        ]
    )


def _hashes(texts: list[str]) -> str:
    digests = (hashlib.sha256(text.encode("utf-8")).digest() for text in texts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def _map(figure: Figure, report: SharedReport, drawn: folium.GeoJson) -> folium.Map:
    """The map with what lies under the cells: zones as they were, footprints of houses."""
    bounds = _bounds(drawn.data["features"])
    middle = [(bounds[1] + bounds[3]) / 2, (bounds[0] + bounds[2]) / 2]
    found = OfflineMap(
        location=middle, tiles=None, control_scale=True, attr="", zoom_start=14, max_zoom=19,
        height="100%", zoom_control=True,
    )  # fmt: skip
    figure.add_child(found)
    margin = [ROOM * (bounds[2] - bounds[0]) + 0.001, ROOM * (bounds[3] - bounds[1]) + 0.001]
    box = (bounds[0] - margin[0], bounds[1] - margin[1], bounds[2] + margin[0],
           bounds[3] + margin[1])  # fmt: skip
    houses = coverage.demand_footprints(box=box, at=report.created_at)
    if houses is not None:
        folium.GeoJson(
            {"type": "FeatureCollection", "features": [_feature(houses)]},
            style_function=lambda _f: {
                "stroke": False,
                "fillColor": "#a9a195",
                "fillOpacity": 0.55,
            },
            interactive=False,
            attribution="© OpenStreetMap contributors",
        ).add_to(found)
    zones = coverage.zones_geojson(at=report.created_at, simplify_m=5)["features"]
    window = shapely.box(*box)
    near = [z for z in zones if shapely.from_geojson(json.dumps(z["geometry"])).intersects(window)]
    if near:
        folium.GeoJson(
            {
                "type": "FeatureCollection",
                "features": [_feature(zone["geometry"]) for zone in near],
            },
            style_function=lambda _f: {
                "color": "#0b6b61", "weight": 1.5, "dashArray": "5 4", "fillOpacity": 0.07,
                "fillColor": "#0b6b61",
            },
            interactive=False,
        ).add_to(found)  # fmt: skip
    found.fit_bounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]], padding=(24, 24))
    return found


def _demand_layer(content: dict[str, Any]) -> folium.GeoJson:
    bounds = colour_classes(cell["wishes"] for cell in content["cells"])
    features = [
        _feature(
            cell["shape"],
            number=cell["number"],
            wishes=cell["wishes"],
            colour=colour_of(cell["wishes"], bounds),
        )
        # Wide cells lie under narrow ones.
        for cell in sorted(content["cells"], key=lambda cell: -_width(cell["shape"]))
    ]
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda feature: {
            "color": "#6b2a0c", "weight": 1.2, "fillOpacity": 0.62,
            "fillColor": feature["properties"].get("colour", COLOURS[0]),
        },
        tooltip=folium.GeoJsonTooltip(
            fields=["number", "wishes"], aliases=[_("No."), _("Households that wait")]
        ) if features else None,
    )  # fmt: skip


def _width(shape: dict[str, Any]) -> float:
    west, _south, east, _north = shapely.from_geojson(json.dumps(shape)).bounds
    return float(east - west)


def _outline_layer(content: dict[str, Any]) -> folium.GeoJson:
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": [_feature(content["shape"])]},
        style_function=lambda _f: {"color": "#6f42c1", "weight": 3, "fillOpacity": 0.12},
        interactive=False,
    )


def _feature(geometry: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _bounds(features: list[dict[str, Any]]) -> tuple[float, float, float, float]:
    if not features:
        extent = coverage.map_extent() or [[44.0, 22.0], [52.5, 40.2]]
        (south, west), (north, east) = extent
        return west, south, east, north
    shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features]
    west, south, east, north = shapely.total_bounds(shapes)
    return float(west), float(south), float(east), float(north)


def _demand_words(content: dict[str, Any]) -> dict[str, Any]:
    bounds = colour_classes(cell["wishes"] for cell in content["cells"])
    months = [
        {"start": date.fromisoformat(month["start"]), "wishes": month["wishes"]}
        for month in content["months"]
    ]
    most = max((month["wishes"] or 2 for month in months), default=1) or 1
    for place, month in enumerate(months):
        drawn = 2 if month["wishes"] is None else month["wishes"]
        height = min(100, round(100 * drawn / most))
        month |= {"x": 60 * place, "height": height, "top": 125 - height, "label_y": 120 - height}
    return {
        "from_date": date.fromisoformat(content["from"]),
        "until_date": date.fromisoformat(content["until"]),
        "made_at": datetime.fromisoformat(content["at"]),
        "network": network_name(content["network_type"]),
        "cells": [
            {
                **cell,
                "income": _whole(cell.get("income_kopecks")),
                "colour": colour_of(cell["wishes"], bounds),
            }
            for cell in content["cells"][:60]
        ],
        "months": months,
        "months_width": 60 * max(len(months), 12),
    }


def _what_if_words(content: dict[str, Any]) -> dict[str, Any]:
    return {
        "made_at": datetime.fromisoformat(content["at"]),
        "network": network_name(content["network_type"]),
        "hectares": content["area_m2"] / 10_000,
        "met": [
            {**zone, "status_word": state_of(kind="zone", value=zone["status"]).word}
            for zone in content["met"]
        ],
        "prices": [
            {
                "locality": place["locality"],
                "offers": [
                    {"name": offer["name"], "price": _whole(offer["price_kopecks"])}
                    for offer in place["offers"]
                ],
            }
            for place in content["prices"]
        ],
        "income": [
            {
                **income,
                "least": _whole(income["least_kopecks"]),
                "most": _whole(income["most_kopecks"]),
            }
            for income in content["income"]
        ],
    }


def _whole(kopecks: int | None) -> str:
    return "" if kopecks is None else formats.money(kopecks, whole=True)
