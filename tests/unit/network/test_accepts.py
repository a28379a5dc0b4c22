"""What an Accept gave is read from the line of its authorization, in each dialect."""

from dataclasses import replace
from typing import Any

import pytest

from network import accepts
from network.radius import note_entry
from network.vendors.driver import Driver, ReplyAttribute
from network.vendors.registry import SHIPPED
from tests.unit.network.test_vendors import FASTER, FULL, GUEST

DIALECTS = list(SHIPPED)


def of_the_rest_group(reply: list[ReplyAttribute]) -> dict[str, Any]:
    """As `authorizations.note_of` keeps an answer."""
    line: dict[str, Any] = {"User-Name": ["gb1"], "decided_by": "rest"}
    for one in reply:
        line.setdefault(f"reply:{one.name}", []).append(one.value)
    return line


def of_freeradius(reply: list[ReplyAttribute]) -> dict[str, Any]:
    """As FreeRADIUS prints it."""
    text = ", ".join(f"{one.name} = {_printed(one)}" for one in reply)[: note_entry.REPLY_MAX]
    told = note_entry._reply(text.encode().hex())
    return {"decided_by": "fast", **{f"reply:{name}": values for name, values in told.items()}}


def _printed(one: ReplyAttribute) -> str:
    if one.name == "Class":
        return f"0x{str(one.value).encode().hex()}"
    plain = isinstance(one.value, int) or one.name.startswith(("Framed-I", "Delegated"))
    return str(one.value) if plain else f'"{one.value}"'


@pytest.mark.parametrize("line", [of_the_rest_group, of_freeradius])
@pytest.mark.parametrize("driver", SHIPPED.values(), ids=DIALECTS)
def test_it_gave_its_own_profile_and_no_other(driver: Driver, line: Any) -> None:
    told = {**line(driver.accept(FULL))}
    assert accepts.gave(told, profile=FULL, driver=driver) is True
    assert accepts.gave(told, profile=FASTER, driver=driver) is False
    moved = replace(FULL, framed_ip="10.60.0.8")
    assert accepts.gave(told, profile=moved, driver=driver) is False
    # Each request has its own Class, each BRAS its own interval; time is not worth a word.
    same = replace(FULL, interim_s=600, class_text="s:17:other", session_timeout_s=60)
    assert accepts.gave(told, profile=same, driver=driver) is True
    if driver.walls_guests:
        assert accepts.gave(told, profile=GUEST, driver=driver) is False
        walled = line(driver.accept(GUEST))
        assert accepts.gave(walled, profile=GUEST, driver=driver) is True
        assert accepts.gave(walled, profile=FULL, driver=driver) is False


@pytest.mark.parametrize("driver", SHIPPED.values(), ids=DIALECTS)
def test_an_address_of_a_pool_is_right_whichever_it_is(driver: Driver) -> None:
    told = of_the_rest_group(driver.accept(FULL))
    assert accepts.gave(told, profile=replace(FULL, framed_ip=None), driver=driver) is True


def test_a_line_that_was_cut_tells_what_it_has() -> None:
    driver = SHIPPED["nokia_sr"]
    told = of_the_rest_group(driver.accept(FULL))
    cut = {**told, "reply:Alc-Subscriber-QoS-Override": ["i:q:1:pir=50000,cir=50000"]}
    assert accepts.gave(cut, profile=FULL, driver=driver) is None
    assert accepts.gave(cut, profile=FASTER, driver=driver) is False
    assert accepts.gave({"decided_by": "rest"}, profile=FULL, driver=driver) is None


def test_a_service_more_than_the_profile_has_is_another_profile() -> None:
    driver = SHIPPED["juniper_mx"]
    told = of_the_rest_group(driver.accept(replace(FULL, services=("iptv",))))
    assert accepts.gave(told, profile=FULL, driver=driver) is False
