"""The document of the RADIUS REST group, and the answers: both say the same."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pytest_django import Settings

from network import operations
from network.api import freeradius_urls
from network.api.freeradius import TOKEN_HEADER
from network.models import RadiusDecision
from project.core.actor import SYSTEM
from tests.support import services
from tests.support.services import AT

pytestmark = [pytest.mark.django_db, pytest.mark.urls("project.urls_radius")]

TOKEN = "token-of-tests"
ATTRIBUTES = st.sampled_from(
    ["User-Name", "User-Password", "Calling-Station-Id", "Bill-Nas-Src", "Bill-Class",
     "Acct-Status-Type", "Acct-Session-Id", "Bill-Entry", "ADSL-Agent-Circuit-Id",
     "Framed-IP-Address", "Acct-Session-Time", "Cisco-AVPair"],
)  # fmt: skip
VALUES = st.lists(st.text(max_size=30) | st.integers(-(2**70), 2**70) | st.floats(), max_size=3)
MESSAGES = st.dictionaries(
    ATTRIBUTES, st.fixed_dictionaries({"type": st.just("string"), "value": VALUES}), max_size=6
)


@pytest.fixture(autouse=True)
def token(settings: Settings) -> None:
    settings.GEOBILL_RADIUS_REST_TOKEN = TOKEN


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """As the web process serves it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.ROOT_URLCONF", "project.urls")
        address = reverse("radius-schema", urlconf="project.urls")
        answer = Client().get(address, headers={"Accept": "application/vnd.oai.openapi+json"})
    assert answer.status_code == 200
    told: dict[str, Any] = json.loads(answer.content)
    return told


def agrees(document: dict[str, Any], method: str, path: str, answer: Any) -> None:
    """The answer is one of the documented, to the letter."""
    operation = document["paths"][path][method]
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, f"{method} {path} answers {answer.status_code}"
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    content = described.get("content", {})
    if not answer.content:
        assert content == {}
        return
    assert kind in content, f"{answer.status_code} as {kind}"
    told = answer.json() if kind == "application/json" else answer.content.decode()
    Draft202012Validator(content[kind]["schema"]).validate(told)


def post(name: str, body: Any, *, token: str = TOKEN) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    client = Client(headers={TOKEN_HEADER: token})
    return client.post(f"/radius/{name}", data=text, content_type="application/json")


def asked(**attributes: str) -> dict[str, Any]:
    told = {name.replace("_", "-"): value for name, value in attributes.items()}
    return {name: {"type": "string", "value": [value]} for name, value in told.items()}


def test_each_address_is_described_and_behind_the_token(document: dict[str, Any]) -> None:
    routes = {f"/radius/{one.pattern}" for one in freeradius_urls.urlpatterns}
    assert {path.replace("{address}", "<str:address>") for path in document["paths"]} == routes
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["token"]["name"] == TOKEN_HEADER
    for operations_of in document["paths"].values():
        for operation in operations_of.values():
            assert set(operation["responses"]) >= {"503"}
            assert operation["security"] == [{"token": []}]
            for described in operation["responses"].values():
                for one in described.get("content", {}).values():
                    Draft202012Validator.check_schema(one["schema"])


@pytest.mark.parametrize(
    "vendor", ["mikrotik", "cisco_isg", "juniper_mx", "redback_se", "nokia_sr"]
)
def test_accepts_of_all_sorts_are_as_described(document: dict[str, Any], vendor: str) -> None:
    services.pool()
    services.nas(vendor=vendor)
    services.guest_rule("DEBT")
    sold, blocked = services.service(), services.service()
    services.block(blocked)
    operations.set_equipment(
        subscription_id=sold.id,
        mac="aabbcc000001",
        circuit_hex="0004",
        remote_hex="0006",
        at=AT,
        actor=SYSTEM,
    )
    row = RadiusDecision.objects.get(subscription=sold)
    source = {"Bill_Nas_Src": "127.0.0.1"}
    by_password = asked(User_Name=row.login, User_Password=row.password, **source)
    by_port = asked(
        User_Name="AA:BB:CC:00:00:01",
        Bill_Mac="aabbcc000001",
        Bill_Circuit_Id="0004",
        Bill_Remote_Id="0006",
        **source,
    )
    guest = asked(User_Name=services.login_of(blocked), User_Password="x", **source)
    for body in (by_password, by_port, guest):
        answer = post("authorize", body)
        assert answer.status_code == 200 or body is guest
        agrees(document, "post", "/radius/authorize", answer)
        assert all(one["do_xlat"] is False for one in answer.json().values())


def test_refusals_and_faults_are_as_described(document: dict[str, Any]) -> None:
    services.nas()
    nobody = asked(User_Name="nobody", User_Password="x", Bill_Nas_Src="127.0.0.1")
    statuses = set()
    for body, token in ((nobody, TOKEN), ("[]", TOKEN), ("{", TOKEN), (nobody, "wrong")):
        for name in ("authorize", "accounting", "post-auth"):
            answer = post(name, body, token=token)
            agrees(document, "post", f"/radius/{name}", answer)
            statuses.add((name, answer.status_code))
    assert {status for name, status in statuses if name == "authorize"} == {401, 400, 503}


def test_the_list_of_brases_is_as_described(document: dict[str, Any]) -> None:
    services.nas(address="10.0.0.1")
    path = "/radius/nas/{address}"
    client = Client(headers={TOKEN_HEADER: TOKEN})
    for address in ("10.0.0.1?format=json", "10.0.0.1", "10.0.0.2", "%00"):
        agrees(document, "get", path, client.get(f"/radius/nas/{address}"))
    agrees(document, "get", path, Client().get("/radius/nas/10.0.0.1"))


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(["authorize", "accounting", "post-auth"]), MESSAGES)
def test_whatever_is_asked_the_answer_is_described(
    document: dict[str, Any], name: str, body: Any
) -> None:
    agrees(document, "post", f"/radius/{name}", post(name, body))
