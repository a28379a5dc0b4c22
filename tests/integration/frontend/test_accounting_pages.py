"""Statement files, the replay, accounting pages and the export: the same numbers everywhere."""

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from billing.bookkeeping import months, stopping
from billing.charging.models import ChargeRun
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import Leg
from billing.ledger.verification import verify
from billing.models import Payment
from billing.payments import operations as payments
from billing.reporting import accounting
from billing.tasks import LedgerWrongError, verify_ledger
from project.core import clock
from project.core.actor import SYSTEM
from project.core.models import AuditEntry
from project.core.roles import Role
from tests.integration.frontend.test_money_operations import Contract, client_of
from tests.support.ledger import superuser_connection
from tests.support.provider import AT, ON_DATE, small_provider

JUNK = ["\x00", "-1", "99999999999999999999", "9999-12-31", "0001-01-01", "ї", "' OR 1=1", "1e9"]


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the day on which the provider sold."""
    monkeypatch.setattr(clock, "now", lambda: AT)
    monkeypatch.setattr(clock, "today", lambda at=None: ON_DATE)


@pytest.fixture
def contract(db: None) -> Contract:
    made = Contract(small_provider())
    made.pay(50_000)
    made.pay(7_050)
    return made


@pytest.fixture
def iryna(contract: Contract) -> Client:
    return client_of("iryna")


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


def words_of(box: Any) -> list[str]:
    """The text inside a laid out box."""
    own = [box.text] if getattr(box, "text", "") else []
    return own + [word for child in getattr(box, "children", ()) for word in words_of(child)]


def statement(client: Client, contract: Contract, **asked: Any) -> Any:
    path = reverse("workspace:statement", args=[contract.customer_id])
    return client.get(path, {"contract": contract.account_id, **asked})


def file_of(client: Client, contract: Contract, as_kind: str, **asked: Any) -> Any:
    path = reverse("workspace:statement-file", args=[contract.customer_id, as_kind])
    return client.get(path, {"contract": contract.account_id, **asked})


class TestTheStatement:
    def test_it_is_searched_by_amount_number_of_the_provider_receipt_and_kind(
        self, iryna: Client, contract: Contract
    ) -> None:
        payment = Payment.objects.get(amount_kopecks=7_050)
        for asked in (
            {"amount": "70,50"},
            {"amount": "-70.5"},
            {"text": payment.external_id},
            {"text": payment.external_id[:13].upper()},
            {"text": payment.receipt_number},
            {"kind": "PAYMENT", "amount": "70,5"},
        ):
            lines = statement(iryna, contract, **asked).context["page"].rows
            assert [line.line.amount_kopecks for line in lines] == [7_050], asked
        went_out = statement(iryna, contract, direction="OUT").context["page"].rows
        assert {line.line.kind for line in went_out} == {"CHARGE"}
        assert "Нічого не підходить" in statement(iryna, contract, amount="3").content.decode()
        nothing = statement(iryna, contract, last=(ON_DATE - timedelta(1)).isoformat())
        assert nothing.context["page"].rows == []

    def test_a_day_that_was_charged_late_stands_among_its_own_day(
        self, iryna: Client, contract: Contract
    ) -> None:
        other = ledger.ensure_control_account(at=AT, code="adjustments", kind="ADJUSTMENT")
        ledger.post(
            kind="ADJUSTMENT",
            value_date=ON_DATE - timedelta(2),
            posted_at=AT,
            idempotency_key="late",
            legs=[Leg(contract.account_id, -500), Leg(other, 500)],
            actor=SYSTEM,
            source="test",
        )
        lines = statement(iryna, contract).context["page"].rows
        assert lines[-1].line.amount_kopecks == -500
        assert lines[-1].balance_kopecks == -500
        assert lines[0].balance_kopecks == contract.balance
        second = statement(iryna, contract, before=lines[0].seq).context["page"].rows
        assert [line.seq for line in second] == [line.seq for line in lines[1:]]

    def test_csv_excel_and_pdf_carry_the_same_balances(
        self, iryna: Client, contract: Contract
    ) -> None:
        csv_rows = rows_of(file_of(iryna, contract, "csv").content)
        facts = {row[0]: row[1] for row in csv_rows if len(row) == 2}
        assert facts["Залишок на початок"] == "0,00"
        assert facts["Залишок на кінець"] == f"{contract.balance / 100:.2f}".replace(".", ",")
        body = csv_rows[len(facts) + 1 :]
        assert body[-1][3] == facts["Залишок на кінець"]
        book = load_workbook(io.BytesIO(file_of(iryna, contract, "xlsx").content))
        cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
        assert [round(row[2] * 100) for row in cells[len(facts) + 1 :]] == [
            round(float(row[2].replace(",", ".")) * 100) for row in body
        ]
        pdf = file_of(iryna, contract, "pdf")
        assert pdf["Content-Type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF-")
        assert len(pdf.content) > 5_000
        assert f'filename="statement-{contract.number}' in pdf["Content-Disposition"]

    def test_the_foot_of_each_page_has_the_number_as_it_is_written(self) -> None:
        from weasyprint import HTML

        html = render_to_string(
            "workspace/statement_pdf.html",
            {
                "statement": {
                    "number": 'UA-100/27 "Ґ"',
                    "first": ON_DATE,
                    "last": ON_DATE,
                    "opening_kopecks": 0,
                    "credit_kopecks": 0,
                    "debit_kopecks": 0,
                    "closing_kopecks": 0,
                },
                "made_on": ON_DATE,
            },
        )
        (page,) = HTML(string=html).render().pages
        foot = [box for box in page._page_box.children if getattr(box, "at_keyword", "")]
        texts = {box.at_keyword: "".join(words_of(box)) for box in foot}
        assert texts["@bottom-left"] == '№ UA-100/27 "Ґ"'
        assert texts["@bottom-right"] == "1 / 1"

    def test_the_opening_balance_is_the_closing_one_of_the_day_before(
        self, iryna: Client, contract: Contract
    ) -> None:
        following = (ON_DATE + timedelta(1)).isoformat()
        rows = rows_of(file_of(iryna, contract, "csv", first=following, last=following).content)
        facts = {row[0]: row[1] for row in rows if len(row) == 2}
        assert facts["Залишок на початок"] == facts["Залишок на кінець"] != "0,00"
        asked = {"first": following, "last": ON_DATE.isoformat()}
        assert file_of(iryna, contract, "csv", **asked).status_code == 400
        assert file_of(iryna, contract, "exe").status_code == 404

    def test_names_are_text_in_files_never_a_formula(self, db: None) -> None:
        from crm import operations as crm

        made = Contract(
            small_provider(),
            new_customer=crm.NewCustomer(full_name="=1+1", phone="0501112233"),
        )
        client = client_of("petro")
        assert ["Абонент", "'=1+1"] in rows_of(file_of(client, made, "csv").content)
        book = load_workbook(io.BytesIO(file_of(client, made, "xlsx").content))
        assert book.active["B2"].data_type == "s"
        assert file_of(client, made, "pdf").status_code == 200

    @pytest.mark.parametrize("text", JUNK)
    def test_hostile_questions_are_answered(
        self, iryna: Client, contract: Contract, text: str
    ) -> None:
        for name in ("first", "last", "kind", "direction", "amount", "text", "before"):
            assert statement(iryna, contract, **{name: text}).status_code == 200, name
            assert file_of(iryna, contract, "csv", **{name: text}).status_code in {200, 400}
        path = reverse("workspace:statement", args=[contract.customer_id])
        assert iryna.get(path, {"contract": text}).status_code in {200, 404}


class TestAccounting:
    def page(self, client: Client, name: str, **asked: Any) -> Any:
        return client.get(reverse(f"workspace:{name}"), asked)

    def test_the_trial_balance_sums_to_zero_on_the_page_and_in_files(self, iryna: Client) -> None:
        page = self.page(iryna, "trial-balance")
        assert (page.status_code, page.context["total"]) == (200, 0)
        assert page.context["debit"] == -page.context["credit"] != 0
        rows = rows_of(self.page(iryna, "trial-balance", **{"as": "csv"}).content)[2:]
        assert sum(round(float(row[5].replace(",", ".")) * 100) for row in rows) == 0
        book = self.page(iryna, "trial-balance", **{"as": "xlsx"}).content
        assert load_workbook(io.BytesIO(book)).active["A1"].value == "На кінець дня"
        before = self.page(iryna, "trial-balance", on=(ON_DATE - timedelta(1)).isoformat())
        assert before.context["debit"] == 0

    def test_turnover_of_days_and_of_the_month_are_the_same_money(self, iryna: Client) -> None:
        by_day = self.page(iryna, "turnover").context
        by_month = self.page(iryna, "turnover", by="MONTH").context
        assert sum(row.net_kopecks for row in by_day["rows"]) == 0

        def sums(rows: Any) -> dict[Any, int]:
            found: dict[Any, int] = {}
            for row in rows:
                found[row.code] = found.get(row.code, 0) + row.net_kopecks
            return found

        assert sums(by_day["rows"]) == sums(by_month["rows"])
        for row in by_day["sheet"]:
            assert row.closing_kopecks == sums(by_day["rows"])[row.code]
        one = self.page(iryna, "turnover", account="clearing.cash").context["rows"]
        assert [row.debit_kopecks for row in one] == [-57_050]
        rows = rows_of(self.page(iryna, "turnover", **{"as": "csv"}).content)
        assert rows[2][:2] == ["День", "Рахунок"]

    def test_clearing_is_settled_oldest_first_and_a_reversal_takes_its_own_payment(
        self, iryna: Client, contract: Contract
    ) -> None:
        later = ON_DATE + timedelta(5)
        payments.reverse_payment(
            at=AT + timedelta(days=5),
            on_date=later,
            actor=SYSTEM,
            payment_id=Payment.objects.get(amount_kopecks=50_000).id,
            reason="чарджбек",
        )
        ((row, _aged),) = self.page(iryna, "clearing", on=later.isoformat()).context["rows"]
        assert (row.code, row.due_kopecks, row.oldest_days) == ("clearing.cash", 7_050, 5)
        assert row.buckets == (0, 0, 7_050, 0, 0)
        clearing = ledger_queries.find_account(code="clearing.cash")
        bank = ledger.ensure_control_account(at=AT, code="clearing.bank", kind="CLEARING")
        assert clearing is not None
        ledger.post(
            kind="TRANSFER",
            value_date=later,
            posted_at=AT,
            idempotency_key="settled",
            legs=[Leg(clearing.id, 7_000), Leg(bank, -7_000)],
            actor=SYSTEM,
            source="test",
        )
        rows = [
            row for row, _aged in self.page(iryna, "clearing", on=later.isoformat()).context["rows"]
        ]
        assert [(row.code, row.buckets) for row in rows] == [
            ("clearing.bank", (7_000, 0, 0, 0, 0)),
            ("clearing.cash", (0, 0, 50, 0, 0)),
        ]
        csv_rows = rows_of(self.page(iryna, "clearing", **{"as": "csv"}).content)
        assert csv_rows[2][0] == "clearing.cash"

    def test_what_is_taken_back_and_what_we_owe_have_their_own_age(
        self, iryna: Client, contract: Contract
    ) -> None:
        cash = ledger_queries.find_account(code="clearing.cash")
        assert cash is not None
        bank = ledger.ensure_control_account(at=AT, code="bank.current", kind="ADJUSTMENT")
        owed = ledger.ensure_control_account(at=AT, code="clearing.refunds.bank", kind="CLEARING")

        def post(key: str, day: date, *legs: Leg) -> int:
            return ledger.post(
                kind="TRANSFER", value_date=day, posted_at=AT, idempotency_key=key,
                legs=legs, actor=SYSTEM, source="settlement",
            )  # fmt: skip

        to_bank = ON_DATE + timedelta(9)
        journal = post("bank", to_bank, Leg(cash.id, 57_050), Leg(bank, -57_050))
        ledger.reverse(
            journal_id=journal, value_date=to_bank, posted_at=AT, actor=SYSTEM, narrative="помилка"
        )
        post("refund", ON_DATE, Leg(contract.account_id, -3_000), Leg(owed, 3_000))
        found = accounting.clearing(on_date=ON_DATE + timedelta(10))
        assert [(row.code, row.oldest_days, row.buckets) for row in found] == [
            ("clearing.cash", 10, (0, 0, 0, 57_050, 0)),
            ("clearing.refunds.bank", 10, (0, 0, 0, -3_000, 0)),
        ]

    def test_the_export_is_what_was_charged_and_received(
        self, iryna: Client, settings: Any
    ) -> None:
        answer = self.page(iryna, "entries", first=ON_DATE, last=ON_DATE)
        head, *rows = rows_of(answer.content)
        assert head[:6] == ["Date", "Document", "Debit", "Credit", "Analytics", "Amount"]
        assert [row[:6] for row in rows] == [
            [
                "10.11.2026",
                "GB-20261110-revenue:internet",
                "361",
                "703",
                "revenue:internet",
                "10.00",
            ]
        ]
        settings.GEOBILL_CHART_OF_ACCOUNTS = ["REVENUE=703.1", "clearing.cash=302"]
        answer = self.page(iryna, "entries", scope="ALL", encoding="cp1251")
        found = {tuple(row.split(";")[2:6]) for row in answer.content.decode("cp1251").splitlines()}
        assert ("302", "361", "clearing.cash", "570.50") in found
        assert ("361", "703.1", "revenue:internet", "10.00") in found

    def test_what_the_payment_system_transfers_to_the_bank_passes_no_clients_account(
        self, iryna: Client
    ) -> None:
        own = {
            code: ledger.ensure_control_account(at=AT, code=code, kind=kind)
            for code, kind in (
                ("clearing.liqpay", "CLEARING"),
                ("bank.current", "ADJUSTMENT"),
                ("fees.liqpay", "ADJUSTMENT"),
                ("suspense.unallocated", "SUSPENSE"),
            )
        }
        for key, legs in {
            "unknown payer": [("clearing.liqpay", -10_000), ("suspense.unallocated", 10_000)],
            "to the bank": [
                ("clearing.liqpay", 10_000),
                ("bank.current", -9_850),
                ("fees.liqpay", -150),
            ],
        }.items():
            ledger.post(
                kind="TRANSFER",
                value_date=ON_DATE,
                posted_at=AT,
                idempotency_key=key,
                legs=[Leg(own[code], kopecks) for code, kopecks in legs],
                actor=SYSTEM,
                source="settlement",
            )
        rows = rows_of(self.page(iryna, "entries", scope="ALL").content)[1:]
        assert {tuple(row[2:6]) for row in rows} == {
            ("301", "361", "clearing.cash", "570.50"),
            ("361", "703", "revenue:internet", "10.00"),
            ("333", "685", "clearing.liqpay, suspense.unallocated", "100.00"),
            ("311", "333", "bank.current, clearing.liqpay", "98.50"),
            ("949", "333", "fees.liqpay, clearing.liqpay", "1.50"),
        }

    def test_a_file_is_never_cut_where_the_page_is(
        self, iryna: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(accounting, "MAX_ROWS", 1)
        assert len(self.page(iryna, "turnover").context["rows"]) == 1
        files = [
            rows_of(self.page(iryna, "turnover", **{"as": "csv"}).content)[3:],
            rows_of(self.page(iryna, "entries", scope="ALL").content)[1:],
        ]
        assert [len(rows) for rows in files] == [3, 2]

    @pytest.mark.parametrize("text", JUNK)
    def test_hostile_questions_are_answered(self, iryna: Client, text: str) -> None:
        for page in ("trial-balance", "turnover", "clearing", "entries", "months"):
            for name in ("on", "first", "last", "by", "account", "as", "scope", "encoding"):
                assert self.page(iryna, page, **{name: text}).status_code in {200, 400}
        close = reverse("workspace:month-close")
        answer = iryna.post(close, {"month": text, "typed_word": text})
        assert answer.status_code in {400, 409}

    @pytest.mark.parametrize("role", [Role.OPERATOR, Role.CASHIER])
    def test_the_companys_books_are_not_for_everybody(self, contract: Contract, role: Role) -> None:
        client = client_of("other", role)
        for page in ("trial-balance", "turnover", "clearing", "entries", "months"):
            assert self.page(client, page).status_code == 403


class TestMonths:
    def close(self, client: Client, month: str, word: str = "закрити") -> Any:
        path = reverse("workspace:month-close")
        return client.post(path, {"month": month, "typed_word": word})

    def test_a_month_is_closed_when_over_charged_and_in_order(
        self, iryna: Client, contract: Contract, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.close(iryna, "2026-11-01").status_code == 409
        monkeypatch.setattr(clock, "today", lambda at=None: date(2027, 1, 2))
        assert self.close(iryna, "2026-11-01", word="так").status_code == 400
        assert self.close(iryna, "2026-12-01").status_code == 409  # November is open
        run = ChargeRun.objects.create(charge_date=date(2026, 11, 29), state="DONE")
        assert self.close(iryna, "2026-11-01").status_code == 409  # the 30th is not charged
        ChargeRun.objects.filter(id=run.id).update(charge_date=date(2026, 11, 30))
        assert self.close(iryna, "2026-11-01").status_code == 302
        assert [one.closed_at is not None for one in months.months(on_date=date(2027, 1, 2))] == [
            False,
            False,
            True,
        ]
        page = iryna.get(reverse("workspace:months")).content.decode()
        assert "закрито" in page
        assert AuditEntry.objects.filter(action="billing.ledger.month_closed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_broken_account_is_stopped_alone_shown_step_by_step_and_released_when_right() -> None:
    broken = Contract(small_provider())
    broken.pay(50_000)
    client = client_of("iryna")
    path = reverse("workspace:recalculate", args=[broken.customer_id])
    right = client.get(path)
    assert right.context["replay"].is_equal
    assert "Рахунок правильний" in right.content.decode()
    change = (
        "UPDATE ledger_balance SET balance_kopecks = balance_kopecks + %s WHERE account_id = %s"
    )
    with superuser_connection() as bare:
        bare.execute(change, [100, broken.account_id])
        assert verify_problems() == {"I3"}
        with pytest.raises(LedgerWrongError):
            verify_ledger()
        wrong = client.get(path)
        assert not wrong.context["replay"].is_equal
        assert "Зупинено" in wrong.content.decode()
        released = reverse("workspace:account-release", args=[broken.customer_id])
        still = client.post(released)
        assert still.status_code == 409
        assert "ще не сходиться" in still.content.decode()
        bare.execute(change, [-100, broken.account_id])
    assert client.post(released).status_code == 302
    assert client.post(released).status_code == 409
    assert verify_ledger() > 0
    assert {
        "billing.ledger.account_parked",
        "billing.ledger.account_released",
    } <= set(AuditEntry.objects.values_list("action", flat=True))
    assert stopping.park_broken(problems=[], at=AT, actor=SYSTEM) == []


@pytest.mark.django_db(transaction=True)
def test_a_line_that_was_changed_behind_our_back_is_named_in_the_replay() -> None:
    broken = Contract(small_provider())
    broken.pay(50_000)
    broken.pay(3_000)
    client = client_of("iryna")
    with superuser_connection() as bare:
        bare.execute("ALTER TABLE ledger_posting DISABLE TRIGGER USER")
        bare.execute(
            "UPDATE ledger_posting SET amount_kopecks = amount_kopecks - 1"
            " WHERE account_id = %s AND seq = 1",
            [broken.account_id],
        )
    page = client.get(reverse("workspace:recalculate", args=[broken.customer_id]))
    replay = page.context["replay"]
    assert replay.wrong_count == replay.count  # the balance of each later step differs
    assert not replay.wrong[0].is_hash_right
    assert re.search(r'class="is-wrong"', page.content.decode())
    assert connection.connection is not None


def verify_problems() -> set[str]:
    return {problem.invariant for problem in verify().problems}
