"""Pages of the plant: who opens which, what they say to nonsense, what they do."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver, reverse

from coverage.models import PlantNode, PlantPort
from project.core.roles import ROLE_PERMISSIONS, Permission, Role
from tests.support import zones
from tests.support.billing import START, World, small_world
from tests.support.plant import fill, node

pytestmark = pytest.mark.django_db
P = Permission
HUGE = "99999999999999999999"


@dataclass(frozen=True)
class Address:
    """A view of the plant, its method and the permissions that open it."""

    name: str
    needs: frozenset[Permission]
    method: str = "get"
    argument: str = ""


def page(name: str, *needs: Permission, method: str = "get", argument: str = "") -> Address:
    return Address(name, frozenset(needs), method, argument)


ADDRESSES = [
    page("plant", P.PLANT_VIEW),
    page("plant-features", P.PLANT_VIEW),
    page("plant-export", P.PLANT_VIEW),
    page("plant-new", P.PLANT_EDIT),
    page("plant-import", P.PLANT_EDIT),
    page("plant-node", P.PLANT_VIEW, argument="node"),
    page("plant-edit", P.PLANT_EDIT, argument="node"),
    page("plant-move", P.PLANT_EDIT, method="post", argument="node"),
    page("plant-retire", P.PLANT_EDIT, method="post", argument="node"),
    page("plant-ports", P.PLANT_EDIT, method="post", argument="node"),
    page("plant-port", P.PLANT_VIEW, argument="port"),
    page("plant-port", P.PLANT_EDIT, method="post", argument="port"),
    page("plant-port-state", P.PLANT_EDIT, method="post", argument="port"),
    page("plant-port-service", P.PLANT_VIEW, method="post", argument="port"),
]


def signed_in(role: Role = Role.PLANNER) -> Client:
    client = Client()
    client.force_login(zones.planner(role=role))
    return client


def ask(client: Client, address: Address, arguments: dict[str, int], data: Any = None) -> Any:
    path = reverse(
        f"planner:{address.name}", args=[arguments[address.argument]] if address.argument else []
    )
    return getattr(client, address.method)(path, data or {})


@pytest.fixture
def arguments() -> dict[str, int]:
    made = node("SWITCH", building_id=zones.building(0, 0).id)
    return {"node": made.id, "port": made.ports.get(number=1).id}


def test_every_address_of_the_plant_is_in_the_table() -> None:
    _prefix, planner = get_resolver().namespace_dict["planner"]
    names = [str(name) for name in planner.reverse_dict if isinstance(name, str)]
    mine = {name for name in names if name == "plant" or name.startswith("plant-")}
    assert mine == {address.name for address in ADDRESSES}


@pytest.mark.parametrize("role", list(Role))
def test_who_opens_what(role: Role, arguments: dict[str, int]) -> None:
    client = signed_in(role)
    for address in ADDRESSES:
        answer = ask(client, address, arguments)
        is_allowed = address.needs <= ROLE_PERMISSIONS[role]
        assert (answer.status_code != 403) == is_allowed, (address, answer.status_code)
        assert answer.status_code < 500, address


@pytest.mark.parametrize("value", ["", "x", "-1", HUGE, "nan", "1e999", "\x00", "я" * 400, "[]"])
def test_nonsense_gets_a_word_and_never_a_fault(value: str, arguments: dict[str, int]) -> None:
    client = signed_in()
    names = [
        "q", "kind", "network", "status", "zone", "full", "lon", "lat", "address", "building",
        "format", "name", "parent_id", "uplink_number", "capacity", "ratio", "reach_m", "numbers",
        "management_ip", "remote_id", "circuit_template", "zone_ids", "buildings", "to_state",
        "seen_state", "base_revision", "subscription_id", "unit", "circuit_id", "reason", "do",
    ]  # fmt: skip
    data = dict.fromkeys(names, value)
    for address in ADDRESSES:
        assert ask(client, address, arguments, data).status_code < 500, address
        assert ask(client, address, arguments, {**data, "kind": "SWITCH"}).status_code < 500
    for kind in PlantNode.Kind.values:
        made = client.post(reverse("planner:plant-new"), {**data, "kind": kind})
        assert made.status_code == 422, (kind, value)
    for number in ("0", "999999999", HUGE):
        for address in ADDRESSES:
            if address.argument:
                answer = ask(client, address, {address.argument: int(number)})
                assert answer.status_code in {403, 404}, address


def form(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "SWITCH", "name": "SW-новий", "status": "IN_SERVICE", "network_type": "FTTB",
        "lon": "36.30000", "lat": "50.00000", "capacity": "8", **changes,
    }  # fmt: skip


def test_a_node_is_put_up_changed_and_two_people_see_both_versions() -> None:
    client = signed_in()
    zone = zones.published(
        zones.actor(), zones.square(0, 0), network_type="FTTB", name="Зона 1"
    ).zone_id
    house = zones.building(0, 0)
    made = client.post(
        reverse("planner:plant-new"),
        form(zone_ids=[str(zone)], reach_m="80", buildings=f"#{house.id}\n"),
    )
    found = PlantNode.objects.get(name="SW-новий")
    assert made["Location"] == reverse("planner:plant-node", args=[found.id])
    assert (found.ports.count(), found.zones.get().id, found.serves.get()) == (8, zone, house)
    edit = reverse("planner:plant-edit", args=[found.id])
    first = form(zone_ids=[str(zone)], base_revision="1", note="перший")
    assert client.post(edit, first).status_code == 302
    second = client.post(edit, {**first, "note": "другий", "name": "SW-інший"})
    assert second.status_code == 412
    text = second.content.decode()
    assert "перший" in text
    assert 'value="другий"' in text
    assert 'name="base_revision" value="2"' in text
    assert f'value="{zone}" checked' in text or f'value="{zone}" id="id_zone_ids_0" checked' in text
    assert PlantNode.objects.get(id=found.id).note == "перший"


def test_a_wrong_address_stands_beside_its_field_and_keeps_what_was_typed() -> None:
    answer = signed_in().post(reverse("planner:plant-new"), form(buildings="вул. Немає такої, 1"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Не вдалося однозначно визначити будинок" in text
    assert "вул. Немає такої, 1" in text
    assert not PlantNode.objects.exists()


def test_filter_finds_full_nodes_and_map_and_list_agree() -> None:
    full = node("SWITCH", name="SW-повний", capacity=4)
    fill(full)
    node("SWITCH", name="SW-вільний")
    client = signed_in()
    text = client.get(reverse("planner:plant"), {"full": "1"}).content.decode()
    assert "SW-повний" in text
    assert "SW-вільний" not in text
    shown = client.get(reverse("planner:plant-features"), {"full": "1"}).json()["features"]
    assert [(one["properties"]["name"], one["properties"]["state"]) for one in shown] == [
        ("SW-повний", "FULL")
    ]


def test_import_looks_first_and_then_imports() -> None:
    client, url = signed_in(), reverse("planner:plant-import")

    def sent(do: str) -> Any:
        data = b"name,kind,lon,lat\nPOP-9,POP,36,50\nPOP-8,POP,900,50\n"
        return client.post(url, {"file": SimpleUploadedFile("вузли.csv", data), "do": do})

    look = sent("look").content.decode()
    assert "POP-8" in look
    assert not PlantNode.objects.exists()
    sent("import")
    assert PlantNode.objects.get().name == "POP-9"
    bad = client.post(url, {"file": SimpleUploadedFile("x.csv", b"\xff\x00"), "do": "import"})
    assert bad.status_code == 422


@pytest.fixture
def world() -> World:
    return small_world()


def test_the_building_card_tells_free_ports_and_gives_a_port(world: World) -> None:
    sold = world.sell(world.account(kopecks=500_000), world.tariff(), START)
    splitter = node("SPLITTER", 5, 5, name="SPL-7", building_id=world.building.id)
    fill(splitter, but=5)
    client = signed_in(Role.OPERATOR)
    card = reverse("workspace:building", args=[world.building.id])
    text = client.get(card).content.decode()
    assert "Вільні порти: 5 з 8" in text
    assert "надати порт" in text
    given = client.post(reverse("workspace:service-port", args=[sold]))
    assert given["Location"] == card
    port = PlantPort.objects.get(subscription_ref=sold)
    assert port.number == 4
    text = client.get(card).content.decode()
    assert "Вільні порти: 4 з 8" in text
    assert "SPL-7, порт 4" in text
    cashier = signed_in(Role.CASHIER).get(card).content.decode()
    assert "SPL-7" not in cashier


def test_a_port_is_given_to_a_service_and_taken_from_it(world: World) -> None:
    sold = world.sell(world.account(kopecks=500_000), world.tariff(), START)
    port = node("SPLITTER", 5, 5, building_id=world.building.id).ports.get(number=6)
    client = signed_in(Role.OPERATOR)
    shown = client.get(reverse("planner:plant-port", args=[port.id])).content.decode()
    assert f'<option value="{sold}">' in shown
    url = reverse("planner:plant-port-service", args=[port.id])
    assert client.post(url, {"subscription_id": sold}).status_code == 302
    port.refresh_from_db()
    assert port.subscription_ref == sold
    assert client.post(url, {"do": "release"}).status_code == 302
    port.refresh_from_db()
    assert (port.state, port.subscription_ref) == ("FREE", None)
    assert client.post(url, {"subscription_id": 10**15}).status_code == 404
