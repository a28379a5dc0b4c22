"""Nodes and ports of the network: made, edited, moved, retired; what the database refuses."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from coverage.models import PlantNode, PlantPort
from coverage.plant import operations as plant
from coverage.plant import queries
from coverage.plant.fields import PlantFieldError
from project.core import audit
from tests.support import zones
from tests.support.plant import fill, node
from tests.support.zones import AT, actor, later

pytestmark = pytest.mark.django_db


def edit(of: PlantNode, revision: int = 1, **changes: Any) -> int:
    fields = replace(queries.fields_of(PlantNode.objects.get(id=of.id)), **changes)
    return plant.edit_node(
        node_id=of.id, base_revision=revision, fields=fields, actor=actor(), at=later(1)
    )


def refused_field(**changes: Any) -> str:
    with pytest.raises(PlantFieldError) as refused:
        node("SWITCH", **changes)
    return refused.value.field


def test_a_switch_has_its_ports_with_circuit_ids_of_its_template() -> None:
    made = node(
        "SWITCH", capacity=3, circuit_template="Eth 0/{port}", remote_id="AA-BB-CC-DD-EE-FF"
    )
    assert made.remote_id == "aabbccddeeff"
    ports = queries.ports_of(node_id=made.id)
    assert [(p.number, p.circuit_id, p.state) for p in ports] == [
        (1, "eth 0/1", "FREE"),
        (2, "eth 0/2", "FREE"),
        (3, "eth 0/3", "FREE"),
    ]


def test_two_switches_may_call_their_ports_alike_below_their_own_remote_ids() -> None:
    node("SWITCH", capacity=2, circuit_template="eth 0/{port}", remote_id="sw-1")
    node("SWITCH", capacity=2, circuit_template="eth 0/{port}", remote_id="sw-2")
    node("SWITCH", capacity=2, circuit_template="eth 0/{port}")
    with pytest.raises(PlantFieldError) as refused:
        node("SWITCH", capacity=2, circuit_template="eth 0/{port}")
    assert refused.value.field == "circuit_id"


def test_the_scope_of_circuit_ids_follows_the_remote_id() -> None:
    first = node("SWITCH", capacity=1, circuit_template="p{port}", remote_id="sw-1")
    edit(first, remote_id="sw-9")
    assert PlantPort.objects.get(node=first).circuit_scope == "sw-9"
    second = node("SWITCH", capacity=1, circuit_template="p{port}")
    assert PlantPort.objects.get(node=second).circuit_scope == ""
    with pytest.raises(PlantFieldError):
        edit(first, revision=2, remote_id="")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("name", "я" * 81),
        ("name", "a\x07b"),
        ("kind", "TOWER"),
        ("status", "RETIRED"),
        ("network_type", "COPPER"),
        ("network_type", ""),
        ("capacity", -1),
        ("capacity", 5_000),
        ("reach_m", 0),
        ("management_ip", "10.0.0.256"),
        ("circuit_template", "eth 0/1"),
        ("circuit_template", "eth {slot}/{port}"),
        ("remote_id", "x" * 300),
        ("building_id", 10**9),
        ("zone_ids", (10**9,)),
        ("building_ids", (10**9,)),
        ("parent_id", 10**9),
        ("uplink_number", 3),
    ],
)
def test_a_fault_is_told_beside_its_field(field: str, value: Any) -> None:
    told = {"uplink_number": "parent_id"}.get(field, field)
    assert refused_field(**{field: value}) == told


def test_coordinates_that_are_no_place_are_refused() -> None:
    for bad in (float("nan"), float("inf"), 1000.0):
        with pytest.raises(Exception, match=r".") as refused:
            node("POP", lon=bad)
        assert getattr(refused.value, "http_status", 500) == 400


def test_names_and_addresses_are_unique() -> None:
    node("SWITCH", name="SW-1", management_ip="10.0.0.1", remote_id="one")
    assert refused_field(name="SW-1") == "name"
    assert refused_field(management_ip="10.0.0.1") == "management_ip"
    assert refused_field(remote_id="ONE") == "remote_id"


def test_a_splitter_hangs_on_a_port_of_an_olt_and_a_port_feeds_one_node() -> None:
    olt = node("OLT")
    first = node("SPLITTER", parent_id=olt.id, uplink_number=1)
    assert first.capacity == 8
    for wrong in ({"uplink_number": 1}, {"uplink_number": 99}, {"uplink_number": None}):
        with pytest.raises(PlantFieldError) as refused:
            node("SPLITTER", parent_id=olt.id, **wrong)
        assert refused.value.field == "uplink_number"
    switch = node("SWITCH")
    with pytest.raises(PlantFieldError) as refused:
        node("SPLITTER", parent_id=switch.id, uplink_number=1)
    assert refused.value.field == "parent_id"


def test_nothing_feeds_itself() -> None:
    top = node("SWITCH")
    middle = node("SWITCH", parent_id=top.id)
    low = node("SWITCH", parent_id=middle.id)
    with pytest.raises(PlantFieldError) as refused:
        edit(top, parent_id=low.id)
    assert refused.value.field == "parent_id"
    with pytest.raises(PlantFieldError):
        edit(top, parent_id=top.id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE coverage_plantnode SET parent_id = {low} WHERE id = {top}",
        "UPDATE coverage_plantnode SET parent_id = id WHERE id = {top}",
        "UPDATE coverage_plantnode SET uplink_port_id = {port} WHERE id = {low}",
        "UPDATE coverage_plantnode SET status = 'RETIRED' WHERE id = {low}",
        "UPDATE coverage_plantnode SET ratio = 8 WHERE id = {low}",
        "UPDATE coverage_plantnode SET kind = 'OLT' WHERE id = {low}",
        "UPDATE coverage_plantnode SET reach_m = 0 WHERE id = {low}",
        "UPDATE coverage_plantport SET subscription_ref = 7 WHERE id = {port}",
        "UPDATE coverage_plantport SET number = 0 WHERE id = {port}",
        "UPDATE coverage_plantport SET state = 'LOST' WHERE id = {port}",
    ],
)
def test_the_database_itself_refuses(statement: str) -> None:
    top, other = node("SWITCH"), node("SWITCH")
    low = node("SWITCH", parent_id=top.id)
    values = {"top": top.id, "low": low.id, "port": other.ports.get(number=1).id}
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(**values))


def test_an_edit_of_a_stale_form_loses_nothing() -> None:
    made = node("SWITCH", name="SW-7")
    assert edit(made, name="SW-7a") == 2
    with pytest.raises(plant.StaleNodeError) as stale:
        edit(made, revision=1, name="SW-7b")
    assert stale.value.http_status == 412
    assert stale.value.context["current"]["name"] == "SW-7a"
    assert PlantNode.objects.get(id=made.id).name == "SW-7a"


def test_moving_a_pin_and_everything_else_is_in_the_history_of_the_node() -> None:
    made = node("SWITCH")
    plant.move_node(
        node_id=made.id, base_revision=1, lon=36.31, lat=50.01, actor=actor(), at=later(1)
    )
    edit(made, revision=2, note="у підвалі")
    found = audit.entries(
        wanted=audit.AuditFilter(object_type="plant_node", object_id=str(made.id))
    )
    assert [entry.action.rsplit(".", 1)[1] for entry in found] == ["edited", "moved", "created"]
    assert found[0].after == {"note": "у підвалі"}
    assert set(found[1].after or {}) == {"lon", "lat"}


def test_a_node_with_clients_or_nodes_below_is_not_retired() -> None:
    top = node("SWITCH")
    low = node("SWITCH", parent_id=top.id, capacity=1)
    fill(low)
    for busy in (top, low):
        with pytest.raises(plant.NodeInUseError):
            plant.retire_node(node_id=busy.id, base_revision=1, actor=actor(), at=AT)
    PlantPort.objects.filter(node=low).update(state="FREE")
    plant.retire_node(node_id=low.id, base_revision=1, actor=actor(), at=AT, reason="знято")
    plant.retire_node(node_id=top.id, base_revision=1, actor=actor(), at=AT)
    assert set(PlantNode.objects.values_list("status", flat=True)) == {"RETIRED"}
    with pytest.raises(plant.UnknownNodeError):
        edit(top, revision=2, note="знову")


def test_ports_in_bulk() -> None:
    made = node("SWITCH", capacity=24, with_ports=False)
    added = plant.add_ports(
        node_id=made.id, numbers=plant.numbers_of("1-8, 12"), actor=actor(), at=AT
    )
    assert added == 9
    assert plant.add_ports(node_id=made.id, numbers=range(1, 25), actor=actor(), at=AT) == 15
    with pytest.raises(PlantFieldError):
        plant.add_ports(node_id=made.id, numbers=[25], actor=actor(), at=AT)
    with pytest.raises(PlantFieldError):
        edit(made, capacity=8)
    assert plant.remove_ports(node_id=made.id, numbers=range(9, 25), actor=actor(), at=AT) == 16
    assert edit(made, capacity=8) == 2


@pytest.mark.parametrize("text", ["", "x", "0", "5-3", "1-99999", "1--2", "-1", "1;2", "١-٣"])
def test_numbers_of_ports_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(PlantFieldError):
        plant.numbers_of(text)


def test_a_port_is_noted_reserved_broken_and_freed() -> None:
    house = zones.building(1, 1)
    made = node("SWITCH", capacity=2)
    port = made.ports.get(number=1)
    plant.note_port(
        port_id=port.id, label="Gi0/1", circuit_id="0x0004000A0101", building_id=house.id,
        unit="12 а", note="", actor=actor(), at=AT,
    )  # fmt: skip
    port.refresh_from_db()
    assert (port.circuit_id, port.premise and port.premise.unit) == ("0x000a0101", "12А")
    moves = [("FREE", "RESERVED"), ("RESERVED", "IN_USE"), ("IN_USE", "BROKEN"), ("BROKEN", "FREE")]
    for seen, wanted in moves:
        plant.set_state(
            port_id=port.id, to_state=wanted, seen_state=seen, actor=actor(), at=AT, note="тест"
        )
    with pytest.raises(plant.PortTakenError):
        plant.set_state(
            port_id=port.id, to_state="FREE", seen_state="RESERVED", actor=actor(), at=AT
        )
