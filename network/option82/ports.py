"""Which line an Option 82 names, whatever VLAN stands in it (pure: no Django).

Two values are of one line when a rule reads the same switch and port of both, and all that it does
not read as a VLAN is the same too: a module that no group names, an id that the rule does not look
at. So a neighbour on another module, or another terminal of the same PON port, is never taken for
the one who is registered.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from network.identifiers import normalised_mac
from network.option82 import parsing
from network.option82.parsing import Reading, Rule


@dataclass(frozen=True, slots=True)
class Told:
    """The keys of the line as the rules read it, the first rule's first; none: nothing reads it.

    `is_ambiguous`: rules read different switches or ports of it.
    """

    keys: tuple[str, ...] = ()
    is_ambiguous: bool = False


def told(rules: Iterable[Rule], *, circuit_hex: str, remote_hex: str) -> Told:
    """The line that these values name."""
    readings = [
        found
        for rule in rules
        if (found := parsing.attempt(rule, circuit_hex=circuit_hex, remote_hex=remote_hex).reading)
        and names_line(found)
    ]
    return Told(
        tuple(dict.fromkeys(key_of(one) for one in readings)),
        len({_line(one) for one in readings}) > 1,
    )


def names_line(reading: Reading) -> bool:
    """Whether it says both switch and port."""
    return bool(reading.switch) and reading.port is not None


def key_of(reading: Reading) -> str:
    """The line as 64 hex digits: equal for equal lines only."""
    parts = (*map(str, _line(reading)), reading.rest)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _line(reading: Reading) -> tuple[str, int | None, str]:
    switch = normalised_mac(reading.switch) or reading.switch.lower()
    return switch, reading.port, reading.mac
