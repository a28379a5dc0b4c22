"""Tags and filters of every page: `{% load geobill %}`."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from billing.payments import links
from frontend import formats
from frontend.states import KINDS, State, state_of

register = template.Library()

SPRITE = "build/icons.svg"


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """A Tabler icon of our sprite; decoration unless `label` says what it means.

    The build finds names by reading: `{% icon "map-pin" %}` in templates, "ti-map-pin" elsewhere.
    """
    address = f"{static(SPRITE)}#ti-{name.removeprefix('ti-')}"
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><use href="{}"/></svg>',
            css,
            label,
            address,
        )
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}"/></svg>',
        css,
        address,
    )


@register.simple_tag
def state_badge(kind: str, value: object, text: str = "") -> SafeString:
    """The state with its one colour, icon and word (or `text` instead of the word)."""
    state = state_of(kind=kind, value=value)
    return format_html(
        '<span class="state tone-{}">{}<span>{}</span></span>',
        state.tone,
        icon(state.icon),
        text or state.word,
    )


@register.simple_tag
def state(kind: str, value: object) -> State:
    """The state's tone, icon and word: `{% state "zone" value as s %}`."""
    return state_of(kind=kind, value=value)


@register.simple_tag
def states(kind: str) -> dict[str, State]:
    """All states of a kind, for a key or a filter: `{% states "zone" as all %}`."""
    return KINDS[kind]


@register.filter
def money(kopecks: int | None) -> str:
    """Kopecks as "1 234,56 ₴"; nothing for None."""
    return "" if kopecks is None else formats.money(kopecks)


@register.filter
def money_whole(kopecks: int | None) -> str:
    """As `money`, without ",00"."""
    return "" if kopecks is None else formats.money(kopecks, whole=True)


@register.filter
def money_signed(kopecks: int | None) -> str:
    """As `money`, with a plus before what came in."""
    return "" if kopecks is None else formats.money(kopecks, sign=True)


@register.filter
def grouped(number: int | None) -> str:
    """A whole number with thin spaces between thousands."""
    return "" if number is None else formats.grouped(number)


@register.filter
def counted(number: int) -> str:
    """A number that may have been counted up to some bound only (`formats.AtLeast`): "10 000+"."""
    return formats.grouped(number) + ("+" if isinstance(number, formats.AtLeast) else "")


@register.filter
def kyiv(at: datetime | None) -> str:
    """A moment as "22.11.2026 14:05", Kyiv time."""
    return "" if at is None else formats.moment(at)


@register.filter
def kyiv_date(on_date: date | None) -> str:
    """A date (or a moment's date in Kyiv) as "22.11.2026"."""
    return "" if on_date is None else formats.day(on_date)


@register.filter
def speed(bit_s: int | None) -> str:
    """Bits a second as "300 Mbit/s"."""
    return "" if bit_s is None else formats.speed(bit_s)


@register.filter
def traffic(octets: int | None) -> str:
    """Bytes as "48,2 GB"."""
    return "" if octets is None else formats.traffic(octets)


@register.filter
def duration(seconds: int | None) -> str:
    """Seconds as "3 d 6 h"."""
    return "" if seconds is None else formats.duration(int(seconds))


@register.filter
def phone(e164: str | None) -> str:
    """A phone in groups, as people read it."""
    return formats.phone(e164 or "")


@register.filter
def own_language(obj: Any, field: str) -> str:
    """The field of the page's language, else the Ukrainian one: `{{ tariff|own_language:"name" }}`.

    For records (or rows of a query) that carry `name_uk` and `name_en`.
    """
    language = (get_language() or "uk")[:2]
    for name in (f"{field}_{language}", f"{field}_uk"):
        found = obj.get(name) if isinstance(obj, Mapping) else getattr(obj, name, "")
        if found:
            return str(found)
    return ""


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], *names: str) -> SafeString | str:
    """`aria-current="page"` when the page's address name is one of these."""
    match = getattr(context.get("request"), "resolver_match", None)
    if match is not None and match.view_name in names:
        return SafeString(' aria-current="page"')
    return ""


@register.filter
def pay_address(account_code: str) -> str:
    """The whole address of the account's signed payment page, to send to the client."""
    return links.address_of(account_code=account_code)


@register.filter
def pay_qr(account_code: str) -> SafeString:
    """The same address as a QR code, an SVG that we draw ourselves."""
    return mark_safe(links.qr_of(account_code=account_code))  # noqa: S308
