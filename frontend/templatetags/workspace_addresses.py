"""Template filters of IP addresses: words, and the conditions of a rule."""

from typing import Any

from django import template

from frontend.workspace import address_words as words
from network.addressing.utilisation import PoolUse

register = template.Library()


@register.filter
def ip_kind(value: object) -> Any:
    """What is given: an address, a prefix of the link, a delegated one."""
    return words.KINDS.get(str(value), value)


@register.filter
def ip_mode(value: object) -> Any:
    """For good, or for the session."""
    return words.MODES.get(str(value), value)


@register.filter
def ip_holding(value: object) -> Any:
    """How an address is held."""
    return words.HOLDINGS.get(str(value), value)


@register.filter
def ip_source(value: object) -> Any:
    """Who chose it."""
    return words.SOURCES.get(str(value), value)


@register.filter
def ip_failed(value: object) -> Any:
    """Which condition of a rule does not hold."""
    return words.CONDITIONS.get(str(value), value)


@register.filter
def share(part: int, whole: int) -> str:
    """`part` of `whole` as a percentage for a width, two places ("12.50")."""
    return f"{100 * part / whole:.2f}" if whole else "0"


@register.simple_tag
def share_sum(use: PoolUse, depth: int) -> str:
    """How far the bar reaches: own ones, then leases, then reserved, then resting ones."""
    own = use.states.get("ASSIGNED", 0)
    steps = (own, use.taken, use.taken + use.reserved, use.taken + use.reserved + use.resting)
    return share(min(steps[depth], use.pool.size), use.pool.size)
