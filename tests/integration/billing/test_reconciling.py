"""A day beside the payment system's list: missing, wrong amounts, disputes; ends at zero."""

from datetime import date
from typing import Any

import pytest

from billing.calendar import ONE_DAY, midnight
from billing.ledger import queries as ledger_queries
from billing.ledger.verification import verify
from billing.payments import (
    crediting,
    mending,
    merchants,
    reconciling,
    settling,
    statements,
    taking_lists,
)
from billing.payments import operations as payments
from billing.payments.calls import Pay
from billing.payments.models import MerchantAccount, ProviderRegisterRow
from billing.payments.statements import BadStatementError
from project.core.errors import DomainError
from tests.support.billing import CASHIER, World, balance, moment

DAY = date(2026, 11, 10)
AT = moment(DAY, 20)
WHO: dict[str, Any] = {"at": AT, "actor": CASHIER}


@pytest.fixture
def merchant(world: World) -> MerchantAccount:
    return MerchantAccount.objects.get(
        id=payments.open_merchant(at=moment(DAY), actor=CASHIER, provider="ibox", slug="test")
    )


def paid(merchant: MerchantAccount, account: int, key: str, kopecks: int) -> None:
    crediting.pay(
        Pay(code_of(account), kopecks, key, paid_at=moment(DAY, 12)),
        merchant=merchants.get(merchant_id=merchant.id),
        endpoint="terminal",
        space="ibox",
        at=moment(DAY, 12),
        actor=CASHIER,
    )


def code_of(account_id: int) -> str:
    return ledger_queries.accounts(ids=[account_id])[account_id].code


def taken(merchant: MerchantAccount, *lines: str) -> reconciling.Day:
    text = "id;amount;account;date\n" + "\n".join(lines)
    taking_lists.take_file(at=AT, merchant_id=merchant.id, content=text.encode(), name="list.csv")
    return reconciling.day(merchant=merchant, on_date=DAY)


def kinds(day: reconciling.Day) -> dict[str, str]:
    return {line.key: str(line.kind) for line in day.lines}


def test_one_missing_and_two_wrong_amounts_end_at_zero(
    world: World, merchant: MerchantAccount
) -> None:
    account = world.account()
    code = code_of(account)
    for key, kopecks in (("a", 10_000), ("low", 20_000), ("high", 30_000), ("ours", 4_000)):
        paid(merchant, account, key, kopecks)
    day = taken(
        merchant,
        f"a;100,00;{code};{DAY} 12:00:00",
        f"low;250,00;{code};{DAY} 12:01:00",
        f"high;290.00;{code};{DAY} 12:02:00",
        f"gone;50;{code};{DAY} 12:03:00",
    )
    assert kinds(day) == {
        "a": "MATCHED",
        "low": "AMOUNT_DIFFERS",
        "high": "AMOUNT_DIFFERS",
        "gone": "MISSING_HERE",
        "ours": "MISSING_THERE",
    }
    assert (day.theirs_kopecks, day.ours_kopecks, day.wrong) == (69_000, 64_000, 4)
    rows = {row.key: row.id for row in ProviderRegisterRow.objects.all()}
    mending.post_missing(**WHO, row_id=rows["gone"])
    mending.mend_amount(**WHO, row_id=rows["low"])
    mending.mend_amount(**WHO, row_id=rows["high"])
    for name in ("low", "high"):
        with pytest.raises(mending.CannotMendError):
            mending.mend_amount(**WHO, row_id=rows[name])
    mending.post_missing(**WHO, row_id=rows["gone"])  # once only
    day = reconciling.day(merchant=merchant, on_date=DAY)
    assert (day.theirs_kopecks, day.ours_kopecks, day.wrong) == (69_000, 73_000, 1)
    assert balance(account) == 73_000
    (left,) = (line for line in day.lines if line.kind != "MATCHED")
    assert left.payment is not None
    asked = mending.open_dispute(
        **WHO,
        merchant_id=merchant.id,
        on_date=DAY,
        payment_id=left.payment.id,
        outcome=left.kind,
        comment="де 40 гривень?",
    )
    assert reconciling.disputes() == [asked]
    mending.close_dispute(**WHO, dispute_id=asked.id, resolution="прийшло наступного дня")
    assert reconciling.disputes_count() == 0
    made = [
        settling.settle(
            **WHO,
            on_date=DAY,
            merchant_id=merchant.id,
            bank_kopecks=72_000,
            fee_kopecks=1_000,
            reference="П-17",
        )
        for _again in range(2)
    ]
    assert made[0] == made[1]
    assert reconciling.day(merchant=merchant, on_date=DAY).owed_kopecks == 0
    with pytest.raises(mending.CannotMendError):
        settling.settle(
            **WHO,
            on_date=DAY,
            merchant_id=merchant.id,
            bank_kopecks=1,
            fee_kopecks=0,
            reference="П-17",
        )
    assert verify().problems == []


def test_a_system_without_lists_says_so(merchant: MerchantAccount) -> None:
    with pytest.raises(payments.CannotPayError):
        taking_lists.pull(
            at=AT, merchant_id=merchant.id, start=midnight(DAY), end=midnight(DAY + ONE_DAY)
        )


CAMT = """<?xml version="1.0"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt>
<Ntry><Amt Ccy="UAH">300.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><BookgDt><Dt>2026-11-10</Dt></BookgDt>
<AcctSvcrRef>B1</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Dbtr><Nm>Коваленко О.</Nm></Dbtr>
</RltdPties><RmtInf><Ustrd>За інтернет, дог. {code},</Ustrd><Ustrd>без ПДВ</Ustrd></RmtInf></TxDtls>
</NtryDtls></Ntry>
<Ntry><Amt Ccy="UAH">1</Amt><CdtDbtInd>DBIT</CdtDbtInd><BookgDt><Dt>2026-11-10</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def test_a_banks_statement_is_matched_by_its_purposes(world: World) -> None:
    bank_id = payments.open_merchant(at=moment(DAY), actor=CASHIER, provider="bank", slug="main")
    bank = MerchantAccount.objects.get(id=bank_id)
    account = world.account()
    content = CAMT.replace("{code}", code_of(account)).encode()
    for _again in range(2):
        days = taking_lists.take_file(at=AT, merchant_id=bank_id, content=content, name="x.xml")
    assert days == [DAY]
    (line,) = reconciling.day(merchant=bank, on_date=DAY).lines
    assert line.row is not None
    assert line.row.account_code == code_of(account)
    assert line.row.details["payer"] == "Коваленко О."
    for _again in range(2):
        taking_lists.post_all(**WHO, row_ids=[line.row.id])
    assert balance(account) == 30_050


def test_a_statement_of_another_account_is_refused(world: World) -> None:
    ours, theirs = "UA213223130000026007233566001", "UA900000000000000000000000001"
    bank_id = payments.open_merchant(
        at=moment(DAY), actor=CASHIER, provider="bank", slug="main", settings={"iban": ours}
    )
    code = code_of(world.account())
    entry = ":60F:C261109UAH1,00\n:61:2611101110C5,00NTRFNONREF//B1\n:86:{code}\n"
    text = f":20:S\n:25:{{iban}}\n{entry}".replace("{code}", code)
    take = {"at": AT, "merchant_id": bank_id, "name": "x.sta"}
    with pytest.raises(BadStatementError, match=theirs):
        taking_lists.take_file(content=text.replace("{iban}", theirs).encode(), **take)
    assert not ProviderRegisterRow.objects.exists()
    assert taking_lists.take_file(content=text.replace("{iban}", ours).encode(), **take) == [DAY]
    row = ProviderRegisterRow.objects.get()
    assert (row.key, row.account_code) == ("261110/B1", code)


def test_the_daily_file_of_a_payment_system_is_read_in_its_own_form(world: World) -> None:
    easypay = payments.open_merchant(
        at=moment(DAY),
        actor=CASHIER,
        provider="easypay",
        slug="day",
        settings={"service_id": "1"},
    )
    code = code_of(world.account())
    cells = [code, "125.50", *[""] * 6, f"{DAY}T12:00:00", *[""] * 5, "e-1"]
    back = [code, "-25.50", *[""] * 6, f"{DAY}T13:00:00", *[""] * 5, "e-1"]
    content = "\n".join(";".join(line) for line in (cells, back)).encode()
    take = {"at": AT, "merchant_id": easypay, "name": "easypay.csv"}
    assert taking_lists.take_file(content=content, **take) == [DAY]
    rows = ProviderRegisterRow.objects.order_by("is_reversal").values_list(
        "key", "amount_kopecks", "account_code", "is_reversal"
    )
    assert list(rows) == [("e-1", 12_550, code, False), ("e-1", 2_550, code, True)]
    # A table with titles is read too; what is neither says what was expected.
    table = f"id;amount;account;date\ne-2;10;{code};{DAY}".encode()
    assert taking_lists.take_file(content=table, **take) == [DAY]
    with pytest.raises(BadStatementError, match="EasyPay"):
        taking_lists.take_file(content=b"1;b;c", **take)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff",
        b":20:1\n:25:UA",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b"id;amount\n1;2",
        b"amount;date\nx;2026-11-10",
        b"amount;date\n1;yesterday",
        b"amount;date\n1" + b"0" * 40 + b";2026-11-10",
        b"a" * 1_000_001,
        b"amount;date\n-5;2026-11-10",
    ],
)
def test_no_file_breaks_the_reading(merchant: MerchantAccount, content: bytes) -> None:
    try:
        rows = list(statements.read(content).rows)
    except BadStatementError:
        rows = []
    assert rows == []
    with pytest.raises(DomainError):
        taking_lists.take_file(at=AT, merchant_id=merchant.id, content=content, name="f")
