"""Which attributes of accounting tell what a BRAS applies: those of the drivers in use."""

from network import fastpath
from network.radius import dictionaries, echo


def names() -> list[str]:
    """Attributes that are kept in `Session.echo`."""
    own = {name for driver in fastpath.drivers_in_use() for name in driver.echo}
    return sorted({*echo.ALWAYS, *own})


def in_use() -> list[tuple[str, str]]:
    """The same with their types, for FreeRADIUS' configuration."""
    known = [(name, dictionaries.known(name)) for name in names()]
    return [(name, one.kind) for name, one in known if one is not None]
