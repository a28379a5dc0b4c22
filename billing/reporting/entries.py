"""Accounting entries of a day for another accounting system (1C, BAS): debit, credit, amount.

The ledger keeps its own accounts; here they get the numbers of the Ukrainian chart of accounts,
which the provider may set (`GEOBILL_CHART_OF_ACCOUNTS`). docs/accounting-export.md describes the
file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.conf import settings

from billing.reporting.accounting import Turnover, turnover

# By code first, then by kind.
CHART = {
    "SUBSCRIBER": "361",
    "REVENUE": "703",
    "TAX": "641",
    "CLEARING": "333",
    "clearing.cash": "301",
    "clearing.refunds.cash": "301",
    "ADJUSTMENT": "949",
    "BAD_DEBT": "944",
    "SUSPENSE": "685",
}
REVENUE_KINDS = ("REVENUE", "TAX")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: a day's turnover of one control account against the subscribers.

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
    rows: Iterable[Turnover] = turnover(first=first, last=last, by="DAY", limit=None)
    found: list[Entry] = []
    for row in rows:
        if row.kind == "SUBSCRIBER" or (scope == "REVENUE" and row.kind not in REVENUE_KINDS):
            continue
        found += _of(row, numbers)
    return found


def _of(row: Turnover, numbers: dict[str, str]) -> list[Entry]:
    code = row.code or ""
    own = numbers.get(code) or numbers[row.kind]
    clients = numbers["SUBSCRIBER"]
    is_income = row.kind in REVENUE_KINDS
    document = f"GB-{row.period:%Y%m%d}-{code}"
    made = []
    if row.credit_kopecks:
        made.append(
            Entry(row.period, document, clients, own, code, row.credit_kopecks, is_storno=False)
        )
    if row.debit_kopecks and is_income:
        made.append(
            Entry(row.period, document, clients, own, code, row.debit_kopecks, is_storno=True)
        )
    elif row.debit_kopecks:
        made.append(
            Entry(row.period, document, own, clients, code, -row.debit_kopecks, is_storno=False)
        )
    return made
