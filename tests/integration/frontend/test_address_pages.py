"""Pages of IP addresses: what an engineer sees and does; hostile input is a word, not a fault."""

import re

import pytest
from django.conf import settings
from django.contrib.gis.geos import Point
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from coverage.models import Building
from network import pools, session_map
from network.addressing import editing
from network.models import (
    AccessAction,
    IpAssignment,
    IpPool,
    IpReserve,
    IpRule,
    Nas,
    RadiusDecision,
    Session,
)
from project.core import clock
from project.core.actor import SYSTEM
from project.core.jobs import run_waiting
from project.core.models import Job
from project.core.roles import Role
from tests.integration.frontend.test_money_operations import Contract
from tests.support import services, zones
from tests.support.provider import Provider, small_provider
from tests.support.services import AT

pytestmark = pytest.mark.django_db
HOSTILE = (
    "fe80::1%eth0",
    "' OR 1=1 --",
    "%{User-Name}",
    "10.0.0.0/99",
    "::/0",
    "х" * 3000,
    "\x00",
    "٣٤٥",
    "-1",
)


@pytest.fixture
def engineer() -> Client:
    client = Client()
    client.force_login(zones.planner("engineer", Role.NETWORK_ENGINEER))
    return client


@pytest.fixture
def provider() -> Provider:
    return small_provider()


def url(name: str, *arguments: object) -> str:
    return reverse(f"workspace:{name}", args=arguments)


def sold(provider: Provider) -> int:
    return int(provider.connect().subscription_id)


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def test_a_pool_is_made_named_in_a_rule_and_gives_addresses(
    engineer: Client, provider: Provider
) -> None:
    made = engineer.post(
        url("ip-pool-new"),
        {
            "name": "Салтівка",
            "kind": "IPV4",
            "range": "10.20.0.0/24",
            "hold_s": "120",
            "grace_min": "5",
            "rest_min": "60",
            "is_open": "on",
        },
    )
    pool = IpPool.objects.get()
    assert (made.status_code, pool.size, pool.first) == (302, 254, "10.20.0.1")
    wish = {"pool_id": pool.id, "mode": "PERMANENT", "zone_id": provider.zone_id}
    subscription_id = sold(provider)
    seen = engineer.post(url("ip-rules"), {**wish, "look": "1"}).content.decode()
    assert "ws-effect" in seen
    assert IpRule.objects.count() == 0
    assert engineer.post(url("ip-rules"), {**wish, "add": "1"}).status_code == 302
    editing.on_rules_changed(payload={"after": 0}, at=clock.now())
    row = IpAssignment.objects.get()
    assert (row.address, row.subscription_id) == ("10.20.0.1", subscription_id)
    login = RadiusDecision.objects.get().login
    assert login in text_of(engineer, url("ip-pool", pool.id))
    assert "is-chosen" in text_of(engineer, url("ip-rules") + f"?q={login}")
    assert "Салтівка" in text_of(engineer, url("ip-pools"))
    assert "Салтівка" in text_of(engineer, url("ip-pools") + "?view=place")


def test_an_address_is_found_by_its_text(engineer: Client) -> None:
    pool = services.pool(first="10.77.0.2", last="10.77.9.254")
    found = engineer.get(url("ip-pools"), {"q": "10.77.3.9"})
    assert found["Location"] == url("ip-pool", pool.id) + "?block=3#u7"
    assert engineer.get(url("ip-pools"), {"q": "192.0.2.1"}).status_code == 200


def test_an_own_address_is_shown_before_it_is_set(engineer: Client, provider: Provider) -> None:
    services.pool()
    subscription_id = sold(provider)
    path = url("service-address", subscription_id)
    page = text_of(engineer, path)
    assert "10.77.0.2" in page
    seen = text_of(engineer, path + "?address=10.77.0.99")
    assert "ws-effect" in seen
    assert RadiusDecision.objects.get().framed_ip == "10.77.0.2"
    assert engineer.post(path, {"address": "10.77.0.99"}).status_code == 302
    assert RadiusDecision.objects.get().framed_ip == "10.77.0.99"
    assert engineer.post(path, {"address": "192.0.2.1"}).status_code == 400
    assert engineer.post(path, {"address": ""}).status_code == 302
    assert RadiusDecision.objects.get().framed_ip != "10.77.0.99"


@pytest.mark.parametrize(
    ("vendor", "told"),
    [("mikrotik", "Disconnect"), ("accel_ppp", "без розриву (CoA)")],
)
def test_the_page_names_what_the_running_session_will_see(
    engineer: Client, provider: Provider, vendor: str, told: str
) -> None:
    services.pool()
    contract = Contract(provider)
    contract.pay(50_000)
    subscription_id = contract.subscription_id
    nas = services.nas(vendor=vendor)
    Nas.objects.update(capabilities={"coa_address": vendor == "accel_ppp"})
    Session.objects.create(
        unique_id="u1",
        acct_session_id="81a1",
        subscription_id=subscription_id,
        nas=nas,
        nas_address=nas.address,
        login=RadiusDecision.objects.get().login,
        framed_ip=RadiusDecision.objects.get().framed_ip,
        started_at=AT,
        last_seen_at=AT,
    )
    path = url("service-address", subscription_id)
    seen = text_of(engineer, path + "?address=10.77.0.99")
    assert told in seen
    assert nas.name in seen
    assert ("10.77.0.99" in seen.partition("ip-sent")[2]) is (vendor == "accel_ppp")
    assert not AccessAction.objects.exists(), "nothing has happened yet"


def test_a_pool_in_use_is_closed_not_removed(engineer: Client, provider: Provider) -> None:
    pool = services.pool()
    sold(provider)
    assert engineer.post(url("ip-pool", pool.id), {"remove": "1"}).status_code == 409
    values = {"name": "Інша", "hold_s": "60", "grace_min": "1", "rest_min": "0"}
    assert engineer.post(url("ip-pool", pool.id), values).status_code == 302
    pool.refresh_from_db()
    assert (pool.name, pool.is_open, pool.hold_s) == ("Інша", False, 60)


def test_reserved_ranges_come_and_go(engineer: Client) -> None:
    pool = services.pool()
    path = url("ip-reserves")
    assert engineer.post(path, {"range": "10.77.0.1-10.77.0.9", "note": "шлюз"}).status_code == 302
    assert "шлюз" in text_of(engineer, path)
    assert "s-RESERVED" in text_of(engineer, url("ip-pool", pool.id))
    assert engineer.post(path, {"remove": IpReserve.objects.get().id}).status_code == 302
    assert not IpReserve.objects.exists()


def test_a_conflict_is_settled_by_its_button(engineer: Client, provider: Provider) -> None:
    services.pool()
    subscription_id = sold(provider)
    session = Session.objects.create(
        unique_id="u1",
        acct_session_id="1",
        subscription_id=subscription_id,
        nas=services.nas(),
        framed_ip="10.77.0.77",
        started_at=AT,
        last_seen_at=AT,
    )
    page = text_of(engineer, url("ip-conflicts"))
    assert "10.77.0.77" in page
    answer = engineer.post(url("ip-conflicts"), {"do": "adopt", "key": session.unique_id})
    assert answer.status_code == 302
    assert RadiusDecision.objects.get().framed_ip == "10.77.0.77"
    assert "10.77.0.77" not in text_of(engineer, url("ip-conflicts"))


def test_a_file_is_tried_and_then_written(engineer: Client, provider: Provider) -> None:
    services.pool()
    sold(provider)
    login = RadiusDecision.objects.get().login
    file = SimpleUploadedFile("ip.csv", f"login;ip\n{login};10.77.0.50\nніхто;1\n".encode())
    dry = engineer.post(url("ip-import"), {"file": file})
    run_waiting(now=clock.now)
    page = text_of(engineer, dry["Location"])
    assert "ніхто" in page
    assert re.search(r"<dt[^>]*>ip</dt><dd>IP-адреса</dd>", page)
    begun = engineer.post(dry["Location"])
    run_waiting(now=clock.now)
    assert Job.objects.filter(state="DONE").count() == 2
    assert RadiusDecision.objects.get().framed_ip == "10.77.0.50"
    assert engineer.post(begun["Location"]).status_code in {404, 409}


def test_hostile_input_is_answered_with_a_word(engineer: Client, provider: Provider) -> None:
    pool = services.pool()
    subscription_id = sold(provider)
    for text in HOSTILE:
        for path in (
            url("ip-pools") + "?q=",
            url("ip-rules") + "?q=",
            url("ip-pool", pool.id) + "?block=",
            url("service-address", subscription_id) + "?address=",
            url("session-points") + "?states=ONLINE&zoom=3&bbox=",
            url("session-here") + "?building=",
        ):
            assert engineer.get(path + text.replace("%", "%25")).status_code < 500, (path, text)
        for name, values in (
            ("ip-pool-new", {"name": text, "kind": text, "range": text, "hold_s": text}),
            ("ip-rules", {"pool_id": text, "mode": text, "contract": text, "add": "1"}),
            ("ip-reserves", {"range": text, "note": text}),
            ("ip-conflicts", {"do": text, "key": text}),
            ("ip-conflicts", {"do": "by-rule", "key": text}),
        ):
            status = engineer.post(url(name), values).status_code
            assert 400 <= status < 500 or status == 302, (name, text, status)
    huge = 10**30
    for path in (f"/workspace/addresses/{huge}/", f"/workspace/services/{huge}/address/"):
        assert engineer.get(path).status_code == 404


def test_the_map_counts_sessions_at_their_buildings(engineer: Client, provider: Provider) -> None:
    subscription_id = sold(provider)
    building: Building = provider.building
    Session.objects.create(
        unique_id="u1",
        acct_session_id="1",
        subscription_id=subscription_id,
        started_at=AT,
        last_seen_at=AT,
    )
    Session.objects.create(
        unique_id="u2",
        acct_session_id="2",
        is_guest=True,
        circuit_hex="ff",
        started_at=AT,
        last_seen_at=AT,
    )
    session_map.place_lines(at=AT)
    x, y = building.point.x, building.point.y
    bbox = f"{x - 0.01},{y - 0.01},{x + 0.01},{y + 0.01}"
    path = url("session-points") + f"?bbox={bbox}&zoom=17&states=ONLINE,GUEST"
    (feature,) = engineer.get(path).json()["features"]
    assert feature["properties"] | {"node": None} == {
        "building": building.id, "node": None, "total": 1,
        "online": 1, "guest": 0, "suspect": 0, "offline": 0,
    }  # fmt: skip
    assert re.search(r"sm-states", text_of(engineer, url("session-map")))
    login = RadiusDecision.objects.get().login
    assert login or text_of(engineer, url("session-here") + f"?building={building.id}")
    nowhere = text_of(engineer, url("session-here"))
    assert "ws-list" in nowhere


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_map_lists_the_bras_in_use_with_their_places_and_whether_they_answer(
    engineer: Client, language: str
) -> None:
    engineer.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    seen = services.nas(address="10.1.0.1")
    quiet = services.nas(address="10.1.0.2")
    placeless = services.nas(address="10.1.0.3")
    gone = services.nas(address="10.1.0.4")
    place = Point(36.25, 50.01, srid=4326)
    Nas.objects.filter(id__in=[seen.id, quiet.id, gone.id]).update(point=place)
    Nas.objects.filter(id=seen.id).update(check_result="STATUS", checked_at=AT)
    Nas.objects.filter(id=quiet.id).update(check_result="SILENT", checked_at=AT)
    Nas.objects.filter(id=gone.id).update(retired_at=AT)
    page = text_of(engineer, url("session-map"))
    drawn = re.findall(
        r'data-bras-lat="([0-9.]+)" data-bras-lon="([0-9.]+)" data-bras-tone="(\w+)"', page
    )
    assert drawn == [("50.01", "36.25", "online"), ("50.01", "36.25", "debt")]
    for one in (seen, quiet, placeless):
        assert url("nas", one.id) in page, "a way by the keyboard"
    assert gone.name not in page


def test_a_guest_of_nobody_is_held_in_the_pool_page(engineer: Client) -> None:
    pool = editing.make_pool(
        wish=editing.PoolWish(name="Гості", range_text="100.64.0.0/26", is_guest=True),
        at=AT,
        actor=SYSTEM,
    )
    pools.hold_guest(device="aabbcc000001", at=clock.now())
    assert "g:aabbcc000001" in text_of(engineer, url("ip-pool", pool.id))


def test_a_pool_of_a_million_is_looked_through_sheet_by_sheet(engineer: Client) -> None:
    wish = editing.PoolWish(name="великий", range_text="10.0.0.0/12", is_guest=True)
    pool = editing.make_pool(wish=wish, at=AT, actor=SYSTEM)
    there = url("ip-pool", pool.id)
    first = engineer.get(there).context["blocks"]
    assert (first.before, first.after, len(first.shown) < 40) == (None, None, True)
    middle = engineer.get(there, {"block": 2000}).context["blocks"]
    assert (middle.before, middle.shown[0].number) == (1024, 1536)
    assert 2000 in {one.number for one in middle.shown}
    last = engineer.get(there, {"block": 10**9}).context["blocks"]
    assert (last.before, last.after, last.shown[-1].number) == (3072, None, 4095)
    assert last.shown[-1].size == 254
    IpAssignment.objects.create(
        pool=pool,
        kind="IPV4",
        address="10.15.255.250",
        state="IN_USE",
        source="SESSION",
        device="m1",
        since_at=AT,
    )
    full = engineer.get(there, {"block": 4095})
    assert full.context["blocks"].shown[-1].taken == 1
    assert "10.15.255.250" in full.content.decode()
