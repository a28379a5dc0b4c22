"""Taking in a file of payments: a payment system's list, or a bank's statement."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY, midnight
from billing.payments import mending, merchants, statements
from billing.payments.calls import RegistryRow
from billing.payments.merchants import Account
from billing.payments.models import ProviderRegisterRow
from billing.payments.reconciling import day_of
from billing.payments.statement_rows import BadStatementError
from billing.payments.wire.values import BadValueError
from project.core.actor import Actor
from project.core.errors import DomainError

_NUMBERS = re.compile(r"(?<![0-9])[0-9]{3,12}(?![0-9])")


def take_file(*, at: datetime, merchant_id: int, content: bytes, name: str) -> list[Any]:
    """Keep the file's rows by the days of their payments; the days. Nothing is credited yet.

    A payment system that leaves files of its own form has a reader for them; any other file is a
    CSV table, CAMT.053 or MT940. A row without a contract number gets the one that stands in its
    purpose, when there is exactly one of an open contract. Raises NotFoundError, BadStatementError.
    """
    merchant = merchants.get(merchant_id=merchant_id)
    read, space = _rows(content, merchant)
    rows = named(read)
    if not rows:
        raise DomainError(_("There is no money that came in this file."), field="file")
    by_day: dict[Any, list[RegistryRow]] = {}
    for row in rows:
        by_day.setdefault(day_of(row.paid_at or at), []).append(row)
    for day, some in by_day.items():
        mending.keep(
            tuple({(row.key, row.is_reversal): row for row in some}.values()),
            at=at,
            merchant=merchant,
            start=midnight(day),
            end=midnight(day + ONE_DAY),
            source="FILE",
            name=f"{day} {name}"[:100],
            space=space,
        )
    return sorted(by_day)


def _rows(content: bytes, merchant: Account) -> tuple[Sequence[RegistryRow], str]:
    """The rows of the file, and the space of their ids."""
    own = merchant.provider.registry_file
    refused: BadValueError | None = None
    if own is not None and len(content) <= statements.MAX_BYTES:
        try:
            return own(content), merchant.provider.file_space
        except BadValueError as error:
            refused = error
    try:
        read = statements.read(content)
    except BadStatementError as error:
        if refused is None:
            raise
        raise BadStatementError(
            _("This is neither the daily list of %(provider)s (%(why)s) nor a table that we read.")
            % {"provider": merchant.provider.title, "why": refused}
        ) from error
    ours = "".join(str(merchant.view.settings.get("iban", "")).split()).upper()
    if ours and read.ibans and ours not in read.ibans:
        raise BadStatementError(
            _("This is the statement of another account: %(iban)s.")
            % {"iban": ", ".join(sorted(read.ibans))[:100]}
        )
    return read.rows, merchant.provider.file_space


def named(rows: Sequence[RegistryRow]) -> list[RegistryRow]:
    """The rows with the contract numbers that stand in their purposes."""
    wanted = {
        row.key: set(_NUMBERS.findall(row.details.get("purpose", "")))
        for row in rows
        if not row.account
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM ledger_account"
            " WHERE code = ANY (%s) AND kind = 'SUBSCRIBER' AND closed_at IS NULL",
            [sorted(set().union(*wanted.values()))],
        )
        open_codes = {code for (code,) in cursor.fetchall()}
    found = []
    for row in rows:
        codes = wanted.get(row.key, set()) & open_codes
        found.append(replace(row, account=codes.pop()) if len(codes) == 1 else row)
    return found


def post_all(*, at: datetime, actor: Actor, row_ids: Sequence[int]) -> int:
    """Credit these rows, each in a transaction of its own; how many were."""
    rows = ProviderRegisterRow.objects.filter(id__in=list(row_ids), is_reversal=False)
    posted = 0
    for row_id in list(rows.order_by("id").values_list("id", flat=True)):
        mending.post_missing(at=at, actor=actor, row_id=row_id)
        posted += 1
    return posted
