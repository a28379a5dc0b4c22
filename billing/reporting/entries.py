"""Accounting entries of a day for another accounting system (1C, BAS): debit, credit, amount.

The ledger keeps its own accounts; here they get the numbers of the Ukrainian chart of accounts,
which the provider may set (`GEOBILL_CHART_OF_ACCOUNTS`). docs/accounting-export.md describes the
file.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection

from billing.calendar import ONE_DAY

# By code first, then by kind.
CHART = {
    "SUBSCRIBER": "361",
    "REVENUE": "703",
    "TAX": "641",
    "CLEARING": "333",
    "clearing.cash": "301",
    "clearing.refunds.cash": "301",
    "bank.current": "311",
    "ADJUSTMENT": "949",
    "BAD_DEBT": "944",
    "SUSPENSE": "685",
}
REVENUE_KINDS = ("REVENUE", "TAX")

# Journals in which no client has a line: a transfer to the bank, money without an owner.
_WITHOUT_CLIENTS = """
    SELECT p.journal_id FROM ledger_posting AS p JOIN ledger_journal AS j ON j.id = p.journal_id
    WHERE p.value_date >= %(first)s AND p.value_date < %(until)s AND j.kind <> 'CHARGE'
    GROUP BY p.journal_id HAVING count(p.seq) = 0
"""
_AGAINST_CLIENTS = f"""
    WITH without AS MATERIALIZED ({_WITHOUT_CLIENTS})
    SELECT p.value_date, a.kind, a.code, sum(least(p.amount_kopecks, 0))::bigint,
           sum(greatest(p.amount_kopecks, 0))::bigint
    FROM ledger_posting AS p JOIN ledger_account AS a ON a.id = p.account_id
    WHERE p.value_date >= %(first)s AND p.value_date < %(until)s AND a.kind <> 'SUBSCRIBER'
      AND (%(kinds)s::text[] = '{{}}' OR a.kind = ANY (%(kinds)s::text[]))
      AND p.journal_id NOT IN (SELECT journal_id FROM without)
    GROUP BY p.value_date, a.kind, a.code ORDER BY p.value_date, a.kind, a.code
"""  # noqa: S608
_AMONG_OURS = f"""
    SELECT p.value_date, p.journal_id, a.kind, a.code, p.amount_kopecks
    FROM ledger_posting AS p JOIN ledger_account AS a ON a.id = p.account_id
    WHERE p.value_date >= %(first)s AND p.value_date < %(until)s
      AND p.journal_id IN ({_WITHOUT_CLIENTS})
    ORDER BY p.value_date, p.journal_id, p.id
"""  # noqa: S608
Own = tuple[str, str]  # kind and code of an account of the books


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: what a day moved between one account and the subscribers, or between two of ours.

    `is_storno`: an entry of the same accounts with a minus, for what was taken back of income.
    """

    on_date: date
    document: str
    debit: str
    credit: str
    analytics: str
    amount_kopecks: int
    is_storno: bool


def chart() -> dict[str, str]:
    """Numbers of accounts by kind and code: the usual ones, then what the provider set."""
    own = (pair.split("=", 1) for pair in settings.GEOBILL_CHART_OF_ACCOUNTS if "=" in pair)
    return CHART | {name.strip(): number.strip() for name, number in own}


def entries(*, first: date, last: date, scope: str = "REVENUE") -> list[Entry]:
    """Entries of the days, both included: of "REVENUE" (with VAT), or of "ALL" accounts."""
    assert scope in ("REVENUE", "ALL")
    numbers = chart()
    asked: dict[str, Any] = {
        "first": first,
        "until": last + ONE_DAY,
        "kinds": list(REVENUE_KINDS) if scope == "REVENUE" else [],
    }
    found = [
        entry
        for day, kind, code, debit, credit in _rows(_AGAINST_CLIENTS, asked)
        for entry in _with_clients(day, (kind, code), debit, credit, numbers)
    ]
    if scope == "ALL":
        found += _among_ours(_rows(_AMONG_OURS, asked), numbers)
        found.sort(key=lambda entry: entry.on_date)
    return found


def _rows(sql: str, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return cursor.fetchall()


def _number(own: Own, numbers: dict[str, str]) -> str:
    kind, code = own
    return numbers.get(code) or numbers[kind]


def _with_clients(
    day: date, own: Own, debit_kopecks: int, credit_kopecks: int, numbers: dict[str, str]
) -> Iterator[Entry]:
    kind, code = own
    number, clients = _number(own, numbers), numbers["SUBSCRIBER"]
    document = f"GB-{day:%Y%m%d}-{code}"
    if credit_kopecks:
        yield Entry(day, document, clients, number, code, credit_kopecks, is_storno=False)
    if debit_kopecks and kind in REVENUE_KINDS:
        yield Entry(day, document, clients, number, code, debit_kopecks, is_storno=True)
    elif debit_kopecks:
        yield Entry(day, document, number, clients, code, -debit_kopecks, is_storno=False)


def _among_ours(rows: Iterable[tuple[Any, ...]], numbers: dict[str, str]) -> Iterator[Entry]:
    """One entry a day for each two accounts between which money moved without a client.

    None where both have one number: what went back in cash lies in the same till as the cash.
    """
    sums: dict[tuple[date, Own, Own], int] = defaultdict(int)
    for (day, _journal), legs in groupby(rows, key=lambda row: row[:2]):
        for debit, credit, kopecks in _pairs([((leg[2], leg[3]), leg[4]) for leg in legs]):
            sums[day, debit, credit] += kopecks
    for (day, debit, credit), kopecks in sorted(sums.items()):
        if _number(debit, numbers) == _number(credit, numbers):
            continue
        yield Entry(
            day,
            f"GB-{day:%Y%m%d}-{debit[1]}-{credit[1]}",
            _number(debit, numbers),
            _number(credit, numbers),
            f"{debit[1]}, {credit[1]}",
            kopecks,
            is_storno=False,
        )


def _pairs(legs: Sequence[tuple[Own, int]]) -> Iterator[tuple[Own, Own, int]]:
    """The legs of a journal as debit, credit and amount; they sum to zero, so nothing is left."""
    debits = [(own, -kopecks) for own, kopecks in legs if kopecks < 0]
    credits_ = [(own, kopecks) for own, kopecks in legs if kopecks > 0]
    while debits and credits_:
        (debit, gives), (credit, takes) = debits.pop(0), credits_.pop(0)
        kopecks = min(gives, takes)
        yield debit, credit, kopecks
        debits = [(debit, gives - kopecks), *debits] if gives > kopecks else debits
        credits_ = [(credit, takes - kopecks), *credits_] if takes > kopecks else credits_
