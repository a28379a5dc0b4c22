"""Sentences of the demand map and of its reports, with their plural forms."""

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coverage.demand.ground import Ground
from frontend import formats
from frontend.planner.demand.queries import CellRow, Tally
from frontend.planner.demand.texts import TRENDS

register = template.Library()


@register.simple_tag
def households(count: int) -> str:
    """The words after a number of waiting households."""
    return ngettext("household waits", "households wait", count)


@register.simple_tag
def demand_kinds(tally: Tally) -> str:
    """ "3 requests, 5 refused or unclear, 2 told of plans"; what is none is not named."""
    parts = []
    if tally.requests:
        text = ngettext("%(n)s request", "%(n)s requests", tally.requests)
        parts.append(text % {"n": formats.grouped(tally.requests)})
    if tally.failed:
        text = ngettext("%(n)s refused or unclear", "%(n)s refused or unclear", tally.failed)
        parts.append(text % {"n": formats.grouped(tally.failed)})
    if tally.planned:
        text = ngettext("%(n)s told of plans", "%(n)s told of plans", tally.planned)
        parts.append(text % {"n": formats.grouped(tally.planned)})
    return ", ".join(parts) or _("nobody")


@register.simple_tag
def demand_served(count: int) -> str:
    """Those that asked and are covered by now."""
    text = ngettext(
        "%(n)s household asked and can be connected since.",
        "%(n)s households asked and can be connected since.",
        count,
    )
    return text % {"n": formats.grouped(count)}


@register.simple_tag
def demand_nowhere(count: int) -> str:
    """Questions without a place."""
    text = ngettext(
        "%(n)s question has an address that no map knows.",
        "%(n)s questions have addresses that no map knows.",
        count,
    )
    return text % {"n": formats.grouped(count)}


@register.simple_tag
def cell_place(row: CellRow) -> str:
    """What a cell is called: the house that it is, or that stands nearest its middle."""
    if not row.place:
        return row.locality or _("a place without addresses")
    return row.place if row.cell.startswith("b") else near(row.place)


@register.simple_tag
def near(place: str) -> str:
    """ "near вулиця Бучми, 42"."""
    return _("near %(place)s") % {"place": place}


@register.simple_tag
def not_shown(count: int) -> str:
    """How many are in no cell that may be shown."""
    text = ngettext(
        "%(n)s more lives too far from others to be shown",
        "%(n)s more live too far from others to be shown",
        count,
    )
    return text % {"n": formats.grouped(count)}


@register.simple_tag
def cell_ground(row: CellRow) -> str:
    """ "14 buildings · 320 flats, in 9 buildings not known · 240 m to GPON “North”"."""
    ground = row.ground
    assert ground is not None
    buildings = ngettext("%(n)s building", "%(n)s buildings", ground.buildings)
    parts = [buildings % {"n": formats.grouped(ground.buildings)}, flats_text(ground)]
    return " · ".join(part for part in (*parts, zone_text(ground)) if part)


def flats_text(ground: Ground) -> str:
    """Flats where they are known, and where they are not."""
    if not ground.buildings:
        return ""
    if ground.without_flats == ground.buildings:
        return _("flats not known")
    known = ngettext("%(n)s flat", "%(n)s flats", ground.flats) % {
        "n": formats.grouped(ground.flats)
    }
    if not ground.without_flats:
        return known
    rest = ngettext(
        "in %(n)s building not known", "in %(n)s buildings not known", ground.without_flats
    )
    return f"{known}, {rest % {'n': formats.grouped(ground.without_flats)}}"


def zone_text(ground: Ground) -> str:
    """How far our nearest network is."""
    if ground.zone_m is None:
        return _("no zone anywhere")
    names = {"network": ground.zone_network, "name": ground.zone_name}
    if ground.zone_m < 1:
        return _("touches %(network)s “%(name)s”") % names
    return _("%(far)s to %(network)s “%(name)s”") % {**names, "far": metres(ground.zone_m)}


@register.filter
def metres(distance_m: float) -> str:
    """ "240 m", from one kilometre on "3,2 km"."""
    if distance_m < 1000:
        return _("%(n)s m") % {"n": round(distance_m)}
    return _("%(n)s km") % {"n": f"{distance_m / 1000:.1f}".replace(".", ",")}


@register.simple_tag
def cell_income(row: CellRow) -> str:
    """What those who wait would bring a month."""
    if row.income_kopecks is None:
        return _("income unknown: no price is set here")
    amount = formats.money(row.income_kopecks, whole=True)
    return _("from %(amount)s a month, if all of them sign") % {"amount": amount}


@register.simple_tag
def trend_word(trend: str) -> Any:
    """The word of a trend."""
    return TRENDS[trend]


@register.simple_tag
def days_word(count: int) -> str:
    """ "30 days"."""
    return formats.days_count(count)
