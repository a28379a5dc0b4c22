"""Whose could an unallocated payment be? Guesses with the reason for each, never acted on alone."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection

from billing.ledger import queries as ledger_queries
from billing.payments import payers
from billing.payments.models import Payment
from billing.subscriptions.models import Subscription
from coverage.addresses import parse_address
from coverage.lookup import match_address
from project.core.errors import DomainError

MAX_SUGGESTED = 8
MAX_CODE = 12
DIGITS = "0123456789"
# What of a payment's details names its payer, so that the same payer is known again.
PAYER_DETAILS = ("payer", "payer_code", "payer_iban", "card", "email", "phone", "edrpou")
TEXT_DETAILS = ("purpose", "address", "comment", "description", "name")
_NUMBERS = re.compile(r"[0-9]{4,12}")
_PHONE = re.compile(r"(?:\+?38)?0[0-9]{9}(?![0-9])")


class Why(StrEnum):
    """What speaks for a suggestion, the strongest first."""

    EXACT = "EXACT"
    EARLIER = "EARLIER"
    IN_TEXT = "IN_TEXT"
    PHONE = "PHONE"
    TYPO = "TYPO"
    ADDRESS = "ADDRESS"


ORDER = {why: place for place, why in enumerate(Why)}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An account that the payment could belong to."""

    account_id: int
    code: str
    name: str
    why: Why
    balance_kopecks: int = 0
    address: str = ""


def suggestions(payment: Payment) -> list[Suggestion]:
    """Open accounts that this payment could belong to, the likeliest first."""
    why: dict[str, Why] = {}

    def add(codes: Iterable[str], reason: Why) -> None:
        for code in codes:
            if code not in why or ORDER[reason] < ORDER[why[code]]:
                why[code] = reason

    code = "".join(payment.account_code.split())
    text = " ".join(str(payment.details.get(name, "")) for name in TEXT_DETAILS)
    text = f"{text} {payment.comment}"
    add([code] if code else [], Why.EXACT)
    add(_of_ids(_earlier(payment)), Why.EARLIER)
    add(_NUMBERS.findall(text), Why.IN_TEXT)
    add(_of_ids(_by_phone(f"{code} {text} {payment.details.get('phone', '')}")), Why.PHONE)
    add(typos(code), Why.TYPO)
    for said in (str(payment.details.get(name, "")) for name in ("address", "purpose")):
        add(_of_ids(_by_address(said)), Why.ADDRESS)
    return _shown(why)


def _shown(why: Mapping[str, Why]) -> list[Suggestion]:
    """The codes that are open accounts of clients, with what people recognise them by."""
    if not why:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.id, a.code, a.holder_name, coalesce(b.balance_kopecks, 0)
            FROM ledger_account AS a LEFT JOIN ledger_balance AS b ON b.account_id = a.id
            WHERE a.code = ANY (%s) AND a.kind = 'SUBSCRIBER' AND a.closed_at IS NULL
            """,
            [list(why)],
        )
        rows = cursor.fetchall()
    rows.sort(key=lambda row: (ORDER[why[row[1]]], row[1]))
    return [
        Suggestion(
            account_id=account_id,
            code=code,
            name=name,
            why=why[code],
            balance_kopecks=balance,
            address=payers.address_of(account_id=account_id),
        )
        for account_id, code, name, balance in rows[:MAX_SUGGESTED]
    ]


def typos(code: str) -> set[str]:
    """Numbers that are one slip of a finger away: a digit wrong, missing, doubled, or swapped."""
    plain = "".join(sign for sign in code if sign.isalnum())[: MAX_CODE + 1]
    if not 3 <= len(plain) <= MAX_CODE:
        return set()
    found = {plain, plain.lstrip("0"), *(f"{'0' * n}{plain}" for n in (1, 2))}
    for place in range(len(plain) + 1):
        head, tail = plain[:place], plain[place:]
        found.update(f"{head}{digit}{tail}" for digit in DIGITS)
        if tail:
            found.add(f"{head}{tail[1:]}")
            found.update(f"{head}{digit}{tail[1:]}" for digit in DIGITS)
        if len(tail) > 1:
            found.add(f"{head}{tail[1]}{tail[0]}{tail[2:]}")
    return found - {code, ""}


def _of_ids(ids: Iterable[int]) -> list[str]:
    return [info.code for info in ledger_queries.accounts(ids=list(ids)[:50]).values()]


def _earlier(payment: Payment) -> list[int]:
    """Accounts to which people gave payments of this payer, or with this wrong number."""
    marks = {name: payment.details[name] for name in PAYER_DETAILS if payment.details.get(name)}
    found: list[int] = []
    if payment.account_code:
        moved = Payment.objects.filter(
            account_code=payment.account_code,
            account__isnull=True,
            transferred_to__isnull=False,
        ).order_by("-id")
        found += list(moved.values_list("transferred_to_id", flat=True)[:3])
    for name, value in marks.items():
        same = (
            Payment.objects.filter(merchant_id=payment.merchant_id)
            .filter(**{f"details__{name}": value})
            .exclude(id=payment.id)
            .order_by("-id")
            .values_list("transferred_to_id", "account_id")[:5]
        )
        found += [moved or account for moved, account in same if moved or account]
    return found


def _by_phone(text: str) -> list[int]:
    phones = _PHONE.findall(re.sub(r"[\s()-]", "", text))[:3]
    return [i for phone in phones for i in payers.accounts_of_phone(phone=phone)]


def _by_address(text: str) -> list[int]:
    """Accounts with a service at an address that stands in the text."""
    if len(text) < 6:
        return []
    try:
        match = match_address(text=text[:200])
    except DomainError:
        return []
    if match.building_id is None:
        return []
    services = Subscription.objects.filter(
        building_id=match.building_id, parent__isnull=True
    ).exclude(state=Subscription.State.TERMINATED)
    if unit := parse_address(text[:200]).unit:
        services = services.filter(premise__unit=unit)
    return list(services.values_list("account_id", flat=True)[:5])
