"""Which attributes of accounting tell what a BRAS applies: drivers name them, some are for all."""

from collections.abc import Iterable

from network import fastpath
from network.radius import dictionaries, echo
from network.vendors.driver import Driver
from network.vendors.registry import drivers


def names() -> list[str]:
    """Attributes that are kept in `Session.echo`, of whatever driver."""
    return _named_by(drivers().values())


def in_use() -> list[tuple[str, str]]:
    """Those of the drivers in use with their types, for FreeRADIUS' configuration."""
    return told_by(*fastpath.drivers_in_use())


def told_by(*chosen: Driver) -> list[tuple[str, str]]:
    """The same of these drivers."""
    known = [(name, dictionaries.known(name)) for name in _named_by(chosen)]
    return [(name, one.kind) for name, one in known if one is not None]


def _named_by(chosen: Iterable[Driver]) -> list[str]:
    return sorted({*echo.ALWAYS, *(name for driver in chosen for name in driver.echo)})
