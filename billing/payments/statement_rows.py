"""What every kind of statement is read into, and what is wrong with one (pure)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from billing.payments.calls import RegistryRow
from billing.payments.wire import values
from project.core.errors import DomainError

MAX_BYTES = 1_000_000
MAX_ROWS = 20_000
_HASHED = "h:"
_DETAILS = ("purpose", "payer", "payer_code", "payer_iban")
_LONGEST = {"purpose": 300}


class BadStatementError(DomainError):
    """The file is no list of payments that can be read; the message says where."""

    code = "bad_statement"


@dataclass(frozen=True, slots=True)
class Statement:
    """The payments of a file, and the accounts of ours that it says it is of."""

    rows: Sequence[RegistryRow]
    ibans: frozenset[str] = frozenset()


def row_of(told: Mapping[str, str], *, kopecks: int, paid_at: datetime) -> RegistryRow:
    """One payment of what a file tells of it: key, account, purpose, payer… Raises BadValueError.

    A bank that numbers nothing: the entry is known again by what it says.
    """
    details = {name: told[name][: _LONGEST.get(name, 100)] for name in _DETAILS if told.get(name)}
    key = told.get("key", "")
    if not key:
        document = [told["document"]] if told.get("document") else []
        parts = [paid_at.isoformat(), str(kopecks), *sorted(details.values()), *document]
        said = "\0".join(parts)
        key = f"{_HASHED}{hashlib.sha256(said.encode()).hexdigest()[:32]}"
    return RegistryRow(
        key=values.key(key),
        amount_kopecks=kopecks,
        account=told.get("account", "")[:64],
        paid_at=paid_at,
        details=details,
    )


def told_apart(rows: Sequence[RegistryRow]) -> list[RegistryRow]:
    """Entries without a number that say the same are payments of their own: the second is `…:2`.

    A later file that has them both has them under the same numbers.
    """
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        count = seen[row.key] = seen.get(row.key, 0) + 1
        is_another = count > 1 and row.key.startswith(_HASHED)
        found.append(replace(row, key=f"{row.key}:{count}") if is_another else row)
    return found


def too_many() -> BadStatementError:
    """The file has more payments than one list may have."""
    return BadStatementError(_("The file has too many lines. Divide it."))
