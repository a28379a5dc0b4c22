"""The statement of a period as a file: CSV, Excel, PDF, with opening and closing balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from frontend.tables import Kopecks, Table
from frontend.workspace.labels import CHANNEL_LABELS, word
from frontend.workspace.queries.statement import Line

PDF_LINES_MOST = 3_000


@dataclass(frozen=True, slots=True)
class PeriodStatement:
    """A contract's statement of days, both included; amounts in kopecks, debits negative."""

    number: str
    holder: str
    first: date
    last: date
    opening_kopecks: int
    credit_kopecks: int
    debit_kopecks: int
    lines: Sequence[Line]

    @property
    def closing_kopecks(self) -> int:
        """What stood on the contract when the last day ended."""
        return self.opening_kopecks + self.credit_kopecks + self.debit_kopecks


def what_and_why(line: Line) -> str:
    """A line in words: what it is, and by what."""
    parts = [str(line.title)]
    if line.basis is not None:
        is_english = (get_language() or "uk").startswith("en")
        parts.append(line.basis.tariff_name_en if is_english else line.basis.tariff_name_uk)
        if line.basis.zone_name:
            parts.append(line.basis.zone_name)
    elif line.payment is not None:
        parts.append(str(word(CHANNEL_LABELS, line.payment.channel)))
    if line.line.narrative:
        parts.append(line.line.narrative)
    return ", ".join(part for part in parts if part)


def table(statement: PeriodStatement) -> Table:
    """The statement as a table."""
    return Table(
        name=_("Statement"),
        facts=[
            (_("Contract"), statement.number),
            (_("Subscriber"), statement.holder),
            (_("First day"), statement.first),
            (_("Last day"), statement.last),
            (_("Opening balance"), Kopecks(statement.opening_kopecks)),
            (_("Came in"), Kopecks(statement.credit_kopecks)),
            (_("Went out"), Kopecks(statement.debit_kopecks)),
            (_("Closing balance"), Kopecks(statement.closing_kopecks)),
        ],
        columns=[
            (_("Date"), 18),
            (_("What and why"), 60),
            (_("Amount"), 14),
            (_("Balance"), 14),
            (_("Journal"), 12),
            (_("Payment of the provider"), 24),
            (_("Written"), 18),
            (_("By whom"), 24),
        ],
        rows=[
            [
                line.line.value_date,
                what_and_why(line),
                Kopecks(line.line.amount_kopecks),
                Kopecks(line.balance_kopecks),
                line.line.journal_id,
                line.payment.external_id if line.payment else "",
                line.line.posted_at,
                line.line.actor,
            ]
            for line in statement.lines
        ],
    )


def pdf(statement: PeriodStatement, *, made_on: date, brand: Any) -> bytes:
    """The statement on A4 pages, for the client; nothing is fetched from anywhere."""
    from weasyprint import HTML  # slow to load, and few requests need it

    html = render_to_string(
        "workspace/statement_pdf.html",
        {
            "statement": statement,
            "lines": [(line, what_and_why(line)) for line in statement.lines],
            "made_on": made_on,
            "brand": brand,
            "language": get_language() or "uk",
        },
    )
    made: bytes = HTML(string=html, url_fetcher=_refuse).write_pdf()
    return made


def _refuse(url: str, *_args: Any, **_options: Any) -> Any:
    raise ValueError(f"a statement loads nothing: {url[:80]}")
