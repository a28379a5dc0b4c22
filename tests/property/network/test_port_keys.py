"""A registered port and the same port behind another VLAN are one line, whatever the numbers."""

from hypothesis import given
from hypothesis import strategies as st

from network.option82 import ports
from network.option82.parsing import Part, Rule
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
vlans = st.integers(0, 4095)
bytes_ = st.integers(0, 255)
switches = st.binary(min_size=6, max_size=6).map(bytes.hex)
names = st.from_regex(r"[a-z][a-z0-9-]{1,20}", fullmatch=True)


def told(circuit: str, remote: str = "") -> ports.Told:
    return ports.told(SHIPPED, circuit_hex=circuit, remote_hex=remote)


def cisco(vlan: int, module: int, port: int) -> str:
    return f"0004{vlan:04x}{module:02x}{port:02x}"


@given(vlans, vlans, bytes_, bytes_, bytes_, bytes_, switches, switches)
def test_bytes(
    vlan: int, other: int, module: int, port: int, module2: int, port2: int, sw: str, sw2: str
) -> None:
    kept = told(cisco(vlan, module, port), f"0006{sw}")
    assert kept.keys
    assert kept == told(cisco(other, module, port), f"0006{sw}")
    same = (module, port, sw) == (module2, port2, sw2)
    met = set(kept.keys) & set(told(cisco(other, module2, port2), f"0006{sw2}").keys)
    assert bool(met) == same


@given(vlans, vlans, names, st.lists(st.integers(0, 99), min_size=4, max_size=4), names)
def test_text(vlan: int, other: int, name: str, numbers: list[int], name2: str) -> None:
    slot, port, slot2, port2 = numbers

    def wire(name: str, slot: int, port: int, vlan: int) -> str:
        return f"{name} eth 0/{slot}/{port}:{vlan}".encode().hex()

    kept = told(wire(name, slot, port, vlan))
    assert kept.keys
    assert kept == told(wire(name, slot, port, other))
    same = (name, slot, port) == (name2, slot2, port2)
    met = set(kept.keys) & set(told(wire(name2, slot2, port2, other)).keys)
    assert bool(met) == same


@given(st.binary(max_size=253), st.binary(max_size=253))
def test_anything_is_read_or_not_but_never_raises(circuit: bytes, remote: bytes) -> None:
    assert all(len(key) == 64 for key in told(circuit.hex(), remote.hex()).keys)
