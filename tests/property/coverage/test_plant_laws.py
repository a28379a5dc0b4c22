"""Laws of the plant: what is free in a tree, where a circuit id leads, identifiers in one form."""

from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coverage.models import PlantNode, PlantPort
from coverage.plant import option82, queries
from tests.support import zones
from tests.support.plant import node

STATES = st.sampled_from(["FREE", "FREE", "IN_USE", "RESERVED", "BROKEN"])
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@given(text=st.text(max_size=40))
def test_normalising_again_changes_nothing(text: str) -> None:
    try:
        once = option82.normalised(text)
    except option82.BadIdentifierError:
        return
    assert option82.normalised(once) == once


@given(raw=st.binary(min_size=1, max_size=40))
@example(raw=bytes.fromhex("0006aabbccddeeff"))
@example(raw=b"eth 0/1")
def test_bytes_and_their_hex_are_one_identifier(raw: bytes) -> None:
    form = option82.normalised("0x" + raw.hex())
    assert form == option82.normalised("0X" + raw.hex().upper())
    if all(0x21 <= byte < 0x7F for byte in raw) and not raw.lower().startswith(b"0x"):
        assert form == option82.normalised(raw.decode())


@pytest.mark.parametrize(
    "text", ["AA:BB:CC:DD:EE:FF", "aa-bb-cc-dd-ee-ff", "aabb.ccdd.eeff", "AABBCCDDEEFF",
             "0xaabbccddeeff", "0x0006aabbccddeeff"],
)  # fmt: skip
def test_a_mac_address_is_one_however_it_is_sent(text: str) -> None:
    assert option82.normalised(text) == "aabbccddeeff"


@pytest.mark.django_db(transaction=False)
@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(
    budget=st.sampled_from([8, 16]),
    leaves=st.lists(st.lists(STATES, min_size=8, max_size=8), min_size=1, max_size=3),
    broken_head=st.booleans(),
)
def test_what_is_free_in_a_tree_is_the_sum_bounded_by_its_pon_port(
    db: Any, budget: int, leaves: list[list[str]], broken_head: bool
) -> None:
    PlantNode.objects.all().update(uplink_port=None, parent=None)
    PlantPort.objects.all().delete()
    PlantNode.objects.all().delete()
    olt = node("OLT", capacity=4, split_budget=budget)
    head = node("SPLITTER", parent_id=olt.id, uplink_number=1, ratio=4)
    house = zones.building(1, 1)
    for number, states in enumerate(leaves, 1):
        leaf = node("SPLITTER", parent_id=head.id, uplink_number=number, building_ids=(house.id,))
        for port, state in zip(leaf.ports.order_by("number"), states, strict=True):
            PlantPort.objects.filter(id=port.id).update(state=state)
    head.ports.filter(number__gt=len(leaves)).update(state="BROKEN")
    if broken_head:
        PlantNode.objects.filter(id=head.id).update(status="OUT_OF_SERVICE")
    flat = [state for states in leaves for state in states]
    used = sum(state in {"IN_USE", "RESERVED"} for state in flat)
    expected = 0 if broken_head else min(flat.count("FREE"), max(budget - used, 0))
    loads = queries.loads()
    assert loads[olt.id].free == loads[head.id].free == expected
    assert loads[olt.id].used == used
    assert loads[olt.id].clients == len(flat) + 4 - len(leaves)
    place = queries.Place(lon=zones.LON, lat=zones.LAT, network_type="GPON", building_id=house.id)
    served = queries.capacities([place])[0]
    assert (served.free, served.total) == (expected, len(flat))


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(
    ports=st.lists(st.integers(1, 24), min_size=1, max_size=4, unique=True),
    upper=st.booleans(),
    as_hex=st.booleans(),
)
def test_a_circuit_id_leads_back_to_its_port(
    db: Any, ports: list[int], upper: bool, as_hex: bool
) -> None:
    house = zones.building(2, 2)
    first = node("SWITCH", remote_id=f"sw-{house.id}", circuit_template="eth 0/{port}",
                 building_id=house.id)  # fmt: skip
    node("SWITCH", remote_id=f"other-{house.id}", circuit_template="eth 0/{port}")
    for number in ports:
        circuit, remote = f"eth 0/{number}", f"sw-{house.id}"
        if upper:
            circuit, remote = circuit.upper(), remote.upper()
        if as_hex:
            circuit, remote = ("0x" + text.encode().hex() for text in (circuit, remote))
        found = queries.locate(circuit_id=circuit, remote_id=remote)
        assert found is not None
        assert (found.by, found.node_id, found.port_number) == ("PORT", first.id, number)
        assert found.building_id == house.id
        # Both switches call a port so: without the remote id nobody can tell which it is.
        assert queries.locate(circuit_id=circuit) is None
    only_node = queries.locate(circuit_id="never seen", remote_id=f"sw-{house.id}")
    assert only_node is not None
    assert (only_node.by, only_node.port_id) == ("NODE", None)


def test_nonsense_is_nowhere(db: Any) -> None:
    for text in ("", "\x00", "x" * 5_000, "0x", "\ud800"):
        assert queries.locate(circuit_id=text, remote_id=text) is None
