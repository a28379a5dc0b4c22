"""Which line an Option 82 names: the rules that come with the product, and hostile neighbours."""

import pytest

from network.option82 import ports
from network.option82.parsing import BadPatternError, Part, Rule, attempt, check
from network.option82.shipped import RULES

SHIPPED = [
    Rule(
        one["name"],
        Part(one["circuit_form"], one["circuit_pattern"]),
        Part(one["remote_form"], one["remote_pattern"]),
        one["modifiers"],
    )
    for one in RULES
]
DLINK = "0006001122334455"


def told(circuit: str, remote: str = "", rules: list[Rule] = SHIPPED) -> ports.Told:
    return ports.told(rules, circuit_hex=circuit, remote_hex=remote)


def text(value: str) -> str:
    return value.encode().hex()


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("000400640005", DLINK), ("000400c80005", DLINK)),
        (("000401f40018", "0107" + text("sw-kh-7")), ("000400640018", "0107" + text("sw-kh-7"))),
        ((text("ma5608 eth 0/1/12:100"), ""), (text("ma5608 eth 0/1/12:2001"), "")),
        ((text("ma5608 eth 0/1/12:100"), ""), (text("MA5608 eth 0/1/12:7"), "")),
        ((text("00e0-fc12-3456 GE0/0/7:205"), ""), (text("00e0-fc12-3456 GE0/0/7:1"), "")),
    ],
)
def test_another_vlan_is_the_same_line(one: tuple[str, str], two: tuple[str, str]) -> None:
    assert told(*one).keys
    assert told(*one).keys[0] in told(*two).keys
    assert not told(*two).is_ambiguous


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("000400640005", DLINK), ("000400640006", DLINK)),  # the port beside
        (("000400640005", DLINK), ("000400640105", DLINK)),  # the same port of another module
        (("000400640005", DLINK), ("000400640005", DLINK[:-1] + "6")),  # another switch
        ((text("ma5608 eth 0/1/12:100"), ""), (text("ma5608 eth 0/2/12:100"), "")),  # slot
        ((text("ma5608 eth 0/1/12:100"), ""), (text("ma5608 atm 0/1/12:100"), "")),
        # Two terminals of one PON port, told apart by an id that the rule does not look at.
        ((text("olt1 eth 0/1/3:100"), text("ONU1")), (text("olt1 eth 0/1/3:100"), text("ONU2"))),
        ((text("olt1 eth 0/1/3:100"), text("ONU1")), (text("olt1 eth 0/1/3:100"), "")),
        ((text("CRS eth 0/12"), ""), (text("CRS eth 0/1"), "")),
        ((text("00e0-fc12-3456 GE0/0/7:205"), ""), (text("00e0-fc12-3456 GE0/1/7:205"), "")),
    ],
)
def test_a_neighbour_is_another_line(one: tuple[str, str], two: tuple[str, str]) -> None:
    assert told(*one).keys
    assert not set(told(*one).keys) & set(told(*two).keys)


def test_signs_that_no_group_names_are_of_the_line_too() -> None:
    maybe = Rule("m", Part("TEXT", r"(?P<switch>\S+) (?:1/)?(?P<port>\d+):(?P<vlan>\d+)"))
    assert told(text("sw 1/5:7"), "", [maybe]) != told(text("sw 5:7"), "", [maybe])
    slots = [
        Rule(name, Part("TEXT", rf"(?P<switch>\S+) eth {slot}/(?P<port>\d+)"))
        for name, slot in (("a", 0), ("b", 1))
    ]
    assert told(text("sw eth 0/5"), "", slots) != told(text("sw eth 1/5"), "", slots)


def test_a_group_in_both_patterns_is_refused() -> None:
    both = Rule(
        "both",
        Part("TEXT", r"(?P<switch>\S+) eth 0/(?P<port>\d+)"),
        Part("TEXT", r"(?P<switch>\S+)"),
    )
    with pytest.raises(BadPatternError) as told_of:
        check(both)
    assert told_of.value.field == "remote_pattern"


def test_without_switch_or_port_there_is_no_line() -> None:
    vlan = Rule("vlan", Part("TEXT", r"(?P<vlan>\d+)/(?P<port>\d+)"))
    assert told(text("100/5"), "", [vlan]) == ports.Told()
    assert told("ff00", "") == ports.Told()
    assert told("", "") == ports.Told()


def test_rules_that_read_different_lines_are_ambiguous() -> None:
    by_first = Rule("a", Part("TEXT", r"(?P<switch>s\d)/(?P<port>\d)/\d"))
    by_last = Rule("b", Part("TEXT", r"(?P<switch>s\d)/\d/(?P<port>\d)"))
    found = told(text("s1/2/3"), "", [by_first, by_last])
    assert found.is_ambiguous
    assert len(found.keys) == 2
    assert not told(text("s1/3/3"), "", [by_first, by_last]).is_ambiguous


def test_a_name_in_a_name_and_an_absent_name_hold_up_nothing() -> None:
    nested = Rule("n", Part("TEXT", r"(?P<switch>sw(?P<vlan>\d)?)-(?:p(?P<port>\d))?"))
    reading = attempt(nested, circuit_hex=text("sw1-p7"), remote_hex="").reading
    assert reading is not None
    assert (reading.switch, reading.vlan, reading.port) == ("sw1", 1, 7)
    assert not told(text("sw1-"), "", [nested]).keys
