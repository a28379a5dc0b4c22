"""What an Accept gave, by the line of its authorization (pure: no Django).

The line keeps the answer's attributes as `reply:<name>`: all of them where the REST group wrote it,
else those in the first signs of FreeRADIUS' own text (`note_entry.REPLY_MAX`).
"""

from collections.abc import Mapping
from typing import Any

from network.profile import AccessProfile
from network.vendors.driver import Concern, Driver

ANSWERED = "reply:"
FELT = frozenset({Concern.WALL, Concern.SERVICES, Concern.RATE})


def gave(attributes: Mapping[str, Any], *, profile: AccessProfile, driver: Driver) -> bool | None:
    """True: wall, services, speed and address were this profile's. False: one was another. None:
    the line does not tell all of them.

    An address that the profile does not have is one of a pool: whichever was given is right."""
    felt = _names(driver, FELT)
    addresses = _names(driver, frozenset({Concern.ADDRESS}))
    shall: dict[str, set[str]] = {}
    for one in driver.accept(profile):
        if _untagged(one.name) in felt | addresses:
            shall.setdefault(one.name, set()).add(str(one.value))
    told = {
        name.removeprefix(ANSWERED): {str(one) for one in _several(value)}
        for name, value in attributes.items()
        if name.startswith(ANSWERED)
    }
    for name, values in told.items():
        is_felt = _untagged(name) in felt
        if (is_felt or name in shall) and not values <= shall.get(name, set()):
            return False
    if not told:
        return None
    return True if all(told.get(name) == values for name, values in shall.items()) else None


def _names(driver: Driver, concerns: frozenset[Concern]) -> set[str]:
    return {_untagged(one.attribute) for one in driver.accept_templates if one.concern in concerns}


def _untagged(name: str) -> str:
    return name.partition(":")[0]


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
