"""The page of access parameters: who may give a login and a password, and what it says."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from network import events, operations, proofs
from network.models import (
    AccessAction,
    AccessCredential,
    GuestRule,
    Option82Rule,
    RadiusDecision,
    Session,
)
from project.core import clock
from project.core.actor import SYSTEM
from project.core.models import AuditEntry
from project.core.roles import Role
from tests.integration.frontend.test_own_devices import small_provider
from tests.support import services, zones
from tests.support.services import AT

pytestmark = pytest.mark.django_db


def window(role: Role) -> Client:
    client = Client()
    client.force_login(zones.planner("staff", role))
    return client


@pytest.fixture
def sold() -> AccessCredential:
    made = small_provider().connect()
    return AccessCredential.objects.get(subscription_id=made.subscription_id)


def page_of(sold: AccessCredential) -> str:
    return reverse("workspace:access-parameters", args=[sold.subscription_id])


def test_login_and_password_are_saved_beside_the_devices(sold: AccessCredential) -> None:
    staff, there = window(Role.ADMINISTRATOR), page_of(sold)
    asked = {"credentials": "1", "login": "Ivan.P", "password": "Own-Secret"}
    assert staff.post(there, asked)["Location"] == there
    decided = RadiusDecision.objects.get(subscription_id=sold.subscription_id)
    assert (decided.login, decided.password) == ("ivan.p", "Own-Secret")
    page = staff.get(there)
    assert "ivan.p" in page.content.decode()
    assert "Own-Secret" not in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    staff.post(there, {"mode": "", "mac": "aa:bb:cc:00:00:01"})
    decided.refresh_from_db()
    assert (decided.login, decided.mac) == ("ivan.p", "aabbcc000001"), "the other form is apart"
    assert "Own-Secret" not in repr(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("login", {"login": "іван", "password": ""}),
        ("login", {"login": "", "password": "x"}),
        ("password", {"login": "ivan", "password": "два слова"}),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    sold: AccessCredential, field: str, asked: dict[str, str]
) -> None:
    page = window(Role.ADMINISTRATOR).post(page_of(sold), {"credentials": "1", **asked})
    assert page.status_code == 422
    assert list(page.context["own"].errors) == [field]
    assert not page.context["form"].errors
    assert RadiusDecision.objects.get(subscription_id=sold.subscription_id).login == sold.login


def test_who_may_only_look_gives_none(sold: AccessCredential) -> None:
    for role in (Role.PLANNER, Role.CASHIER, Role.ACCOUNTANT):
        answer = window(role).post(page_of(sold), {"credentials": "1", "login": "ivan"})
        assert answer.status_code == 403, role
    assert RadiusDecision.objects.get(subscription_id=sold.subscription_id).login == sold.login


@pytest.mark.parametrize("language", ["uk", "en"])
@pytest.mark.parametrize("name", ["guest-rules", "refusals"])
def test_who_is_refused_for_want_of_a_guest_rule_is_warned_of(name: str, language: str) -> None:
    staff = window(Role.ADMINISTRATOR)
    staff.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    there, new = reverse(f"workspace:{name}"), reverse("workspace:guest-rule-new")
    page = staff.get(there).content.decode()
    assert 'id="no-guest-rule"' in page
    assert new in page
    services.guest_rule("DEBT", is_active=False)
    assert 'id="no-guest-rule"' in staff.get(there).content.decode(), "one that is off lets none in"
    GuestRule.objects.update(is_active=True)
    assert 'id="no-guest-rule"' not in staff.get(there).content.decode()


def test_who_may_not_make_rules_is_led_to_their_list() -> None:
    page = window(Role.OPERATOR).get(reverse("workspace:refusals")).content.decode()
    assert 'id="no-guest-rule"' in page
    assert reverse("workspace:guest-rule-new") not in page


def test_whether_the_port_counts_with_another_vlan_is_told(sold: AccessCredential) -> None:
    staff = window(Role.ADMINISTRATOR)
    staff.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    def register(subscription_id: int, circuit: str) -> str:
        operations.set_equipment(
            subscription_id=subscription_id,
            mac="",
            circuit_hex=circuit,
            remote_hex="0006001122334455",
            at=clock.now(),
            actor=SYSTEM,
        )
        return staff.get(page_of(sold)).content.decode()

    Option82Rule.objects.update(ignores_vlan=True)
    own = sold.subscription_id
    assert "counts as this port" in register(own, "000400640005")
    shared = register(services.service().id, "000400c80005")
    assert "another service is registered at the same port" in shared
    assert "no rule that overlooks the VLAN reads both switch and port" in register(own, "ffff")
    Option82Rule.objects.create(
        name="another",
        circuit_pattern="0004[0-9a-f]{4}(?P<port>[0-9]{4})",
        remote_pattern="0006(?P<switch>[0-9a-f]{12})",
        ignores_vlan=True,
        changed_at=clock.now(),
    )
    assert "the rules read different ports" in register(own, "000400640110")


def running(sold: AccessCredential, *, login: str, proof: dict[str, str]) -> Session:
    """An open session whose log-in is known."""
    nonce = f"n{Session.objects.count()}"
    attributes = {"User-Name": [login], **proof}
    events.record(
        at=AT,
        kind=events.Kind.AUTHORIZE,
        subscription_id=sold.subscription_id,
        nonce=nonce,
        attributes=attributes,
    )
    nas = services.nas()
    return Session.objects.create(
        unique_id=nonce,
        acct_session_id=nonce,
        subscription_id=sold.subscription_id,
        nas=nas,
        nas_address=nas.address,
        login=login,
        mac="02000000aa01",
        nonce=nonce,
        started_at=AT,
        last_seen_at=AT,
    )


def test_the_page_tells_how_many_another_login_and_another_password_would_reconnect(
    sold: AccessCredential,
) -> None:
    running(sold, login=sold.login, proof={"User-Password": "***"})
    running(sold, login=sold.login, proof={})
    page = window(Role.ADMINISTRATOR).get(page_of(sold))
    assert (page.context["by_login"], page.context["by_password"]) == (2, 1)
    assert "за іншого логіна 2, за іншого пароля 1" in page.content.decode()


def test_a_mode_that_is_taken_away_says_and_reconnects_who_came_by_it(
    sold: AccessCredential, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff, there = window(Role.ADMINISTRATOR), reverse("workspace:modes")
    by_mac = running(sold, login="02:00:00:00:aa:01", proof={})
    place = f"nas-{by_mac.nas_id}"
    staff.post(there, {"place": place, "mode": "MAC"})
    said = staff.post(there, {"drop": place}, follow=True).content.decode()
    assert "Окремий спосіб прибрано. 1 сесія, що увійшла в інший спосіб, працює далі." in said
    assert not AccessAction.objects.exists()
    staff.post(there, {"place": place, "mode": "MAC"})
    monkeypatch.setattr(proofs, "LOOKED_AT_MAX", 1)
    running(sold, login="02:00:00:00:aa:01", proof={})
    said = staff.post(there, {"drop": place, "reconnects": "on"}, follow=True).content.decode()
    assert "буде перепідключено. Переглянуто лише перші 1 сесій там" in said
    assert AccessAction.objects.get().session_unique_id == by_mac.unique_id
