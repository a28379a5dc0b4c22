"""Statements of banks in MT940 and CAMT.053: what is read, and what is refused in words."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.calendar import midnight
from billing.payments import mt940, statements
from billing.payments.statement_rows import BadStatementError

IBAN = "UA213223130000026007233566001"
HEAD = f":20:STMT1\n:25:{IBAN}\n:28C:61/1\n:60F:C261109UAH1000,00\n"
MARCH = """:61:2611101110C125,50NTRFNONREF//B123
:86:Оплата за інтернет, договір 100500
:61:2611101110D10,00NCHGNONREF//B124
:86:Комісія банку
:61:2611101110RC1,00NTRFNONREF//B125
:86:Повернення
:61:2611101110C1,NTRF100501
:86:166?20Internet 100501?21 листопад?30322313?32Коваленко О.?38UA113052990000026000000000001
:61:2611101110C40,00NTRFNONREF
:86:Договір 7
:61:2611101110C40,00NTRFNONREF
:86:Договір 7
:62F:C261110UAH1206,50
-
"""
STATEMENT = HEAD + MARCH


@pytest.mark.parametrize(
    "content",
    [
        STATEMENT.encode(),
        STATEMENT.replace("\n", "\r\n").encode("cp1251"),
        b"\xef\xbb\xbf" + STATEMENT.encode(),
        ("{1:F01BANKUAUXAXXX0}{2:O9400}{4:\n" + STATEMENT.rstrip() + "}").encode(),
    ],
)
def test_credits_are_read_each_by_itself(content: bytes) -> None:
    read = statements.read(content)
    assert read.ibans == {IBAN}
    assert [row.amount_kopecks for row in read.rows] == [12_550, 100, 4_000, 4_000]
    first, named, *same = read.rows
    assert (first.key, first.paid_at) == ("261110/B123", midnight(date(2026, 11, 10)))
    assert first.details["purpose"] == "Оплата за інтернет, договір 100500"
    assert (named.key, named.details["payer"]) == ("261110/100501", "Коваленко О.")
    assert "Internet 100501" in named.details["purpose"]
    # Two entries that say the same are two payments, and stay so in the next file.
    assert same[1].key == f"{same[0].key}:2"
    assert statements.read(content).rows == read.rows


@pytest.mark.parametrize(
    "entry",
    [
        "garbage",
        "2613450101C1,00NTRFNONREF",  # there is no such day
        "2611101110C1,00",  # no type: what follows the amount is not known
        "2611101110C99999999999999999999,00NTRFNONREF",
        "2611101110C0,00NTRFNONREF",
        "2611101110C1,234NTRFNONREF",
        "2611101110C1,2,3NTRFNONREF",
    ],
)
def test_an_entry_that_cannot_be_read_is_named_and_nothing_is_guessed(entry: str) -> None:
    with pytest.raises(BadStatementError):
        statements.read(f"{HEAD}:61:{entry}\n:86:x\n:62F:C261110UAH1,00\n".encode())


@pytest.mark.parametrize(
    "head", [":20:S\n:25:X\n", ":20:S\n:25:X\n:60F:C261109USD1,00\n", "{1:F01}{4:\n:20:S\n"]
)
def test_money_of_another_currency_or_of_none_is_refused(head: str) -> None:
    with pytest.raises(BadStatementError):
        statements.read(f"{head}:61:2611101110C1,00NTRFNONREF\n:86:x\n".encode())


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(BadStatementError):
        statements.read((HEAD + ":61:x\n" * 20_001).encode())


def test_the_text_is_never_taken_for_the_name_of_a_file(tmp_path: object) -> None:
    assert not mt940.looks_so(b"/etc/passwd")
    assert statements.read(b":20:/etc/passwd").rows == []


_PARTS = st.sampled_from(
    [":61:", ":86:", ":25:", ":60F:", ":20:", "C261110UAH", "2611101110C1,5NTRFA//B\n", "?20", "\n"]
)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    where=st.integers(0, len(STATEMENT)),
    cut=st.integers(0, 60),
    put=st.one_of(st.text(max_size=40), st.lists(_PARTS, max_size=12).map("".join)),
)
def test_a_spoiled_statement_is_read_or_refused_in_words(where: int, cut: int, put: str) -> None:
    text = STATEMENT[:where] + put + STATEMENT[where + cut :]
    try:
        rows = mt940.read(text.encode("utf-8", "replace")).rows
    except BadStatementError:
        return
    assert all(0 < row.amount_kopecks <= 10**12 and row.key for row in rows)
    assert len({row.key for row in rows if row.key.startswith("h:")}) == sum(
        row.key.startswith("h:") for row in rows
    )
