"""Who pays: a contract number to the account it is, and what a payer is shown of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connection

from billing.ledger import queries as ledger_queries
from billing.payments.calls import Payer
from billing.payments.merchants import Account
from billing.payments.results import Result
from billing.subscriptions.models import Subscription
from coverage import labels
from project.core import prepared

MAX_FOUND = 20
MIN_SEARCH = 3

# The legal entity of an account is that of the deepest area around its services, the main ones
# first; none where no area is around them.
_ENTITY = """
SELECT r.legal_entity_id
FROM billing_subscription AS s
JOIN coverage_building AS b ON b.id = s.building_id
JOIN coverage_adminunit AS u ON u.id = b.locality_id
JOIN billing_legal_entity_area AS r
  ON r.admin_unit_id = ANY (string_to_array(trim(BOTH '/' FROM u.path), '/')::bigint[])
JOIN coverage_adminunit AS around ON around.id = r.admin_unit_id
WHERE s.account_id = %s AND s.state <> 'DRAFT'
ORDER BY s.state = 'TERMINATED', s.parent_id IS NOT NULL, around.depth DESC, s.id
LIMIT 1
"""

_BY_NAME = """
SELECT a.code FROM ledger_account AS a
WHERE a.kind = 'SUBSCRIBER' AND a.closed_at IS NULL
  AND upper(a.holder_name) LIKE %s ESCAPE '~'
ORDER BY a.holder_name, a.id LIMIT %s
"""


class Directory(Protocol):
    """What an upper app knows of clients beyond their accounts (crm; wired by the composition)."""

    def phone_of(self, *, account_id: int) -> str:
        """The telephone, digits only, or ""."""

    def accounts_of_phone(self, *, phone: str) -> list[int]:
        """Accounts of the client with that telephone."""


_directories: list[Directory] = []


def register(directory: Directory) -> None:
    """Wire the directory of clients (once, in the composition root)."""
    _directories[:] = [directory]


@dataclass(frozen=True, slots=True)
class Found:
    """An account that may be paid to now, or the reason why not (`result`)."""

    result: Result
    account_id: int = 0
    code: str = ""
    name: str = ""
    balance_kopecks: int = 0


def find(*, code: str, merchant: Account) -> Found:
    """The account with that contract number, as this merchant may be paid for it.

    Debtors are payable; only a closed account is INACTIVE. An account whose services are in the
    area of another legal entity is NOT_FOUND here. A parked one is TEMPORARY: its books are being
    looked at.
    """
    row = ledger_queries.subscriber_with_balance(code=code)
    if row is None:
        return Found(Result.NOT_FOUND)
    if row.is_closed:
        return Found(Result.INACTIVE, row.id, row.code, row.holder_name)
    if row.is_parked:
        return Found(Result.TEMPORARY, row.id, row.code, row.holder_name)
    if merchant.goes_by_place and not _is_served(account_id=row.id, merchant=merchant):
        return Found(Result.NOT_FOUND)
    return Found(Result.OK, row.id, row.code, row.holder_name, row.balance_kopecks)


def legal_entity_of(*, account_id: int) -> int | None:
    """The legal entity in whose area the account's services are; None where none is set."""
    rows = prepared.rows(_ENTITY, [account_id])
    return int(rows[0][0]) if rows else None


def _is_served(*, account_id: int, merchant: Account) -> bool:
    entity = legal_entity_of(account_id=account_id)
    return entity is None or entity == merchant.legal_entity_id


def card(found: Found) -> Payer:
    """What a payer is shown of the account: name, address, telephone, balance, advice."""
    debt = max(0, -found.balance_kopecks)
    phone = _directories[0].phone_of(account_id=found.account_id) if _directories else ""
    return Payer(
        account=found.code,
        name=found.name,
        address=address_of(account_id=found.account_id),
        phone=phone,
        balance_kopecks=found.balance_kopecks,
        recommended_kopecks=debt,
    )


def address_of(*, account_id: int) -> str:
    """Where the account's main service is, without the locality; "" where there is none."""
    service = (
        Subscription.objects.filter(account_id=account_id, parent__isnull=True)
        .exclude(state=Subscription.State.TERMINATED)
        .order_by("id")
        .values("building_id", "premise__unit")
        .first()
    )
    if service is None:
        return ""
    label = labels.address_labels(building_ids=[service["building_id"]], with_locality=False).get(
        service["building_id"], ""
    )
    return f"{label}/{service['premise__unit']}" if service["premise__unit"] else label


def accounts_of_phone(*, phone: str) -> list[int]:
    """Accounts of clients with that telephone (digits); none while no directory is wired."""
    return _directories[0].accounts_of_phone(phone=phone) if _directories else []


def search(*, by: Mapping[str, str], merchant: Account) -> list[Payer]:
    """Payers by part of a name, by contract number, by telephone; at most 20, each payable."""
    codes: list[str] = []
    name = by.get("name", "").strip()
    if len(name) >= MIN_SEARCH:
        pattern = "".join(f"~{sign}" if sign in "%_~" else sign for sign in name.upper())
        codes += [row[0] for row in _rows(_BY_NAME, [f"%{pattern}%", MAX_FOUND])]
    if account := by.get("account", "").strip():
        codes.append(account)
    phone = "".join(sign for sign in by.get("phone", "") if sign.isdigit())
    if len(phone) >= 9 and _directories:
        ids = _directories[0].accounts_of_phone(phone=phone)
        codes += [info.code for info in ledger_queries.accounts(ids=ids).values()]
    found = (find(code=code, merchant=merchant) for code in dict.fromkeys(codes[:MAX_FOUND]))
    return [card(one) for one in found if one.result is Result.OK]


def _rows(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
