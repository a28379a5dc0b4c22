"""Pages of payment acceptance: the list with its files, one payment, those without a payer."""

import csv
import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse

from billing.ledger import queries as ledger_queries
from billing.ledger import verification
from billing.models import Payment
from billing.payments import answering, crediting, merchants, settling
from billing.payments import operations as payments
from billing.payments.calls import Pay
from billing.payments.gateway import IncomingReply, OutgoingRequest
from billing.payments.models import (
    LegalEntity,
    LegalEntityArea,
    MerchantAccount,
    Refund,
    Settlement,
)
from billing.payments.outgoing import HttpLink
from billing.subscriptions.models import Subscription
from project.core import clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.integration.frontend.test_money_operations import Contract, client_of
from tests.support.acquiring import Bank, do
from tests.support.provider import AT, ON_DATE, small_provider

JUNK = ["\x00", "-1", "99999999999999999999", "9999-12-31", "0001-01-01", "ї", "' OR 1=1", "1e9"]


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda at=None: ON_DATE)


@pytest.fixture
def contract(db: None) -> Contract:
    made = Contract(small_provider())
    made.pay(50_000)
    return made


@pytest.fixture
def merchant(contract: Contract) -> merchants.Account:
    merchant_id = payments.open_merchant(at=AT, actor=SYSTEM, provider="ibox", slug="test")
    return merchants.get(merchant_id=merchant_id)


@pytest.fixture
def lost(merchant: merchants.Account, contract: Contract) -> Payment:
    code = ledger_queries.accounts(ids=[contract.account_id])[contract.account_id].code
    answer = crediting.pay(
        Pay(f"{code}7", 30_000, "=1+1", is_taken=True, details={"purpose": "<b>за інтернет</b>"}),
        merchant=merchant,
        endpoint="terminal",
        space="ibox",
        at=AT,
        actor=SYSTEM,
    )
    return Payment.objects.get(id=answer.payment_id)


@pytest.fixture
def iryna(contract: Contract) -> Client:
    return client_of("iryna")


def test_the_list_its_filters_and_files(iryna: Client, lost: Payment) -> None:
    address = reverse("workspace:payments")
    page = iryna.get(address, {"channel": "IBOX", "state": "UNALLOCATED"}).content.decode()
    assert "payer not found" in page or "платника не знайдено" in page
    assert f"/workspace/payments/{lost.id}/" in page
    csv_file = iryna.get(address, {"as": "csv", "channel": "IBOX"})
    rows = list(csv.reader(io.StringIO(csv_file.content.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 2
    assert "300,00" in rows[1]
    assert "'=1+1" in rows[1]
    assert iryna.get(address, {"as": "xlsx"}).content[:2] == b"PK"


@pytest.mark.parametrize("junk", JUNK)
def test_hostile_filters_are_answered(iryna: Client, lost: Payment, junk: str) -> None:
    names = ("first", "last", "channel", "entity", "state", "contract", "key", "low", "high")
    for query in [dict.fromkeys(names, junk), {"before": junk}, {"key": junk}]:
        assert iryna.get(reverse("workspace:payments"), query).status_code == 200


def test_one_payment_is_allocated_by_its_suggestion(
    iryna: Client, contract: Contract, lost: Payment
) -> None:
    assert "зайва" not in iryna.get(reverse("workspace:payment", args=[lost.id])).content.decode()
    listed = iryna.get(reverse("workspace:unallocated")).content.decode()
    assert "&lt;b&gt;за інтернет" in listed
    address = reverse("workspace:payment-allocate", args=[lost.id])
    page = iryna.get(address)
    (guess,) = page.context["suggestions"]
    wrong: Any = iryna.post(address, {"contract": "\x00nobody"})
    assert wrong.status_code == 422
    before = ledger_queries.balance_kopecks(account_id=contract.account_id)
    assert iryna.post(address, {"contract": guess.code, "reason": "одна цифра"}).status_code == 302
    assert ledger_queries.balance_kopecks(account_id=contract.account_id) == before + 30_000
    assert iryna.post(address, {"contract": guess.code}).status_code == 302
    assert iryna.post(address, {"put_back": "1", "reason": ""}).status_code == 422
    assert iryna.post(address, {"put_back": "1", "reason": "помилка"}).status_code == 302
    assert ledger_queries.balance_kopecks(account_id=contract.account_id) == before


def test_a_day_is_reconciled_on_its_page(
    iryna: Client, contract: Contract, merchant: merchants.Account
) -> None:
    address = reverse("workspace:reconciliation-day", args=[merchant.id, ON_DATE.isoformat()])
    rows = f"id;amount;account;date\ngone;50;{contract.number};{ON_DATE} 12:00:00\n"
    file = SimpleUploadedFile("list.csv", rows.encode())
    assert iryna.post(address, {"take": "1", "file": file}).status_code == 302
    (line,) = iryna.get(address).context["found"].lines
    assert line.kind == "MISSING_HERE"
    dispute = {"do": "dispute", "row": line.row.id, "outcome": line.kind, "comment": "де?"}
    assert iryna.post(address, {**dispute, "comment": " "}).status_code == 400
    assert iryna.post(address, dispute).status_code == 302
    assert iryna.post(address, {"do": "post", "row": line.row.id}).status_code == 302
    assert iryna.post(address, {"do": "mend", "row": line.row.id}).status_code == 409
    assert iryna.post(address, {"do": "post", "row": 10**15}).status_code == 404
    assert iryna.post(address, {"do": "pull"}).status_code == 409
    assert iryna.post(address, {"settle": "1", "bank": "x", "reference": ""}).status_code == 422
    settled = {"settle": "1", "bank": "49,50", "fee": "0,50", "reference": "П-1"}
    assert iryna.post(address, settled).status_code == 302
    page = iryna.get(address)
    assert (page.context["found"].owed_kopecks, page.context["found"].wrong) == (0, 0)
    assert iryna.get(address, {"as": "csv"}).content.count(b"gone") == 1
    assert iryna.get(reverse("workspace:reconciliation"), {"day": ON_DATE}).status_code == 200
    for junk in ("nonsense", "9999-12-31"):
        wrong = reverse("workspace:reconciliation-day", args=[merchant.id, junk])
        assert iryna.get(wrong).status_code == 404


def test_secrets_of_an_account_are_written_and_never_shown(contract: Contract) -> None:
    admin = client_of("admin", Role.ADMINISTRATOR)
    address = reverse("workspace:merchant-new", args=["ibox"])
    typed = {
        "title": "Термінали",
        "slug": "secret-place",
        "is_active": "on",
        "networks": "10.0.0.0/8\n192.0.2.1",
        "low": "1",
        "high": "5000",
        "commission": "PERCENT",
        "percent": "1.5",
        "setting_basic_user": "ibox",
        "setting_basic_password": "p4ssw0rd!",
    }
    assert admin.post(address, {**typed, "networks": "nonsense"}).status_code == 422
    assert admin.post(address, {**typed, "low": "6000"}).status_code == 422
    assert admin.post(address, {**typed, "setting_basic_password": ""}).status_code == 422
    assert admin.post(address, typed).status_code == 302
    made = MerchantAccount.objects.get(slug="secret-place")
    assert (made.commission_bp, made.max_kopecks) == (150, 500_000)
    page = reverse("workspace:merchant", args=[made.id])
    assert "p4ssw0rd!" not in admin.get(page).content.decode()
    changed = {**typed, "title": "Інша назва", "setting_basic_password": ""}
    assert admin.post(page, changed).status_code == 302
    known = merchants.get(merchant_id=made.id)
    assert known.view["basic_password"] == "p4ssw0rd!"
    assert "Інша назва" in admin.get(reverse("workspace:merchants")).content.decode()
    assert "p4ssw0rd!" not in admin.post(page, {**typed, "low": "x"}).content.decode()


def test_a_contradiction_waits_until_somebody_has_looked_into_it(
    iryna: Client, merchant: merchants.Account, lost: Payment
) -> None:
    page = reverse("workspace:contradictions")
    assert f"/workspace/payments/{lost.id}/" not in iryna.get(page).content.decode()
    with transaction.atomic():
        answering.conflict(lost, at=AT, actor=SYSTEM, told="100501 77700")
    listed = iryna.get(page).content.decode()
    assert f"/workspace/payments/{lost.id}/" in listed
    assert "100501 77700" in listed
    filtered = iryna.get(reverse("workspace:payments"), {"state": "CONFLICT"}).content.decode()
    assert f"/workspace/payments/{lost.id}/" in filtered
    act = reverse("workspace:payment-conflict", args=[lost.id])
    assert iryna.post(act, {"comment": " "}).status_code == 400
    assert iryna.post(act, {"comment": "повторили помилково"}).status_code == 302
    assert iryna.post(act, {"comment": "ще раз"}).status_code == 409
    assert f"/workspace/payments/{lost.id}/" not in iryna.get(page).content.decode()
    detail = iryna.get(reverse("workspace:payment", args=[lost.id])).content.decode()
    assert "повторили помилково" in detail
    with transaction.atomic():
        answering.conflict(lost, at=AT, actor=SYSTEM, told="again")
    assert f"/workspace/payments/{lost.id}/" in iryna.get(page).content.decode()


def test_a_transfer_that_was_posted_wrong_is_taken_back_and_posted_anew(
    iryna: Client, merchant: merchants.Account, lost: Payment
) -> None:
    post = {"at": AT, "on_date": ON_DATE, "actor": SYSTEM, "merchant_id": merchant.id}
    wrong = settling.settle(**post, bank_kopecks=20_000, fee_kopecks=0, reference="П-1")
    clearing = merchant.clearing_account_id
    assert ledger_queries.balance_kopecks(account_id=clearing) == -10_000
    address = reverse("workspace:settlement", args=[wrong.id])
    assert "П-1" in iryna.get(address).content.decode()
    assert iryna.post(address, {"reason": ""}).status_code == 422
    assert iryna.post(address, {"reason": "описка"}).status_code == 302
    assert iryna.post(address, {"reason": "ще раз"}).status_code == 422
    assert "описка" in iryna.get(address).content.decode()
    right = settling.settle(**post, bank_kopecks=29_500, fee_kopecks=500, reference="П-1")
    assert right.id != wrong.id
    assert ledger_queries.balance_kopecks(account_id=clearing) == 0
    assert Settlement.objects.filter(reversal_journal_id__isnull=True).get() == right
    # More went back than came in: the payment system took it from our bank.
    day = reverse("workspace:reconciliation-day", args=[merchant.id, ON_DATE.isoformat()])
    told = {"settle": "1", "bank": "-7,00", "fee": "", "reference": "П-2"}
    assert iryna.post(day, told).status_code == 302
    assert ledger_queries.balance_kopecks(account_id=clearing) == -700
    assert not verification.verify().problems


def test_a_legal_entity_is_added_changed_and_given_a_place(
    merchant: merchants.Account, contract: Contract
) -> None:
    boss = client_of("boss", Role.ADMINISTRATOR)
    iban = "UA213223130000026007233566001"
    new = reverse("workspace:legal-entity-new")
    assert boss.post(new, {"name": "ФОП Друга", "edrpou": "12"}).status_code == 422
    assert boss.post(new, {"name": "ФОП Друга", "iban": iban[:-1] + "2"}).status_code == 422
    made = boss.post(new, {"name": "ФОП Друга", "edrpou": "1234567890", "iban": iban})
    assert made.status_code == 302
    entity = LegalEntity.objects.get(edrpou="1234567890")
    assert not entity.is_default
    unit = Subscription.objects.get(id=contract.subscription_id).building.locality_id
    address = reverse("workspace:legal-entity", args=[entity.id])
    told = {"name": "ФОП Друга", "mfo": "322313", "admin_unit_id": str(unit), "is_default": "1"}
    assert boss.post(address, told).status_code == 302
    entity.refresh_from_db()
    assert (entity.mfo, entity.is_default, LegalEntity.objects.filter(is_default=True).count()) == (
        "322313",
        True,
        1,
    )
    # The account of the other legal entity is not this place's any more.
    assert merchants.get(merchant_id=merchant.id).goes_by_place
    other = reverse("workspace:legal-entity", args=[merchant.legal_entity_id])
    taken = boss.post(other, {"name": "ISP", "admin_unit_id": str(unit)})
    assert taken.status_code == 422
    assert "ФОП Друга" in taken.content.decode()
    area = LegalEntityArea.objects.get()
    assert boss.post(address, {"drop": str(area.id)}).status_code == 302
    assert not LegalEntityArea.objects.exists()
    assert boss.get(reverse("workspace:legal-entities")).status_code == 200


@pytest.fixture
def acquired(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> Payment:
    """A payment of 100 hryvnias by card, of which the bank keeps two per cent."""
    merchant_id = payments.open_merchant(
        at=AT,
        actor=SYSTEM,
        provider="monobank",
        settings={"token": "uToken"},
        commission="PERCENT",
        commission_bp=200,
    )
    do(merchant_id, Pay(contract.number, 10_000, "k1"), at=AT)
    return Payment.objects.get(external_id="k1")


def says(monkeypatch: pytest.MonkeyPatch, answer: Any) -> Bank:
    """What the bank answers from now on; None: nothing."""
    bank = Bank(AT, answer)

    def send(link: HttpLink, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        return bank.send(request, operation=operation)

    monkeypatch.setattr(HttpLink, "send", send)
    return bank


def test_a_part_of_a_payment_is_given_back_from_its_page(
    iryna: Client, contract: Contract, acquired: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = reverse("workspace:payment", args=[acquired.id])
    address = reverse("workspace:payment-refund", args=[acquired.id])
    assert address in iryna.get(page).content.decode()
    assert address not in client_of("kateryna", Role.CASHIER).get(page).content.decode()
    form = iryna.get(address).content.decode()
    assert 'value="100,00"' in form
    token = form.partition('name="token" value="')[2].partition('"')[0]
    before = ledger_queries.balance_kopecks(account_id=contract.account_id)
    bank = says(monkeypatch, {"status": "success"})
    typed = {"token": token, "reason": "звернувся"}
    for amount, reason in (("", "x"), ("100,01", "x"), ("0", "x"), ("50", ""), ("ї", "x")):
        wrong = {**typed, "amount": amount, "reason": reason}
        assert iryna.post(address, wrong).status_code == 422
    assert not bank.requests
    for _twice in range(2):
        assert iryna.post(address, {**typed, "amount": "50"}).headers["Location"] == page
    assert [one["amount"] for one in bank.requests] == [5_000]
    assert ledger_queries.balance_kopecks(account_id=contract.account_id) == before - 4_900
    assert 'value="50,00"' in iryna.get(address).content.decode()
    says(monkeypatch, {"status": "failure"})
    refused = iryna.post(address, {"token": str(uuid.uuid4()), "reason": "ще", "amount": "50"})
    assert refused.status_code == 422
    assert Refund.objects.filter(state="FAILED").count() == 1
    assert verification.verify().problems == []


def test_a_refund_of_which_nobody_tells_is_settled_on_its_list(
    iryna: Client, acquired: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(monkeypatch, None)
    address = reverse("workspace:payment-refund", args=[acquired.id])
    asked = {"token": str(uuid.uuid4()), "reason": "звернувся", "amount": "100"}
    assert iryna.post(address, asked).status_code == 302
    refund = Refund.objects.get()
    assert refund.state == "UNKNOWN"
    listed = reverse("workspace:refunds")
    link = reverse("workspace:refund-settle", args=[refund.id])
    assert link not in iryna.get(listed).content.decode()
    monkeypatch.setattr(clock, "now", lambda: AT + timedelta(days=2))
    assert link in iryna.get(listed).content.decode()
    assert link in iryna.get(reverse("workspace:payment", args=[acquired.id])).content.decode()
    assert iryna.post(link, {"comment": "x"}).status_code == 400
    assert iryna.post(link, {"went": "yes", "comment": " "}).status_code == 400
    assert iryna.post(link, {"went": "no", "comment": "у кабінеті немає"}).status_code == 302
    assert iryna.post(link, {"went": "no", "comment": "ще раз"}).status_code == 409
    assert link not in iryna.get(listed).content.decode()
    # The bank has given it back after all.
    assert iryna.post(link, {"went": "yes", "comment": "у виписці"}).status_code == 302
    acquired.refresh_from_db()
    assert acquired.state == "REVERSED"
    assert verification.verify().problems == []


def test_a_large_refund_waits_for_a_second_person(
    iryna: Client, contract: Contract, acquired: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = says(monkeypatch, {"status": "success"})
    address = reverse("workspace:payment-refund", args=[acquired.id])
    before = ledger_queries.balance_kopecks(account_id=contract.account_id)
    small = {"token": str(uuid.uuid4()), "reason": "звернувся", "amount": "30"}
    with override_settings(GEOBILL_SECOND_PERSON_ABOVE_UAH=50):
        iryna.post(address, small)
        for _twice in range(2):  # in small parts it is as much
            large = {"token": str(uuid.uuid4()), "reason": "решта", "amount": "30"}
            iryna.post(address, large)
    waits = list(Refund.objects.filter(state="WAITS").order_by("id"))
    assert len(bank.requests) == 1
    assert [one.told_kopecks for one in waits] == [3_000, 3_000]
    assert 'value="10,00"' in iryna.get(address).content.decode()
    let_go = reverse("workspace:refund-approve", args=[waits[0].id])
    decline = reverse("workspace:refund-decline", args=[waits[1].id])
    own = iryna.get(reverse("workspace:refunds")).content.decode()
    assert (let_go in own, decline in own) == (False, True)
    assert iryna.post(let_go).status_code == 403
    olha = client_of("olha", Role.ACCOUNTANT)
    assert let_go in olha.get(reverse("workspace:refunds")).content.decode()
    assert olha.post(decline, {"comment": " "}).status_code == 400
    assert olha.post(decline, {"comment": "не ця сума"}).status_code == 302
    assert olha.post(let_go).status_code == 302
    assert olha.post(let_go).status_code == 409
    assert len(bank.requests) == 2
    assert ledger_queries.balance_kopecks(account_id=contract.account_id) < before - 5_800
    assert 'value="40,00"' in iryna.get(address).content.decode()
    assert verification.verify().problems == []


def test_a_system_that_gives_nothing_back_by_itself_says_so(
    iryna: Client, contract: Contract, merchant: merchants.Account
) -> None:
    do(merchant.id, Pay(contract.number, 10_000, "k1"), at=AT)
    payment = Payment.objects.get(external_id="k1")
    address = reverse("workspace:payment-refund", args=[payment.id])
    assert 'name="amount"' not in iryna.get(address).content.decode()
