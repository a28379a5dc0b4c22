"""The subscriber's card: who sees what, why each line is there, what an action does before it does.

The provider sells by day (300 ₴ a month) in one GPON zone; the clock stands on 23 November 2026.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.charging import operations as charging
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import Leg
from billing.models import Block, ChargeState, Pause, PlanSpan, Subscription, Tariff
from billing.payments import operations as payments
from billing.payments.models import Payment
from billing.subscriptions import operations as subscriptions
from billing.tariffs import discounts
from billing.tariffs import operations as tariffs
from crm import operations as crm
from frontend.workspace.queries import desk
from network.models import AccessAction, AccessCredential, Session, SessionHistory
from project.core import clock
from project.core.actor import SYSTEM, Actor, ActorKind
from project.core.models import AuditEntry
from project.core.roles import Permission, Role
from tests.support import services, zones
from tests.support.provider import AT as SOLD_AT
from tests.support.provider import ON_DATE as SOLD_ON
from tests.support.provider import Provider, small_provider

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
MARIA = Actor(kind=ActorKind.STAFF, label="Марія Гнатюк")
HUGE = 99_999_999_999_999_999_999
MAX_QUERIES = 25
JUNK = ["", "-1", "1e9", "\x00", "' OR 1=1", str(HUGE), "٣", "2026-99-99"]


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon of 23 November 2026 in Kyiv."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(clock, "today", lambda at=None: TODAY)
    cache.clear()


@dataclass
class Subscriber:
    """A subscriber sold to on the 10th, paid 500 ₴ that day, charged that day and two more."""

    provider: Provider
    customer_id: int
    account_id: int
    subscription_id: int

    @property
    def url(self) -> str:
        """The card's address."""
        return reverse("workspace:customer", args=[self.customer_id])

    @property
    def balance(self) -> int:
        """Kopecks on the contract."""
        return ledger_queries.balance_kopecks(account_id=self.account_id)

    def action(self, slug: str) -> str:
        """The address of an action on the service."""
        return reverse("workspace:service-act", args=[self.subscription_id, slug])

    def journal(self, journal_id: int) -> str:
        """The address of a journal as this subscriber's."""
        return reverse("workspace:journal", args=[self.customer_id, journal_id])


def pay(account_id: int, kopecks: int, *, at: datetime = NOW, key: str = "form-1") -> Payment:
    return payments.accept_cash(
        at=at,
        on_date=at.date(),
        actor=MARIA,
        account_id=account_id,
        amount_kopecks=kopecks,
        comment="готівка на Бучми",
        idempotency_key=key,
    )


@pytest.fixture
def provider() -> Provider:
    return small_provider()


@pytest.fixture
def someone(provider: Provider) -> Subscriber:
    made = provider.connect()
    pay(made.account_id, 50_000, at=SOLD_AT, key="first")
    for day in (22, 23):
        charging.run(
            on_date=date(2026, 11, day),
            at=datetime(2026, 11, day, 0, 5, tzinfo=UTC) - timedelta(hours=2),
            actor=SYSTEM,
        )
    return Subscriber(provider, made.customer_id, made.account_id, made.subscription_id)


@pytest.fixture
def stranger(provider: Provider) -> Subscriber:
    """Another subscriber, without money."""
    made = provider.connect(new_customer=crm.NewCustomer(full_name="Інший", phone="0501112233"))
    return Subscriber(provider, made.customer_id, made.account_id, made.subscription_id)


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(zones.planner(role.value.lower(), role))
    return client


@pytest.fixture
def operator() -> Client:
    return signed_in(Role.OPERATOR)


def text_of(response: Any) -> str:
    """The page as a reader meets it: no tags, thin spaces as spaces."""
    text = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    text = re.sub(r"<[^>]+>", " ", text)
    return re.sub(r"[\s\u202f\u00a0]+", " ", text)


def post_journal(kind: str, legs: list[Leg], **values: Any) -> int:
    wanted = {
        "value_date": TODAY,
        "posted_at": NOW,
        "actor": MARIA,
        "source": "test",
        "narrative": "Компенсація за обрив",
        "idempotency_key": f"{kind}-{len(legs)}",
    }
    return ledger.post(kind=kind, legs=legs, **(wanted | values))


def control(code: str, kind: str) -> int:
    return ledger.ensure_control_account(at=NOW, code=code, kind=kind)


class TestWhoSeesWhat:
    def test_a_stranger_to_the_house_is_asked_to_sign_in(self, someone: Subscriber) -> None:
        assert "/sign-in/" in Client().get(someone.url)["Location"]

    @pytest.mark.parametrize("role", list(Role))
    def test_every_role_opens_the_card_and_sees_only_its_part(
        self, someone: Subscriber, role: Role
    ) -> None:
        page = signed_in(role).get(someone.url)
        assert page.status_code == 200
        text = text_of(page)
        assert "Оксана Коваленко" in text
        user = page.wsgi_request.user
        assert ("Виписка" in text) == user.may(Permission.LEDGER_VIEW)
        assert ("Сесії" in text) == user.may(Permission.NETWORK_VIEW)
        assert ("reveal" in text or "показати" in text) == user.may(Permission.NETWORK_VIEW)

    @pytest.mark.parametrize("role", [Role.PLANNER, Role.NETWORK_ENGINEER])
    def test_money_pages_are_closed_to_those_who_may_not_see_money(
        self, someone: Subscriber, role: Role
    ) -> None:
        client = signed_in(role)
        for name in ("statement", "recalculate"):
            assert (
                client.get(reverse(f"workspace:{name}", args=[someone.customer_id])).status_code
                == 403
            )
        assert client.get(someone.journal(1)).status_code == 403

    def test_a_cashier_may_not_touch_services_sessions_or_passwords(
        self, someone: Subscriber
    ) -> None:
        client = signed_in(Role.CASHIER)
        for slug in ("block", "pause", "terminate", "change-tariff", "reset-password"):
            assert client.post(someone.action(slug)).status_code == 403
        password = reverse(
            "workspace:reveal-password", args=[someone.customer_id, someone.subscription_id]
        )
        assert client.post(password).status_code == 403
        sessions = reverse("workspace:customer-sessions", args=[someone.customer_id])
        assert client.get(sessions).status_code == 403
        assert not Block.objects.filter(reason="ADMIN").exists()

    def test_the_three_next_best_actions_follow_state_and_rights(
        self, someone: Subscriber, stranger: Subscriber
    ) -> None:
        def next_best(client: Client, who: Subscriber) -> list[str]:
            found = client.get(who.url).context["next_best"]
            return [one["action"].slug if one["kind"] == "action" else one["kind"] for one in found]

        everything = signed_in(Role.ADMINISTRATOR)
        assert next_best(everything, stranger)[0] == "cash"
        assert "cash" not in next_best(signed_in(Role.OPERATOR), stranger)
        subscriptions.block(
            at=NOW, actor=MARIA, subscription_id=someone.subscription_id, reason="ADMIN"
        )
        assert next_best(everything, someone)[0] == "unblock"
        assert len(next_best(everything, someone)) == 3


class TestTheCard:
    def test_it_says_the_name_contract_balance_and_until_when_it_is_paid(
        self, operator: Client, someone: Subscriber
    ) -> None:
        text = text_of(operator.get(someone.url))
        assert "500,00" in text
        assert f"{someone.balance // 100},{someone.balance % 100:02d} ₴" in text
        assert "Оплачено до" in text
        assert "Чому така ціна" in text
        assert "300,00 ₴" in text

    def test_a_debtor_is_told_why_there_is_no_internet_and_what_is_lacking(
        self, operator: Client, stranger: Subscriber
    ) -> None:
        page = operator.get(stranger.url)
        text = text_of(page)
        assert "Чому немає інтернету?" in text
        assert "заблоковано за борг" in text
        assert page.context["card"].money.needed_kopecks == 1_000  # 300 ₴ ÷ 30 days

    def test_a_discount_lowers_what_a_debtor_lacks_and_the_month(
        self, operator: Client, stranger: Subscriber
    ) -> None:
        discounts.give(
            at=NOW - timedelta(days=2),
            on_date=TODAY - timedelta(days=2),
            actor=SYSTEM,
            offer=discounts.Offer(
                name_uk="Знижка",
                name_en="Discount",
                valid_from=TODAY,
                valid_until=TODAY + timedelta(days=9),
                percent_bp=5_000,
            ),
        )
        money = operator.get(stranger.url).context["card"].money
        assert (money.needed_kopecks, money.month_kopecks) == (500, 15_000)
        assert desk.payer(account_id=stranger.account_id, on_date=TODAY).month_kopecks == 15_000

    def test_the_fee_of_a_connection_is_part_of_what_is_lacking(
        self, operator: Client, stranger: Subscriber
    ) -> None:
        Subscription.objects.filter(id=stranger.subscription_id).update(
            connection_fee_kopecks=25_000
        )
        ChargeState.objects.filter(subscription_id=stranger.subscription_id).update(
            connection_charged_date=None
        )
        needed = operator.get(stranger.url).context["card"].money.needed_kopecks
        assert needed == 26_000
        for kopecks, blocked in ((needed - 100, True), (100, False)):
            pay(stranger.account_id, kopecks, key=f"lacking-{kopecks}")
            open_blocks = Block.objects.filter(
                subscription_id=stranger.subscription_id, until_at__isnull=True
            )
            assert open_blocks.exists() is blocked

    @pytest.mark.parametrize("is_online", [True, False])
    def test_it_takes_few_queries_whatever_stands_on_it(
        self, operator: Client, someone: Subscriber, is_online: bool
    ) -> None:
        put_online(Subscription.objects.get(id=someone.subscription_id), count=3)
        if not is_online:
            Session.objects.all().delete()
        pay(someone.account_id, 1_000)
        operator.get(someone.url)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = operator.get(someone.url)
        assert page.status_code == 200
        committed = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        assert len(committed) <= MAX_QUERIES, "\n".join(sql[:160] for sql in committed)

    def test_two_contracts_are_two_tabs(self, operator: Client, someone: Subscriber) -> None:
        second = someone.provider.connect(
            new_customer=None, customer_id=someone.customer_id, unit="77"
        )
        page = operator.get(someone.url, {"contract": second.account_id})
        assert second.contract_number in text_of(page)
        assert page.context["card"].account.account_id == second.account_id

    def test_names_are_shown_as_they_are_typed_never_as_html(
        self, operator: Client, provider: Provider
    ) -> None:
        made = provider.connect(
            new_customer=crm.NewCustomer(full_name="<img src=x onerror=1>", phone="0501112233")
        )
        page = operator.get(reverse("workspace:customer", args=[made.customer_id]))
        assert "<img" not in page.content.decode()

    def test_a_subscriber_without_a_contract_has_a_card(self, operator: Client) -> None:
        from crm.models import Customer

        alone = Customer.objects.create(full_name="Ще ніхто", created_at=NOW)
        page = operator.get(reverse("workspace:customer", args=[alone.id]))
        assert page.status_code == 200
        assert "Договору ще немає" in text_of(page)
        for name in ("statement", "customer-sessions", "recalculate"):
            assert operator.get(reverse(f"workspace:{name}", args=[alone.id])).status_code == 200


def put_online(service: Subscription, *, count: int = 1) -> None:
    nas = services.nas()
    login = AccessCredential.objects.get(subscription=service).login
    common = {
        "acct_session_id": "s",
        "subscription": service,
        "nas": nas,
        "nas_address": nas.address,
        "login": login,
        "mac": "a4cf12345678",
        "framed_ip": "10.0.0.7",
        "started_at": NOW - timedelta(hours=5),
        "last_seen_at": NOW,
    }
    Session.objects.create(unique_id="open", **common)
    for number in range(count):
        SessionHistory.objects.create(
            unique_id=f"closed-{number}",
            stopped_at=NOW - timedelta(days=1),
            terminate_cause="User-Request",
            **common,
        )


class TestTheStatement:
    def test_every_line_is_there_with_its_running_balance(
        self, operator: Client, someone: Subscriber
    ) -> None:
        page = operator.get(reverse("workspace:statement", args=[someone.customer_id]))
        lines = page.context["page"].rows
        assert len(lines) == 4  # the payment, the first day, and two runs
        assert lines[0].line.balance_after_kopecks == someone.balance
        assert [one.seq for one in lines] == [4, 3, 2, 1]

    def test_it_pages_by_the_number_of_the_line(
        self, operator: Client, someone: Subscriber
    ) -> None:
        page = operator.get(
            reverse("workspace:statement", args=[someone.customer_id]), {"before": 3}
        )
        assert [one.seq for one in page.context["page"].rows] == [2, 1]

    def test_a_charge_opens_its_tariff_rule_and_zone(
        self, operator: Client, someone: Subscriber
    ) -> None:
        line = ledger_queries.statement(account_id=someone.account_id, limit=1)[0]
        page = operator.get(someone.journal(line.journal_id), headers={"HX-Request": "true"})
        text = text_of(page)
        assert "Дім 300" in text
        assert "Ціна скрізь" in text or "300,00 ₴" in text
        assert "Зона тоді" in text
        assert 'data-version="' in page.content.decode()
        assert "інші рахунки разом" in text or "дохід" in text
        assert "<html" not in page.content.decode()

    def test_a_payment_opens_its_messages_its_receipt_and_who_took_it(
        self, operator: Client, someone: Subscriber
    ) -> None:
        payment = Payment.objects.get(account_id=someone.account_id)
        page = operator.get(someone.journal(payment.journal_id or 0))
        assert reverse("workspace:receipt", args=[payment.id]) in page.content.decode()
        assert reverse("workspace:payment", args=[payment.id]) in page.content.decode()
        assert "Марія Гнатюк" in text_of(page)
        assert "clearing.cash" in text_of(page)

    def test_a_reversal_and_what_it_took_back_lead_to_each_other(
        self, operator: Client, someone: Subscriber
    ) -> None:
        payment = Payment.objects.get(account_id=someone.account_id)
        payments.reverse_payment(
            at=NOW, on_date=TODAY, actor=MARIA, payment_id=payment.id, reason="Не той договір"
        )
        payment.refresh_from_db()
        first, second = payment.journal_id or 0, payment.reversal_journal_id or 0
        taken_back = operator.get(someone.journal(first)).content.decode()
        assert someone.journal(second) in taken_back
        reversal = operator.get(someone.journal(second))
        assert someone.journal(first) in reversal.content.decode()
        assert "Не той договір" in text_of(reversal)
        page = operator.get(reverse("workspace:statement", args=[someone.customer_id]))
        assert "is-reversed" in page.content.decode()

    @pytest.mark.parametrize(
        ("kind", "word"),
        [
            ("ADJUSTMENT", "коригування"),
            ("REFUND", "Повернення"),
            ("WRITE_OFF", "Списання"),
            ("CORRECTION", "Виправ"),
        ],
    )
    def test_what_a_person_wrote_carries_the_reason_and_the_name(
        self, operator: Client, someone: Subscriber, kind: str, word: str
    ) -> None:
        wrong = ledger_queries.statement(account_id=someone.account_id, limit=1)[0]
        other = control("adjustments", "ADJUSTMENT")
        corrects = wrong.posting_id if kind == "CORRECTION" else None
        journal_id = post_journal(
            kind,
            [
                Leg(someone.account_id, 100, corrects_id=corrects),
                Leg(other, -100, corrects_id=corrects),
            ],
        )
        page = operator.get(someone.journal(journal_id))
        text = text_of(page)
        assert word.casefold() in text.casefold()
        assert "Компенсація за обрив" in text
        assert "Марія Гнатюк" in text
        if corrects:
            assert someone.journal(wrong.journal_id) in page.content.decode()

    def test_a_transfer_shows_nothing_of_the_other_subscriber(
        self, operator: Client, someone: Subscriber, stranger: Subscriber
    ) -> None:
        journal_id = post_journal(
            "TRANSFER", [Leg(someone.account_id, -700), Leg(stranger.account_id, 700)]
        )
        text = text_of(operator.get(someone.journal(journal_id)))
        code = ledger_queries.accounts(ids=[stranger.account_id])[stranger.account_id].code
        assert "інші рахунки разом" in text
        assert code not in text
        assert operator.get(stranger.journal(journal_id)).status_code == 200

    def test_recalculating_from_zero_gives_the_stored_balance(
        self, operator: Client, someone: Subscriber
    ) -> None:
        page = operator.get(reverse("workspace:recalculate", args=[someone.customer_id]))
        assert page.context["replay"].computed_kopecks == someone.balance
        assert page.context["report"].is_right
        assert "Рахунок правильний" in text_of(page)


class TestHostileAddresses:
    @pytest.mark.parametrize("number", [0, 987_654_321, HUGE])
    def test_numbers_of_nobody_are_not_found(self, operator: Client, number: int) -> None:
        for name in ("customer", "statement", "customer-sessions", "recalculate"):
            assert operator.get(reverse(f"workspace:{name}", args=[number])).status_code == 404
        assert operator.get(reverse("workspace:journal", args=[number, number])).status_code == 404
        reveal = reverse("workspace:reveal-password", args=[number, number])
        assert operator.post(reveal).status_code == 404
        for slug in ("block", "terminate", "no-such-thing"):
            url = reverse("workspace:service-act", args=[number, slug])
            assert operator.get(url).status_code == 404
            assert operator.post(url).status_code == 404

    def test_another_subscribers_things_are_not_found_here(
        self, operator: Client, someone: Subscriber, stranger: Subscriber
    ) -> None:
        line = ledger_queries.statement(account_id=someone.account_id, limit=9)[-1]
        assert operator.get(stranger.journal(line.journal_id)).status_code == 404
        reveal = reverse(
            "workspace:reveal-password", args=[stranger.customer_id, someone.subscription_id]
        )
        assert operator.post(reveal).status_code == 404
        for name in ("customer", "statement", "recalculate"):
            url = reverse(f"workspace:{name}", args=[stranger.customer_id])
            assert operator.get(url, {"contract": someone.account_id}).status_code == 404

    def test_junk_in_the_query_is_as_if_it_were_not_there(
        self, operator: Client, stranger: Subscriber
    ) -> None:
        for junk in JUNK:
            for name in ("customer", "statement"):
                url = reverse(f"workspace:{name}", args=[stranger.customer_id])
                assert operator.get(url, {"contract": junk, "before": junk}).status_code == 200

    @pytest.mark.parametrize("slug", ["change-tariff", "pause", "block", "terminate"])
    def test_junk_in_an_action_is_refused_with_the_form(
        self, operator: Client, stranger: Subscriber, slug: str
    ) -> None:
        fields = ("tariff_id", "from_date", "until_date", "when", "typed_word")
        for junk in JUNK:
            values = dict.fromkeys(fields, junk)
            assert operator.get(stranger.action(slug), values).status_code == 200
            done = operator.post(stranger.action(slug), {**values, "comment": "x" * 301})
            assert done.status_code == 422
        assert not Block.objects.filter(reason="ADMIN").exists()

    def test_reading_pages_take_no_writing(self, operator: Client, someone: Subscriber) -> None:
        assert operator.post(someone.url).status_code == 405
        reveal = reverse(
            "workspace:reveal-password", args=[someone.customer_id, someone.subscription_id]
        )
        assert operator.get(reveal).status_code == 405


class TestPasswords:
    def test_a_look_at_the_password_is_written_down_and_never_cached(
        self, operator: Client, someone: Subscriber
    ) -> None:
        reveal = reverse(
            "workspace:reveal-password", args=[someone.customer_id, someone.subscription_id]
        )
        page = operator.post(reveal, headers={"HX-Request": "true"})
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]
        assert AuditEntry.objects.filter(
            action="network.password.revealed", object_id=str(someone.subscription_id)
        ).exists()

    def test_a_new_password_is_another_one(self, operator: Client, someone: Subscriber) -> None:
        credential = AccessCredential.objects.get(subscription_id=someone.subscription_id)
        assert operator.post(someone.action("reset-password")).status_code == 302
        after = AccessCredential.objects.get(subscription_id=someone.subscription_id)
        assert after.password_encrypted != credential.password_encrypted


class TestActions:
    def test_showing_the_effect_changes_nothing(
        self, operator: Client, someone: Subscriber
    ) -> None:
        balance = someone.balance
        for slug in ("block", "pause", "terminate"):
            page = operator.get(someone.action(slug), headers={"HX-Target": "ws-act"})
            assert page.status_code == 200
            assert page.context["effect"].after is not None
        assert someone.balance == balance
        assert Subscription.objects.get(id=someone.subscription_id).state == "ACTIVE"
        assert not Block.objects.filter(reason="ADMIN").exists()
        assert not Pause.objects.exists()

    def test_the_effect_shown_is_what_happens(self, operator: Client, someone: Subscriber) -> None:
        dearer = tariff(someone.provider, 60_000)
        values = {"tariff_id": dearer.id, "when": "now"}
        effect = operator.get(someone.action("change-tariff"), values).context["effect"]
        assert effect.difference_kopecks == -1_000  # 600 ₴ instead of 300, a thirtieth
        assert len(effect.lines) == 1
        assert operator.post(someone.action("change-tariff"), values).status_code == 302
        assert someone.balance == effect.after.balance_kopecks
        page = operator.get(reverse("workspace:statement", args=[someone.customer_id]))
        assert "Доплата за дорожчий тариф" in text_of(page)

    def test_a_tariff_from_tomorrow_waits_on_the_card(
        self, operator: Client, someone: Subscriber
    ) -> None:
        cheaper = tariff(someone.provider, 20_000)
        values = {"tariff_id": cheaper.id, "when": "tomorrow"}
        form = operator.get(someone.action("change-tariff"), values)
        assert [one.difference_kopecks for one in form.context["choices"]] == [-10_000]
        assert form.context["effect"].difference_kopecks == 0
        operator.post(someone.action("change-tariff"), values)
        span = PlanSpan.objects.get(tariff=cheaper)
        assert span.during.lower == date(2026, 11, 24)
        assert "24.11.2026" in text_of(operator.get(someone.url))

    def test_a_block_and_its_end(self, operator: Client, someone: Subscriber) -> None:
        operator.post(someone.action("block"), {"comment": "скарга"})
        assert Block.objects.get(reason="ADMIN", until_at=None).comment == "скарга"
        assert "заблоковано працівником" in text_of(operator.get(someone.url))
        assert operator.post(someone.action("unblock")).status_code == 302
        assert not Block.objects.filter(until_at=None).exists()

    def test_unblocking_without_money_leaves_the_debt(
        self, operator: Client, stranger: Subscriber
    ) -> None:
        subscriptions.block(
            at=NOW, actor=MARIA, subscription_id=stranger.subscription_id, reason="ADMIN"
        )
        effect = operator.get(stranger.action("unblock")).context["effect"]
        assert effect.after.row.block_reasons == ("DEBT",)
        operator.post(stranger.action("unblock"))
        assert [b.reason for b in Block.objects.filter(until_at=None)] == ["DEBT"]

    def test_a_pause_begins_on_the_first_day_not_charged_and_can_be_ended(
        self, operator: Client, someone: Subscriber, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        form = operator.get(someone.action("pause"))
        assert form.context["form"]["from_date"].value() == "2026-11-24"
        today = operator.post(someone.action("pause"), {"from_date": "2026-11-23"})
        assert today.status_code == 422
        assert "24.11.2026" in text_of(today)
        operator.post(someone.action("pause"), {"from_date": "2026-11-24"})
        monkeypatch.setattr(clock, "today", lambda at=None: date(2026, 11, 26))
        assert operator.get(someone.url).context["state"] == "PAUSED"
        assert operator.post(someone.action("resume")).status_code == 302
        assert Pause.objects.get().during.upper == date(2026, 11, 26)

    def test_the_end_needs_its_word_in_the_language_of_the_page(
        self, operator: Client, someone: Subscriber
    ) -> None:
        refused = operator.post(someone.action("terminate"), {"typed_word": "так"})
        assert refused.status_code == 422
        assert "припинити" in text_of(refused)
        assert Subscription.objects.get(id=someone.subscription_id).state == "ACTIVE"
        operator.post(someone.action("terminate"), {"typed_word": " Припинити "})
        service = Subscription.objects.get(id=someone.subscription_id)
        assert (service.state, service.terminated_date) == ("TERMINATED", TODAY)
        card = operator.get(someone.url)
        assert card.status_code == 200
        assert "Припинені послуги" in text_of(card)

    def test_an_open_session_is_asked_to_end_and_a_closed_one_is_not(
        self, operator: Client, someone: Subscriber
    ) -> None:
        assert operator.post(someone.action("disconnect")).status_code == 422
        put_online(Subscription.objects.get(id=someone.subscription_id))
        assert "Перезапустити сесію" in text_of(operator.get(someone.url))
        assert operator.post(someone.action("disconnect")).status_code == 302
        assert AccessAction.objects.get().cause == "STAFF"
        sessions = reverse("workspace:customer-sessions", args=[someone.customer_id])
        assert "User-Request" in text_of(operator.get(sessions))

    def test_what_an_operation_refuses_is_said_beside_the_form(
        self, operator: Client, someone: Subscriber
    ) -> None:
        foreign = Tariff.objects.create(
            code="tv", service_type="TV", name_uk="Телебачення", name_en="TV"
        )
        refused = operator.post(
            someone.action("change-tariff"), {"tariff_id": foreign.id, "when": "now"}
        )
        assert refused.status_code == 422


def tariff(provider: Provider, price_kopecks: int) -> Tariff:
    """One more tariff sold everywhere."""
    made = Tariff.objects.create(
        code=f"home-{price_kopecks}",
        service_type="INTERNET",
        name_uk="Інший",
        name_en="Other",
    )
    tariffs.publish_version(
        at=SOLD_AT,
        actor=SYSTEM,
        tariff_id=made.id,
        applies_from=SOLD_ON - timedelta(days=30),
        terms=tariffs.Terms(
            charge_type="DAILY",
            revenue_account_code="revenue:internet",
            speed_down_bit_s=500_000_000,
            speed_up_bit_s=500_000_000,
        ),
    )
    tariffs.set_price(
        at=SOLD_AT,
        actor=SYSTEM,
        tariff_id=made.id,
        price_kopecks=price_kopecks,
        valid_from=SOLD_ON - timedelta(days=30),
    )
    return made
