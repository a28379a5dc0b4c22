"""A subscriber says that a new router is theirs: signed pages, few tries, every hostile input."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from rest_framework.settings import api_settings

from network import confirmations, crypto, own_devices
from network.models import AccessCredential, MacRequest
from project.core import clock
from project.core.models import AuditEntry
from project.core.roles import Role
from tests.support import services, zones
from tests.support.provider import small_provider
from tests.support.services import AT

pytestmark = pytest.mark.django_db

SIGN_IN = "/device/"
NEW, OTHER = "d85ed3000001", "d85ed3000002"


@pytest.fixture(autouse=True)
def steady() -> None:
    cache.clear()


@pytest.fixture
def service() -> AccessCredential:
    made = AccessCredential.objects.get(subscription=services.service())
    for mac, by_port in ((NEW, True), (OTHER, False)):
        confirmations.ask_for_mac(
            subscription_id=made.subscription_id, mac=mac, by_port=by_port, nas_address=None, at=AT
        )
    return made


def password_of(service: AccessCredential) -> str:
    return crypto.decrypt(service.password_encrypted)


def waiting(service: AccessCredential, mac: str) -> MacRequest:
    return MacRequest.objects.get(subscription_id=service.subscription_id, mac=mac)


def page_of(service: AccessCredential) -> str:
    return reverse(
        "public:device", args=[own_devices.token_of(subscription_id=service.subscription_id)]
    )


def test_login_and_password_lead_to_the_devices_and_a_yes_registers_one(
    client: Client, service: AccessCredential
) -> None:
    assert client.get(SIGN_IN).status_code == 200
    typed = {"login": f" {service.login} ", "password": password_of(service)}
    entered = client.post(SIGN_IN, typed)
    assert entered.status_code == 302
    page = client.get(entered["Location"])
    text = page.content.decode()
    assert "D8:5E:D3:00:00:01" in text
    assert "на вашій лінії" in text
    assert (page["Referrer-Policy"], "no-store" in page["Cache-Control"]) == ("no-referrer", True)
    said = client.post(
        entered["Location"], {"device": waiting(service, NEW).id, "answer": "mine"}, follow=True
    )
    assert "Пристрій записано за вами" in said.content.decode()
    service.refresh_from_db()
    assert service.mac == NEW
    line = AuditEntry.objects.get(action="network.mac.confirmed")
    assert (line.actor_kind, line.actor_label) == ("CLIENT", service.login)
    client.post(entered["Location"], {"device": waiting(service, OTHER).id, "answer": "strange"})
    assert waiting(service, OTHER).state == "DECLINED"
    assert "Нових пристроїв немає" in client.get(entered["Location"]).content.decode()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    english = client.get(entered["Location"])
    assert "No new device is waiting" in english.content.decode()


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("{login}", "wrong"),
        ("nobody", "{password}"),
        ("{login}", "{password} "),
        ("{login}", ""),
        ("", "{password}"),
        ("x" * 65, "p"),
        ("'; DROP TABLE x; --", "\x00"),
        ("\x00", "\x00"),
        ("тарас", "пароль"),
    ],
)
def test_what_does_not_belong_together_is_told_and_the_login_is_kept(
    client: Client, service: AccessCredential, login: str, password: str
) -> None:
    names = {"login": service.login, "password": password_of(service)}
    typed = {"login": login.format(**names), "password": password.format(**names)}
    page = client.post(SIGN_IN, typed)
    assert page.status_code == 422
    assert password_of(service) not in page.content.decode()
    if typed["login"] == service.login:
        assert service.login in page.content.decode()


def test_tries_are_few_for_a_login_from_wherever_they_come(
    client: Client, service: AccessCredential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "login", "10/min")
    codes = [
        client.post(
            SIGN_IN,
            {"login": service.login.upper() if n % 2 else service.login, "password": f"guess{n}"},
            REMOTE_ADDR=f"192.0.2.{n + 1}",
        ).status_code
        for n in range(12)
    ]
    assert codes[:10] == [422] * 10
    assert codes[10:] == [429, 429]
    right = {"login": service.login, "password": password_of(service)}
    assert client.post(SIGN_IN, right, REMOTE_ADDR="192.0.2.99").status_code == 429


def test_a_page_opens_by_its_signature_only_and_for_a_day(
    client: Client, service: AccessCredential, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = page_of(service)
    assert client.get(there).status_code == 200
    number = service.subscription_id
    for wrong in (f"{there[:-2]}/", f"/device/{number}/", f"/device/{number + 1}{there[9:]}"):
        assert client.get(wrong).status_code == 404
        assert client.post(wrong, {"device": 1, "answer": "mine"}).status_code == 404
    later = clock.now() + own_devices.LINK_LIVES + timedelta(minutes=1)
    monkeypatch.setattr("django.core.signing.time.time", later.timestamp)
    over = client.get(there)
    assert over.status_code == 404
    assert "Посилання вже не діє" in over.content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"device": "1"},
        {"device": "x", "answer": "mine"},
        {"device": "9" * 30, "answer": "mine"},
        {"device": str(2**62), "answer": "mine"},
        {"device": "-1", "answer": "mine"},
        {"device": "{stranger}", "answer": "mine"},
        {"device": "{own}", "answer": "perhaps"},
    ],
)
def test_nobody_answers_for_another_service(
    client: Client, service: AccessCredential, asked: dict[str, str]
) -> None:
    stranger = services.service()
    confirmations.ask_for_mac(
        subscription_id=stranger.id, mac=NEW, by_port=True, nas_address=None, at=AT
    )
    known = {
        "stranger": MacRequest.objects.get(subscription=stranger).id,
        "own": waiting(service, NEW).id,
    }
    typed = {name: value.format(**known) for name, value in asked.items()}
    page = client.post(page_of(service), typed)
    assert page.status_code in {404, 422}
    assert "D8:5E:D3:00:00:01" in page.content.decode(), "the page stays"
    assert set(MacRequest.objects.values_list("state", flat=True)) == {"WAITING"}


def test_a_second_answer_says_that_it_was_decided(
    client: Client, service: AccessCredential
) -> None:
    asked = {"device": waiting(service, NEW).id, "answer": "mine"}
    assert client.post(page_of(service), asked).status_code == 302
    assert client.post(page_of(service), asked).status_code == 409


def test_staff_see_it_on_the_card_give_the_link_and_decide_on_the_same_page() -> None:
    made = small_provider().connect()
    for mac in (NEW, OTHER):
        confirmations.ask_for_mac(
            subscription_id=made.subscription_id, mac=mac, by_port=True, nas_address=None, at=AT
        )
    service = AccessCredential.objects.get(subscription_id=made.subscription_id)
    engineer = Client()
    engineer.force_login(zones.planner("engineer", Role.ADMINISTRATOR))
    there = reverse("workspace:access-parameters", args=[made.subscription_id])
    card = engineer.get(reverse("workspace:customer", args=[made.customer_id])).content.decode()
    assert card.count(f'href="{there}"') == 3, "the MAC, the parameters, the explanation"
    assert "d8:5e:d3:00:00:0" in card
    text = engineer.get(there).content.decode()
    assert 'class="is-here" aria-current="true"><svg' in text, "its module is marked"
    assert f"{settings.GEOBILL_PUBLIC_URL}/device/{made.subscription_id}." in text
    decide = reverse("workspace:mac-decide", args=[waiting(service, NEW).id])
    done = engineer.post(decide, {"answer": "confirm", "next": there})
    assert done["Location"] == there
    evil = reverse("workspace:mac-decide", args=[waiting(service, OTHER).id])
    away = engineer.post(evil, {"answer": "decline", "next": "//evil.example/"})
    assert away["Location"] == reverse("workspace:refusals")
