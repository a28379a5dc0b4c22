"""Lists page by key: "older than this one", never "skip so many" (which gets slow and slips)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class KeyPage(Generic[Row]):
    """One page of a list; `next_before` is the key to ask for the following page with."""

    rows: Sequence[Row]
    next_before: int | None
    is_first: bool

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def key_page(
    rows: Sequence[Row], *, before: int | None, size: int = PAGE_SIZE, key: str = "id"
) -> KeyPage[Row]:
    """Make a page of rows that were read with `limit=size + 1`, newest first."""
    shown = rows[:size]
    more = len(rows) > size
    return KeyPage(
        rows=shown,
        next_before=getattr(shown[-1], key) if more else None,
        is_first=before is None,
    )
