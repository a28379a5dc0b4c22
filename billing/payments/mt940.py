"""A bank's statement in SWIFT MT940, read by the library mt-940 (pure: bytes to rows).

The library is kind to files that are nearly right; with money we are not: an entry without a type,
a currency or a plain amount is an error that names its number, never a guess.
"""

import logging
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from mt940.models import Transactions

from billing.calendar import midnight
from billing.payments.calls import RegistryRow
from billing.payments.statement_rows import (
    MAX_ROWS,
    BadStatementError,
    Statement,
    row_of,
    told_apart,
    too_many,
)
from billing.payments.wire import values
from billing.payments.wire.values import BadValueError

_TAG = re.compile(rb"^:(?:20|25|60[FM]):", re.MULTILINE)
_ENTRY = re.compile(r"^:61:", re.MULTILINE)
_ACCOUNT = re.compile(r"^:25:([^\n]{1,60})", re.MULTILINE)
_ENDS = re.compile(r"^-\}?[^\n]*$", re.MULTILINE)
NO_REFERENCE = frozenset({"", "NONREF", "NOREF"})
LOOKED_AT = 2_000

# It writes the whole entry to the log before it gives up; the person who hands the file in is told.
logging.getLogger("mt940").setLevel(logging.CRITICAL)


def looks_so(content: bytes) -> bool:
    """Whether the file is an MT940 statement, bare or in its SWIFT envelope."""
    head = content[:LOOKED_AT].lstrip(b"\xef\xbb\xbf \t\r\n").replace(b"\r", b"\n")
    return head.startswith(b"{1:") or _TAG.search(head) is not None


def read(content: bytes) -> Statement:
    """Money that came in, in hryvnias, each entry by itself. Raises BadStatementError."""
    text = _text(content)
    if len(_ENTRY.findall(text)) > MAX_ROWS:
        raise too_many()
    try:
        book = Transactions()
        # Not `mt940.parse`: that opens the file whose name the text happens to be.
        entries = [entry.data for entry in book.parse(text)]
    except Exception as error:
        # Whatever the library raises for hostile text: there is no common class of it.
        raise BadStatementError(_("The MT940 statement cannot be read.")) from error
    if not entries and _ENTRY.search(text):
        raise BadStatementError(_("The MT940 statement cannot be read."))
    rows: list[RegistryRow] = []
    for number, entry in enumerate(entries, start=1):
        if entry.get("status") != "C":
            continue  # money that left, and what takes back an earlier entry
        try:
            rows.append(_row(entry))
        except BadValueError as error:
            raise BadStatementError(
                _("Entry %(number)d: the date or the amount cannot be read.") % {"number": number}
            ) from error
    ibans = frozenset("".join(found.split()).upper() for found in _ACCOUNT.findall(text))
    return Statement(told_apart(rows), ibans)


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1251", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return _ENDS.sub("", text)


def _row(entry: Mapping[str, Any]) -> RegistryRow:
    amount, day = entry.get("amount"), entry.get("date")
    if amount is None or amount.currency != "UAH":
        raise BadValueError("no amount in hryvnias")
    if not entry.get("id") or not isinstance(day, date):
        raise BadValueError("no type of the entry, or no date")
    kopecks = values.uah(format(amount.amount, "f"))
    paid_on = date(day.year, day.month, day.day)
    told = {
        "purpose": _said(entry, "purpose", "additional_purpose", "transaction_details"),
        "payer": _said(entry, "applicant_name"),
        "payer_iban": _said(entry, "gvc_applicant_iban", "applicant_iban"),
        "key": _key(entry, paid_on),
    }
    return row_of(told, kopecks=kopecks, paid_at=midnight(paid_on))


def _said(entry: Mapping[str, Any], *names: str) -> str:
    texts = (str(entry.get(name) or "") for name in names)
    return values.short(" ".join(" ".join(texts).split()), 300)


def _key(entry: Mapping[str, Any], day: date) -> str:
    """The bank's number, which it may use again on another day; "" when it gives none."""
    for name in ("bank_reference", "customer_reference"):
        told = "".join(str(entry.get(name) or "").split())
        if told.upper() not in NO_REFERENCE:
            return f"{day:%y%m%d}/{told}"[:100]
    return ""
