"""Qualifying a list: chunk by chunk, from where it was left, as a job or as a command."""

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from billing.qualification.answers import Qualified, Qualifier
from billing.qualification.lists import choice_of, read_list, texts_of
from billing.qualification.output import (
    CSV_NAME,
    UNMATCHED_NAME,
    XLSX_NAME,
    Writer,
    excel_rows,
)
from coverage.addressfiles.tables import Table
from project.core import clock
from project.core.jobs import Progress

KIND = "billing.qualify"
CHUNK_ROWS = 1_000
START = {"row": 0, "csv": 0, "unmatched": 0}


class Step(NamedTuple):
    """After a chunk: how many rows it had, their outcomes, and the state to go on from."""

    rows: int
    counts: dict[str, int]
    state: dict[str, int]


def run(progress: Progress) -> None:
    """The job: a table with the answers as CSV and as an Excel table."""
    (name, path) = progress.inputs()[0]
    choice = choice_of(progress.params)
    table = read_list(path=path, choice=choice)
    progress.set_total(len(table.rows))
    texts = texts_of(table, choice)
    at = progress.started_at

    def keep(step: Step) -> None:
        progress.advance(step.rows, **step.counts)
        progress.checkpoint(step.state)

    state = progress.state or START
    if not _is_whole(state, progress.folder):
        progress.start_over()
        state = START
    qualify_rows(
        table=table, texts=texts, folder=progress.folder, at=at, on_date=clock.today(at),
        state=state, keep=keep,
    )  # fmt: skip
    stem = Path(name).stem[:80] or "list"
    progress.add_result(stored_name=CSV_NAME, name=f"{stem}-geobill.csv")
    for _row in excel_rows(folder=progress.folder, width=len(table.header)):
        progress.advance(0)
    progress.add_result(stored_name=XLSX_NAME, name=f"{stem}-geobill.xlsx")


def qualify_rows(
    *,
    table: Table,
    texts: list[str],
    folder: Path,
    at: datetime,
    on_date: date,
    state: dict[str, int],
    keep: Callable[[Step], None],
) -> None:
    """Write one row for each row of the table from `state` on; `keep` is told of each chunk."""
    qualifier = Qualifier(at=at, on_date=on_date)
    writer = Writer(folder=folder, header=table.header, state=state)
    rows = list(zip(table.rows, texts, strict=True))
    done = state["row"]
    try:
        while chunk := rows[done : done + CHUNK_ROWS]:
            found = qualifier.qualify([text for _row, text in chunk])
            ends = writer.write(
                (number, cells, text, answer)
                for ((number, cells), text), answer in zip(chunk, found, strict=True)
            )
            done += len(chunk)
            keep(Step(len(chunk), counts_of(found), {"row": done, **ends}))
    finally:
        writer.close()


def counts_of(found: list[Qualified]) -> dict[str, int]:
    """How many of each match, and of each answer among those that were tied to a building."""
    counts: Counter[str] = Counter()
    for one in found:
        counts[f"match_{one.match.kind.lower()}"] += 1
        counts[f"answer_{one.answer.lower()}" if one.is_matched else "unmatched"] += 1
    return dict(counts)


def _is_whole(state: dict[str, int], folder: Path) -> bool:
    """Whether the files are as long as the checkpoint says (they are not on a disk made anew)."""
    kept = {CSV_NAME: state["csv"], UNMATCHED_NAME: state["unmatched"]}
    return all(
        length == 0 or ((folder / name).exists() and (folder / name).stat().st_size >= length)
        for name, length in kept.items()
    )
