"""The BRAS drivers by code, in one readable place; edited ones from the database lie over them."""

import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import NamedTuple, Protocol

from network.vendors import (
    accel_ppp,
    cisco_isg,
    generic,
    huawei_me60,
    juniper_mx,
    mikrotik,
    nokia_sr,
    redback_se,
    zte_m6000,
)
from network.vendors.driver import Capabilities, Driver

SHIPPED: dict[str, Driver] = {
    driver.code: driver
    for driver in (
        mikrotik.DRIVER,
        cisco_isg.DRIVER,
        juniper_mx.DRIVER,
        huawei_me60.DRIVER,
        accel_ppp.DRIVER,
        redback_se.DRIVER,
        nokia_sr.DRIVER,
        zte_m6000.DRIVER,
        generic.DRIVER,
    )
}
CAPABILITIES = tuple(one.name for one in fields(Capabilities))
_KIND = re.compile(r"(?P<vendor>\w+)(?:@(?P<interim>\d{2,4}))?(?P<flag>[+-]\w+)?\Z", re.ASCII)

_edited: list[Callable[[], dict[str, Driver]]] = []


def on_edited(function: Callable[[], dict[str, Driver]]) -> None:
    """Wire what gives the edited drivers (once, when the app is ready)."""
    _edited[:] = [function]


def drivers() -> dict[str, Driver]:
    """All drivers by code: as shipped, or as they were edited here."""
    return {**SHIPPED, **(_edited[0]() if _edited else {})}


def driver_of(code: str) -> Driver:
    """The driver of that code; an unknown one is spoken to in the RFCs' own words."""
    edited = _edited[0]() if _edited else {}
    return edited.get(code) or SHIPPED.get(code) or generic.DRIVER


class Card(NamedTuple):
    """The vendor of a BRAS, and the capabilities that its card overrules."""

    vendor: str
    capabilities: dict[str, bool]


class Kind(NamedTuple):
    """What an Accept depends on, beside the service: how the BRAS is spoken to, and how often it
    shall report (None: as is usual)."""

    driver: Driver
    interim_s: int | None


def kind_of(code: str) -> Kind:
    """The kind that `Nas.kind` names: `mikrotik`, `mikrotik@600`, `cisco_isg@600+multi_service`."""
    found = _KIND.match(code)
    if found is None:
        return Kind(driver_of(code), None)
    flag = found["flag"]
    card = Card(found["vendor"], {flag[1:]: flag[0] == "+"} if flag else {})
    return Kind(driver_for(card), int(found["interim"]) if found["interim"] else None)


class _Spoken(Protocol):
    """What of a BRAS's card decides how it is spoken to."""

    @property
    def vendor(self) -> str: ...

    @property
    def capabilities(self) -> dict[str, bool]: ...


def driver_for(nas: _Spoken) -> Driver:
    """The driver of this BRAS, with the capabilities that its own card overrules."""
    driver = driver_of(nas.vendor)
    told = {one: bool(nas.capabilities[one]) for one in CAPABILITIES if one in nas.capabilities}
    if not told:
        return driver
    return replace(driver, capabilities=replace(driver.capabilities, **told))
