"""Taking in lists of payments: asked of a payment system, or from a file of it or of a bank."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY, midnight
from billing.payments import checkouts, mending, merchants, registers, statements
from billing.payments.calls import RegistryIn, RegistryRow, SeenState
from billing.payments.checkouts import CannotPayError, ProviderDownError
from billing.payments.gateway import Link, ProviderRefusedError, ProviderUnreachableError
from billing.payments.merchants import Account
from billing.payments.models import Payment, ProviderRegisterRow
from billing.payments.outgoing import HttpLink
from billing.payments.reconciling import day_of
from billing.payments.results import Result
from billing.payments.statement_rows import BadStatementError
from billing.payments.wire.values import BadValueError
from project.core.actor import Actor
from project.core.errors import DomainError

_NUMBERS = re.compile(r"(?<![0-9])[0-9]{3,12}(?![0-9])")


def pull(
    *, at: datetime, merchant_id: int, start: datetime, end: datetime, link: Link | None = None
) -> int:
    """Ask the payment system for its list of a half-open span and keep it; how many rows.

    Raises CannotPayError where its protocol has no lists, ProviderDownError.
    """
    merchant = merchants.get(merchant_id=merchant_id)
    name, client = next(
        (
            (name, client)
            for name, client in merchant.provider.clients.items()
            if "fetch_registry" in client.offers
        ),
        ("", None),
    )
    if client is None:
        raise CannotPayError(_("This payment system gives no lists. Take its list from a file."))
    try:
        seen = client.fetch_registry(
            start, end, merchant.view, link or HttpLink(merchant, at, endpoint=name)
        )
    except (ProviderUnreachableError, ProviderRefusedError) as error:
        raise ProviderDownError() from error
    orders = {one.order for one in seen if one.order and not one.account}
    mine = Payment.objects.filter(merchant_id=merchant_id, order_number__in=orders)
    accounts = dict(mine.values_list("order_number", "account_code"))
    rows = tuple(
        RegistryRow(
            key=one.key or one.provider_ref,
            amount_kopecks=one.amount_kopecks or 0,
            account=one.account or accounts.get(one.order, ""),
            paid_at=one.paid_at,
            reference=one.order,
            is_reversal=one.state is SeenState.REVERSED,
            details=one.details,
        )
        for one in seen
        if one.state in (SeenState.PAID, SeenState.REVERSED) and (one.key or one.provider_ref)
    )
    return keep(
        rows,
        at=at,
        merchant=merchant,
        start=start,
        end=end,
        source="PULLED",
        space=client.registry_space,
    )


def keep(
    rows: tuple[RegistryRow, ...],
    *,
    at: datetime,
    merchant: Account,
    start: datetime,
    end: datetime,
    source: str,
    name: str = "",
    space: str = "",
) -> int:
    """Keep a list of a span; the same span again is the same list. How many rows."""
    with transaction.atomic():
        answer = registers.take_in(
            RegistryIn(
                name=name or f"{day_of(start)}…{day_of(end)}",
                rows=rows,
                start=start,
                end=end,
                total_kopecks=sum(row.amount_kopecks for row in rows),
            ),
            merchant=merchant,
            space=space or checkouts.space_of(merchant),
            at=at,
            source=source,
        )
    if answer.result is not Result.OK:
        raise DomainError(_("The list is too long."))
    return len(rows)


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
    for row in registers.numbered(rows):
        by_day.setdefault(day_of(row.paid_at or at), []).append(row)
    for day, some in by_day.items():
        keep(
            tuple(some),
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
