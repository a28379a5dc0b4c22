"""Operations with money in the workspace: shown before they are done, decided by another."""

import re
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from billing.bookkeeping.models import MoneyOperation
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.models import LedgerAccount
from billing.payments import operations as payments
from billing.subscriptions import operations as subscriptions
from project.core import clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.support import zones
from tests.support.provider import AT, ON_DATE, Provider, small_provider

pytestmark = pytest.mark.django_db
SLUGS = ("adjust", "correct", "transfer", "refund", "write-off", "take-back")


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the day on which the provider sold."""
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda at=None: ON_DATE)


@pytest.fixture
def provider() -> Provider:
    return small_provider()


def client_of(name: str, role: Role = Role.ACCOUNTANT) -> Client:
    client = Client()
    client.force_login(zones.planner(name, role))
    return client


@pytest.fixture
def iryna() -> Client:
    return client_of("iryna")


class Contract:
    """A client's contract with 500 hryvnias, and the addresses of its operations."""

    def __init__(self, provider: Provider, **changes: Any) -> None:
        made = provider.connect(**changes)
        self.customer_id, self.account_id = made.customer_id, made.account_id
        self.number, self.subscription_id = made.contract_number, made.subscription_id

    def pay(self, kopecks: int) -> int:
        """A payment in cash; its id."""
        return payments.accept_cash(
            at=AT,
            on_date=ON_DATE,
            actor=SYSTEM,
            account_id=self.account_id,
            amount_kopecks=kopecks,
            idempotency_key=str(uuid.uuid4()),
        ).id

    def url(self, slug: str) -> str:
        """The address of an operation on the contract."""
        path = reverse("workspace:money-act", args=[self.customer_id, slug])
        return f"{path}?contract={self.account_id}"

    @property
    def balance(self) -> int:
        """Kopecks on it."""
        return ledger_queries.balance_kopecks(account_id=self.account_id)


@pytest.fixture
def contract(provider: Provider) -> Contract:
    made = Contract(provider)
    made.pay(50_000)
    return made


def fields(**values: Any) -> dict[str, Any]:
    return {"token": str(uuid.uuid4()), "reason": "домовленість", **values}


def done(client: Client, url: str, **values: Any) -> Any:
    """Look at the effect, then do what was shown."""
    sent = fields(**values)
    shown = client.post(url, sent)
    assert shown.status_code == 200, shown.content.decode()
    found = re.search(r'name="confirmed" value="([^"]+)"', shown.content.decode())
    assert found, "the effect is shown before it happens"
    answer = client.post(url, {**sent, "confirmed": found[1]})
    assert answer.status_code == 302, answer.content.decode()
    return answer


def test_the_effect_is_shown_first_and_then_posted_once(iryna: Client, contract: Contract) -> None:
    before = contract.balance
    sent = fields(amount="120,50", sign="minus")
    shown = iryna.post(contract.url("adjust"), sent)
    assert "−120,50" in shown.content.decode()
    assert contract.balance == before
    seal = shown.context["seal"]
    for _again in range(2):
        answer = iryna.post(contract.url("adjust"), {**sent, "confirmed": seal})
        assert answer.status_code == 302
    assert contract.balance == before - 12_050
    page = iryna.get(answer["Location"]).content.decode()
    assert "домовленість" in page
    assert "проведено" in page


def test_what_was_typed_is_kept_when_it_is_changed_after_the_look(
    iryna: Client, contract: Contract
) -> None:
    before = contract.balance
    answer = iryna.post(contract.url("adjust"), {**fields(amount="12", sign="minus"), "edit": "1"})
    assert answer.context["values"]["amount"] == "12"
    assert answer.context["values"]["reason"] == "домовленість"
    assert contract.balance == before


def test_another_amount_than_was_shown_is_shown_again(iryna: Client, contract: Contract) -> None:
    before = contract.balance
    sent = fields(amount="10", sign="plus")
    seal = iryna.post(contract.url("adjust"), sent).context["seal"]
    again = iryna.post(contract.url("adjust"), {**sent, "amount": "11", "confirmed": seal})
    assert again.status_code == 200
    assert again.context["shown"].amount_kopecks == 1_100
    assert contract.balance == before


def test_a_large_one_waits_is_counted_and_is_decided_by_another(
    iryna: Client, contract: Contract
) -> None:
    before = contract.balance
    answer = done(iryna, contract.url("adjust"), amount="2000", sign="plus")
    operation = MoneyOperation.objects.get()
    assert operation.state == "PENDING"
    assert contract.balance == before
    decide = reverse("workspace:operation-decide", args=[operation.id])
    own = iryna.get(answer["Location"]).content.decode()
    assert "погодити не можете" in own
    assert iryna.post(decide, {"do": "approve"}).status_code == 403
    petro = client_of("petro")
    listed = petro.get(reverse("workspace:operations")).content.decode()
    assert "домовленість" in listed
    assert '<b class="ws-count">1</b>' in listed
    page = petro.get(answer["Location"])
    assert page.context["shown"].amount_kopecks == 200_000
    assert petro.post(decide, {"do": "refuse", "comment": " "}).status_code == 400
    assert petro.post(decide, {"do": "nothing"}).status_code == 422
    assert petro.post(decide, {"do": "approve", "comment": "так"}).status_code == 302
    assert contract.balance > before
    late = petro.post(decide, {"do": "approve"})
    assert late.status_code == 409
    assert "вже ухвалено" in late.content.decode()
    assert '<b class="ws-count">' not in petro.get(reverse("workspace:operations")).content.decode()
    card = iryna.get(reverse("workspace:customer", args=[contract.customer_id])).content.decode()
    assert "коригування" in card.casefold()


def test_a_payment_is_moved_by_contract_number_and_both_statements_lead_to_it(
    iryna: Client, provider: Provider, contract: Contract
) -> None:
    other = Contract(provider, unit="13")
    payment_id = contract.pay(7_000)
    done(iryna, contract.url("transfer"), payment_id=payment_id, to_contract=other.number)
    operation = MoneyOperation.objects.get()
    for one in (contract, other):
        journal = reverse("workspace:journal", args=[one.customer_id, operation.journal_id])
        text = iryna.get(journal).content.decode()
        assert reverse("workspace:operation", args=[operation.id]) in text
        assert reverse("workspace:receipt", args=[payment_id]) in text
    receipt = iryna.get(reverse("workspace:receipt", args=[payment_id])).content.decode()
    assert other.number in receipt
    done(iryna, other.url("take-back"), payment_id=payment_id)
    assert iryna.get(reverse("workspace:operation", args=[operation.id])).status_code == 200


def test_a_month_is_corrected_with_the_days_that_change_and_leads_both_ways(
    iryna: Client, contract: Contract
) -> None:
    day = ON_DATE.isoformat()
    url, month = contract.url("correct"), f"{ON_DATE:%Y-%m}"
    common = {"subscription_id": contract.subscription_id, "month": month}
    done(iryna, url, **common, free_from=day, free_last=day)
    operation = MoneyOperation.objects.get()
    assert operation.amount_kopecks == 1_000
    lines = ledger_queries.statement(account_id=contract.account_id, limit=10)
    charge = next(line for line in lines if line.charge_code == "SERVICE")

    def page(journal_id: int | None) -> str:
        path = reverse("workspace:journal", args=[contract.customer_id, journal_id])
        return iryna.get(path).content.decode()

    def address(journal_id: int | None) -> str:
        return reverse("workspace:journal", args=[contract.customer_id, journal_id])

    assert address(operation.journal_id) in page(charge.journal_id)
    assert address(charge.journal_id) in page(operation.journal_id)
    again = iryna.post(url, fields(**common, free_from=day, free_last=day))
    assert again.status_code == 422
    assert "Виправляти нема чого" in again.content.decode()


@pytest.mark.parametrize("slug", SLUGS)
def test_a_form_without_anything_says_what_is_missing(
    iryna: Client, contract: Contract, slug: str
) -> None:
    assert iryna.get(contract.url(slug)).status_code == 200
    answer = iryna.post(contract.url(slug), {})
    assert answer.status_code == 422
    assert MoneyOperation.objects.count() == 0


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize(
    "text",
    ["\x00", "-1", "99999999999999999999", "1e9", "0", "<script>", "2026-02-30", "9999-12-31", "ї"],
)
def test_hostile_forms_are_refused_with_a_word(
    iryna: Client, contract: Contract, slug: str, text: str
) -> None:
    names = (
        "sign",
        "amount",
        "method",
        "payment_id",
        "operation_id",
        "to_contract",
        "subscription_id",
        "month",
        "was_price",
        "right_price",
        "free_from",
        "free_last",
        "reason",
        "confirmed",
    )
    answer = iryna.post(contract.url(slug), {**dict.fromkeys(names, text), **fields()})
    assert answer.status_code in {200, 422}
    for name in names:
        sent = {**fields(amount="5", month="2026-11"), name: text}
        assert iryna.post(contract.url(slug), sent).status_code in {200, 422}, name
    assert MoneyOperation.objects.count() == 0


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.CASHIER, Role.PLANNER])
def test_others_neither_ask_nor_decide(contract: Contract, role: Role) -> None:
    client = client_of("other", role)
    assert client.get(contract.url("adjust")).status_code == 403
    assert client.get(reverse("workspace:operations")).status_code == 403
    assert client.post(reverse("workspace:operation-decide", args=[1])).status_code == 403
    card = client.get(reverse("workspace:customer", args=[contract.customer_id]))
    assert "Операції з грошима" not in card.content.decode()


def test_errors_are_told_in_english_too(iryna: Client, contract: Contract) -> None:
    iryna.cookies.load({"geobill_language": "en"})
    answer = iryna.post(contract.url("refund"), fields(amount="900000", method="CASH"))
    assert "less money on the account" in answer.content.decode()


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_contract_is_closed_when_nothing_is_open_on_it_and_opened_again(
    iryna: Client, contract: Contract, language: str
) -> None:
    iryna.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    close = reverse("workspace:account-close", args=[contract.customer_id])
    there = f"{close}?contract={contract.account_id}"
    cash = reverse("workspace:cash-take", args=[contract.account_id])
    card = f"/workspace/customers/{contract.customer_id}/?contract={contract.account_id}"
    page = iryna.get(there)
    assert [one.code for one in page.context["matters"]] == ["services", "money"]
    assert 'name="reason"' not in page.content.decode(), "it is not asked for what would be refused"
    refused = iryna.post(there, {"do": "close", "reason": "виїхав"})
    assert (refused.status_code, LedgerAccount.objects.get(code=contract.number).closed_at) == (
        422,
        None,
    )
    subscriptions.terminate(
        at=AT, on_date=ON_DATE, actor=SYSTEM, subscription_id=contract.subscription_id
    )
    back = re.search(r'/money/refund/[^"]+amount=([\d,]+)"', iryna.get(there).content.decode())
    assert back, "what is left on it is one press away from being returned"
    done(iryna, contract.url("refund"), amount=back[1], method="CASH")
    assert iryna.get(there).context["matters"] == []
    empty = iryna.post(there, {"do": "close", "reason": " "})
    assert empty.status_code == 422
    assert empty.context["form"].errors["reason"]
    assert iryna.post(there, {"do": "close", "reason": "виїхав"})["Location"] == card
    shown = iryna.get(card).content.decode()
    assert cash not in shown
    assert contract.url("refund").partition("?")[0] not in shown
    listed = iryna.get(reverse("workspace:customers")).content.decode()
    assert ("закритий" if language == "uk" else "closed") in listed
    again = iryna.post(there, {"do": "close", "reason": "ще раз"})
    assert again.status_code == 422, "who looked at an old page does not open it by closing"
    assert "виїхав" in iryna.get(there).content.decode()
    assert iryna.post(there, {"do": "reopen", "reason": "повернувся"}).status_code == 302
    assert cash in iryna.get(card).content.decode()
    assert LedgerAccount.objects.get(code=contract.number).closed_at is None


def test_cash_is_not_asked_for_on_a_closed_contract(iryna: Client, contract: Contract) -> None:
    ledger_operations.close_account(account_id=contract.account_id, at=AT)
    kasia = client_of("kasia", Role.CASHIER)
    page = kasia.get(reverse("workspace:cash-take", args=[contract.account_id])).content.decode()
    assert "Договір закрито" in page
    assert 'name="amount"' not in page
