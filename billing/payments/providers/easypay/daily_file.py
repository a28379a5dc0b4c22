"""EasyPay's daily file: semicolons; account, amount, …, time, …, payment id (pure).

Only four of its columns are described; the others are not read.
"""

import csv
import io
from collections.abc import Sequence

from billing.payments.calls import RegistryRow
from billing.payments.wire import values
from billing.payments.wire.values import BadValueError

ACCOUNT, AMOUNT, TIME, PAYMENT = 0, 1, 8, 14
MAX_BYTES = 20_000_000


def rows(body: bytes) -> Sequence[RegistryRow]:
    """The payments of a file, UTF-8 or windows-1251; a heading is passed over.

    Raises BadValueError with the number of the line.
    """
    if len(body) > MAX_BYTES:
        raise BadValueError("the file is too large")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1251", "replace")
    found: list[RegistryRow] = []
    for number, cells in enumerate(csv.reader(io.StringIO(text), delimiter=";"), 1):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            found.append(_row(cells))
        except BadValueError as error:
            if number == 1 and not any(sign.isdigit() for cell in cells for sign in cell):
                continue  # a heading
            raise BadValueError(f"line {number}: {error}") from error
    return found


def _row(cells: Sequence[str]) -> RegistryRow:
    if len(cells) <= PAYMENT:
        raise BadValueError(f"{len(cells)} columns, fifteen are needed")
    amount = values.uah(cells[AMOUNT], allow_negative=True)
    return RegistryRow(
        key=values.key(cells[PAYMENT]),
        amount_kopecks=abs(amount),
        account=values.account_number(cells[ACCOUNT]),
        paid_at=values.iso_time(cells[TIME]),
        is_reversal=amount < 0,
    )
