"""What came of an import: a table with every row of the file and a word about it."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from network.addressing.importcolumns import Column
from network.addressing.importfile import CODE_COLUMN, COLUMNS_ROW
from network.addressing.importoutcome import Code, Note, Outcome
from network.addressing.static import login_of
from project.core.spreadsheets import guarded

CODE_TEXTS: dict[Code, Any] = {
    Code.GIVEN: _("the address is given"),
    Code.CHANGED: _("the address is changed, before: %(about)s"),
    Code.SAME: _("already so"),
    Code.MAC_ONLY: _("the MAC is registered"),
    Code.ACCESS: _("the access parameters are set"),
    Code.NOTHING: _("nothing to do: the row says nothing of the service"),
    Code.UNKNOWN: _("there is no such login, contract or service"),
    Code.AMBIGUOUS: _(
        "the contract has several services, name the number of the right one: %(about)s"
    ),
    Code.ENDED: _("the service has ended"),
    Code.BAD_ADDRESS: _("this is not an address: %(about)s"),
    Code.BAD_MAC: _("this is not a MAC address: %(about)s"),
    Code.BAD_LOGIN: _(
        "a login has 1 to 64 Latin letters, digits and signs, no spaces, no %%{ and no ${: "
        "%(about)s"
    ),
    Code.BAD_PASSWORD: _("a password has 1 to 128 visible Latin characters without spaces"),
    Code.BAD_PORT: _("this is no port of Option 82: %(about)s"),
    Code.BAD_ROW: _(
        "a quotation mark makes one cell of lines %(about)s: double it, or take it out"
    ),
    Code.LOGIN_TAKEN: _("another service has this login: %(about)s"),
    Code.TAKEN: _("the address is held by another one: %(about)s"),
    Code.RESERVED: _("the address is reserved: %(about)s"),
    Code.REPEATED: _("row %(about)s says something of the same address or service already"),
}
NOTE_TEXTS: dict[Note, Any] = {
    Note.OUTSIDE: _("no pool has this address"),
    Note.MAC_TAKEN: _("the MAC is registered for another service and was left out"),
    Note.MAC_IS_LOGIN: _("the MAC is another service's login and was left out"),
    Note.MAC_CHANGED: _("another MAC was registered before"),
    Note.LOGIN_SET: _("the login is the row's now"),
    Note.PASSWORD_SET: _("the password is the row's now"),
    Note.PORT_SET: _("the port is the row's now"),
    Note.PORT_SHARED: _("another service is registered at the same port"),
}
ADDED = (CODE_COLUMN, "geobill_service", "geobill_result")
# Of a dry run, which has written nothing.
DRY_TEXTS: dict[Code | Note, Any] = {
    Code.GIVEN: _("the address would be given"),
    Code.CHANGED: _("the address would be changed, before: %(about)s"),
    Code.MAC_ONLY: _("the MAC would be registered"),
    Code.ACCESS: _("the access parameters would be set"),
    Note.LOGIN_SET: _("the login would be the row's"),
    Note.PASSWORD_SET: _("the password would be the row's"),
    Note.PORT_SET: _("the port would be the row's"),
}
BOM = "\ufeff"


def text_of(outcome: Outcome, *, is_dry: bool) -> str:
    """What came of a row, or would, in the language that is active."""
    about = outcome.about
    if outcome.code is Code.LOGIN_TAKEN:
        about = f"{login_of(int(about))} ({about})"
    elif outcome.code is Code.TAKEN and about.isdigit():
        about = login_of(int(about))
    elif outcome.code is Code.TAKEN and not about:
        about = login_of(0)
    dry = DRY_TEXTS if is_dry else {}
    told = [str(dry.get(outcome.code) or CODE_TEXTS[outcome.code]) % {"about": about}]
    return "; ".join(told + [str(dry.get(one) or NOTE_TEXTS[one]) for one in outcome.notes])


def row_of(outcome: Outcome, width: int, *, is_dry: bool) -> list[str]:
    """The row of the report: the cells as they were, then ours."""
    cells = [*outcome.line.cells, *[""] * (width - len(outcome.line.cells))]
    service = str(outcome.subscription_id or "")
    told = text_of(outcome, is_dry=is_dry)
    return [guarded(cell) for cell in (*cells, outcome.code.value, service, told)]


def counts_of(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many rows of each code, in the words of a job's counts."""
    return dict(Counter(f"ip_{one.code.value.lower()}" for one in outcomes))


class Report:
    """A CSV that grows portion by portion; `length` is how long it was at the last checkpoint.

    Its first row says how each column was read.
    """

    def __init__(self, path: Path, columns: Sequence[Column], *, length: int, is_dry: bool) -> None:
        self._width, self._is_dry = len(columns), is_dry
        is_new = not length
        self._stream = path.open("w" if is_new else "r+", encoding="utf-8", newline="")
        if is_new:
            self._stream.write(BOM)
        else:
            self._stream.seek(length)
            self._stream.truncate()
        self._writer = csv.writer(self._stream, delimiter=";")
        if is_new:
            names = (one.name for one in columns)
            self._writer.writerow([guarded(name) for name in (*names, *ADDED)])
            read_as = (f"→ {one.read_as}" for one in columns)
            self._writer.writerow([*read_as, COLUMNS_ROW, "", _("how each column was read")])

    def write(self, outcomes: Iterable[Outcome]) -> int:
        """Add these rows; gives the length of the file with them."""
        self._writer.writerows(row_of(one, self._width, is_dry=self._is_dry) for one in outcomes)
        self._stream.flush()
        return self._stream.tell()

    def close(self) -> None:
        """No more rows."""
        self._stream.close()
