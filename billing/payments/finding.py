"""A payment that a provider speaks of, and its attempts: read and locked by planned statements.

Every message about an order of ours begins with these; the ORM takes longer to write the same
questions than the database to answer them.
"""

import json
from typing import Any, TypeVar

from django.db import models

from billing.payments.merchants import Account
from billing.payments.models import Payment, PaymentAttempt
from project.core import prepared

MAX_ATTEMPTS = 20
ORDER = "order"  # among the details of money that came for an order when it was closed

_Row = TypeVar("_Row", bound=models.Model)


def _columns(model: type[models.Model]) -> str:
    return ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)


_PAYMENT = f"SELECT {_columns(Payment)} FROM billing_payment WHERE merchant_id = %s"  # noqa: S608
_BY_KEY = f"{_PAYMENT} AND space = %s AND external_id = %s FOR UPDATE"
_BY_ID = f"{_PAYMENT} AND id = %s FOR UPDATE"
_BY_ORDER = f"{_PAYMENT} AND order_number = %s FOR UPDATE"
_ATTEMPTS = f"""
SELECT {_columns(PaymentAttempt)} FROM billing_payment_attempt
WHERE payment_id = %s ORDER BY id DESC LIMIT {MAX_ATTEMPTS}
"""  # noqa: S608 (the columns are our own)
_OF_REFERENCE = """
SELECT a.payment_id FROM billing_payment_attempt AS a
JOIN billing_payment AS p ON p.id = a.payment_id
WHERE a.provider_ref = %s AND a.provider_ref <> '' AND p.merchant_id = %s
ORDER BY a.id LIMIT 1
"""


def _rows(model: type[_Row], sql: str, parameters: list[Any]) -> list[_Row]:
    names = [field.attname for field in model._meta.concrete_fields]
    documents = [
        place
        for place, field in enumerate(model._meta.concrete_fields)
        if isinstance(field, models.JSONField)
    ]
    found = []
    for row in prepared.rows(sql, parameters):
        values = list(row)
        for place in documents:
            if isinstance(values[place], str):
                values[place] = json.loads(values[place])
        found.append(model.from_db("default", names, values))
    return found


def find_payment(
    *, merchant: Account, space: str, key: str = "", reference: str = "", order: str = ""
) -> Payment | None:
    """A payment of this merchant by the provider's id, our reference or our order; row locked."""
    if key and (known := _rows(Payment, _BY_KEY, [merchant.id, space, key])):
        return known[0]
    number = reference.rpartition("-")[2]
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    if is_number and (known := _rows(Payment, _BY_ID, [merchant.id, int(number)])):
        return known[0]
    known = _rows(Payment, _BY_ORDER, [merchant.id, order]) if order else []
    return known[0] if known else None


def paid_late(*, order: Payment) -> Payment | None:
    """The payment that came for an order which had failed or expired by then, or None."""
    found = Payment.objects.filter(
        merchant_id=order.merchant_id,
        account_code=order.account_code,
        state__in=(Payment.State.CONFIRMED, Payment.State.REVERSED),
        created_at__gte=order.created_at,
        **{f"details__{ORDER}": order.order_number},
    )
    return found.order_by("id").first()


def payment_id_of(*, provider_ref: str, merchant: Account) -> int | None:
    """Our payment of the provider's invoice, or None."""
    rows = prepared.rows(_OF_REFERENCE, [provider_ref, merchant.id]) if provider_ref else []
    return int(rows[0][0]) if rows else None


def attempts_of(*, payment_id: int) -> list[PaymentAttempt]:
    """The tries of a payment, the last one first."""
    return _rows(PaymentAttempt, _ATTEMPTS, [payment_id])
