"""Every attribute that a shipped driver names, against the dictionaries of FreeRADIUS."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from network.radius import dictionaries
from network.vendors import declarations
from network.vendors.driver import Driver
from network.vendors.registry import SHIPPED

RADDB = Path(dictionaries.__file__).parents[1] / "raddb" / "dictionary"
# Attributes whose type we read otherwise than FreeRADIUS names it; none is in a driver.
OTHERWISE = {"Vendor-Specific", "Event-Timestamp"}
# By the name and number that accel-ppp's users give it.
OURS_ALONE = {"L4-Redirect"}
VENDOR = {
    "mikrotik": "14988", "cisco_isg": "9", "juniper_mx": "4874", "huawei_me60": "2011",
    "redback_se": "2352", "nokia_sr": "6527", "zte_m6000": "3902", "generic": "14122",
}  # fmt: skip
SPEAKS_TOO = {"3561"}  # the ADSL-Forum's Option 82

pytestmark = pytest.mark.skipif(
    not dictionaries.FREERADIUS.is_dir(), reason="FreeRADIUS is not installed"
)


class Defined(NamedTuple):
    """What a dictionary says of an attribute: number of the vendor ("" for the RFCs) and its own,
    type, whether a tag may precede the value."""

    vendor: str
    number: str
    kind: str
    has_tag: bool


def defined(path: Path, found: dict[str, Defined] | None = None) -> dict[str, Defined]:
    """The attributes of a dictionary, and of those that it includes."""
    found = {} if found is None else found
    numbers: dict[str, str] = {}
    vendor = ""
    for line in path.read_text(encoding="latin-1").splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["$INCLUDE"] and (path.parent / words[1]).is_file():
            defined(path.parent / words[1], found)
        elif words[:1] == ["VENDOR"]:
            numbers[words[1]] = words[2]
        elif words[:1] == ["BEGIN-VENDOR"]:
            vendor = numbers.get(words[1], words[1])
        elif words[:1] == ["END-VENDOR"]:
            vendor = ""
        elif words[:1] == ["ATTRIBUTE"]:
            flags = words[4].split(",") if len(words) > 4 else []
            found[words[1]] = Defined(vendor, words[2], words[3], "has_tag" in flags)
    return found


@pytest.fixture(scope="module")
def theirs() -> dict[str, Defined]:
    """What FreeRADIUS knows without any of ours."""
    return defined(dictionaries.FREERADIUS / "dictionary")


def names(driver: Driver) -> Iterator[str]:
    """Every attribute that the driver says or reads."""
    for section in declarations.SECTIONS:
        yield from (one.attribute for one in getattr(driver, section))
    for section in declarations.NAME_SECTIONS:
        for line in getattr(driver, section):
            yield from (part.strip().partition("=")[0] for part in line.split(";"))


def test_our_dictionary_is_theirs(theirs: dict[str, Defined]) -> None:
    ours = defined(dictionaries.OURS)
    assert len(ours) > 80
    assert ours.keys() - theirs.keys() == OURS_ALONE
    differ = {name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]}
    assert differ == OTHERWISE
    added = defined(RADDB)
    assert all(added[name] == ours[name] for name in OURS_ALONE)


@pytest.mark.parametrize("code", sorted(SHIPPED))
def test_a_shipped_driver_names_what_there_is(code: str, theirs: dict[str, Defined]) -> None:
    driver = SHIPPED[code]
    for name in names(driver):
        bare, _sep, tag = name.partition(":")
        if bare in OURS_ALONE:
            continue
        assert bare in theirs, f"FreeRADIUS does not know {bare}"
        assert theirs[bare].vendor in {"", VENDOR.get(code, ""), *SPEAKS_TOO}, bare
        assert not tag or theirs[bare].has_tag, f"{bare} has no tag"
    tagged = {one.attribute for one in driver.accept_templates if one.each_service}
    assert all("{n}" in name for name in tagged if theirs[name.partition(":")[0]].has_tag)


@pytest.mark.parametrize("code", sorted(SHIPPED))
def test_its_values_fit_from_64_kbit_to_10_gbit(code: str) -> None:
    told = declarations.as_texts(SHIPPED[code])
    assert declarations.read(code, told).problems == ()
