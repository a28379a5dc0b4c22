"""Lists of payments from files: a payment system's list and a bank's statement: CSV, CAMT.053,
MT940.

Pure: bytes to rows. Whose a bank's entry is, is read from its purpose by `taking_lists`.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from xml.etree.ElementTree import Element

from django.utils.translation import gettext_lazy as _

from billing.payments import mt940
from billing.payments.calls import RegistryRow
from billing.payments.statement_rows import (
    MAX_BYTES,
    MAX_ROWS,
    BadStatementError,
    Statement,
    row_of,
    told_apart,
    too_many,
)
from billing.payments.wire import documents, values
from billing.payments.wire.documents import BadDocumentError, child, children, text
from billing.payments.wire.values import BadValueError

# What banks and payment systems call their columns, in small letters.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "key": ("id", "key", "reference", "transactionid", "референс", "номер платежу", "номер"),
    # The payer's own number of the paper: many payers have a document 15.
    "document": ("номер документа", "№ документа"),
    "amount": ("amount", "sum", "сума", "сума, грн", "сума, uah", "сума платежу", "кредит"),
    "account": ("account", "рахунок абонента", "особовий рахунок", "договір", "контракт"),
    "paid_at": ("date", "paid_at", "дата", "дата операції", "дата платежу", "дата і час"),
    "purpose": ("purpose", "призначення", "призначення платежу", "коментар"),
    "payer": ("payer", "платник", "контрагент", "назва контрагента", "піб"),
    "payer_code": ("edrpou", "єдрпоу", "єдрпоу контрагента", "код єдрпоу"),
    "payer_iban": ("iban", "рахунок контрагента", "рахунок платника"),
}  # fmt: skip
TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d.%m.%Y %H:%M:%S",
         "%d.%m.%Y %H:%M", "%d.%m.%Y")  # fmt: skip


def read(content: bytes) -> Statement:
    """The payments of a file; money that left is left out. Raises BadStatementError."""
    if len(content) > MAX_BYTES:
        raise BadStatementError(_("The file is larger than a megabyte. Divide it."))
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return _camt(content)
    if mt940.looks_so(content):
        return mt940.read(content)
    return Statement(told_apart(_csv(content)))


def _csv(content: bytes) -> list[RegistryRow]:
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        written = content.decode("cp1251", "replace")
    head = written.partition("\n")[0]
    mark = max(";,\t", key=head.count)
    lines = csv.reader(io.StringIO(written), delimiter=mark)
    try:
        titles = [title.strip().lower() for title in next(lines, [])]
        places = {
            name: titles.index(next(known for known in words if known in titles))
            for name, words in COLUMNS.items()
            if not set(words).isdisjoint(titles)
        }
        if "amount" not in places or "paid_at" not in places:
            raise BadStatementError(
                _("The first line must name the columns; a date and an amount are needed.")
            )
        rows = list(_csv_rows(lines, places))
    except csv.Error as error:
        raise BadStatementError(_("The file is not a CSV table.")) from error
    return rows


def _csv_rows(lines: Iterator[list[str]], places: Mapping[str, int]) -> Iterator[RegistryRow]:
    for number, line in enumerate(lines, start=2):
        if number > MAX_ROWS:
            raise too_many()
        told = {
            name: line[place].strip().replace("\x00", "")
            for name, place in places.items()
            if place < len(line)
        }
        amount = "".join(told.get("amount", "").split()).replace("\u00a0", "")
        if not amount or amount.startswith("-"):
            continue
        try:
            yield row_of(told, kopecks=values.uah(amount), paid_at=_moment(told.get("paid_at", "")))
        except BadValueError as error:
            raise BadStatementError(
                _("Line %(number)d: the date or the amount cannot be read.") % {"number": number}
            ) from error


def _moment(written: str) -> datetime:
    for form in TIMES:
        try:
            return values.local_time(written, form)
        except BadValueError:
            continue
    return values.iso_time(written)


def _camt(content: bytes) -> Statement:
    """Credit entries of a CAMT.053 statement (ISO 20022), each transaction by itself."""
    try:
        root = documents.xml(content)
    except BadDocumentError as error:
        raise BadStatementError(_("The XML document cannot be read.")) from error
    entries = children(root, "BkToCstmrStmt/Stmt/Ntry")
    if not entries:
        raise BadStatementError(_("There are no entries of a CAMT.053 statement in this file."))
    rows: list[RegistryRow] = []
    for number, entry in enumerate(entries, start=1):
        if text(entry, "CdtDbtInd") != "CRDT" or text(entry, "RvslInd") == "true":
            continue
        day = text(entry, "BookgDt/DtTm") or text(entry, "BookgDt/Dt")
        parts = children(entry, "NtryDtls/TxDtls") or [entry]
        try:
            rows += [_camt_row(entry, part, day=day, is_only=len(parts) == 1) for part in parts]
        except BadValueError as error:
            raise BadStatementError(
                _("Entry %(number)d: the date or the amount cannot be read.") % {"number": number}
            ) from error
    ibans = (text(one, "Acct/Id/IBAN") for one in children(root, "BkToCstmrStmt/Stmt"))
    return Statement(
        told_apart(rows), frozenset("".join(one.split()).upper() for one in ibans if one)
    )


def _camt_row(entry: Element, part: Element, *, day: str, is_only: bool) -> RegistryRow:
    amount = child(part, "AmtDtls/TxAmt/Amt")
    if amount is None:
        amount = child(part, "Amt")
    if amount is None and is_only:
        amount = child(entry, "Amt")
    if amount is None or amount.get("Ccy") not in ("UAH", None):
        raise BadValueError("no amount in hryvnias")
    names: Sequence[tuple[str, str]] = (
        ("payer", "RltdPties/Dbtr/Nm"),
        ("payer", "RltdPties/Dbtr/Pty/Nm"),
        ("payer_iban", "RltdPties/DbtrAcct/Id/IBAN"),
        ("payer_code", "RltdPties/Dbtr/Id/OrgId/Othr/Id"),
    )
    told = {name: found for name, path in names if (found := text(part, path))}
    purpose = " ".join(one.text or "" for one in children(part, "RmtInf/Ustrd"))
    told["purpose"] = " ".join(purpose.split())
    key = (
        text(part, "Refs/AcctSvcrRef")
        or text(part, "Refs/TxId")
        or (text(entry, "AcctSvcrRef") or text(entry, "NtryRef") if is_only else "")
    )
    told["key"] = key
    paid_at = values.iso_time(day)
    return row_of(told, kopecks=values.uah((amount.text or "").strip()), paid_at=paid_at)
