"""Lists of addresses as the workspace shows them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from billing.qualification import lists, output
from billing.qualification.words import MATCHES
from billing.qualification.work import KIND
from coverage.addressfiles.contents import MAX_COLUMNS
from coverage.addressfiles.tables import TableOptions
from coverage.answers import MatchKind
from frontend.planner import import_words
from frontend.workspace.params import as_key, clean
from frontend.workspace.queries.jobs import ShownJob, shown
from project.core import jobs
from project.core.jobs.files import folder_of
from project.core.models import Job, User

RECENT = 10
PAGE_ROWS = 50
MATCH_TONES = {
    MatchKind.EXACT: "online",
    MatchKind.ALIAS: "online",
    MatchKind.AMBIGUOUS: "guest",
    MatchKind.FUZZY: "guest",
    MatchKind.STREET_ONLY: "guest",
    MatchKind.NONE: "off",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list: its place, its name, and what it was taken for ("": nothing)."""

    at: int
    name: str
    field: str


@dataclass(frozen=True, slots=True)
class ColumnsPage:
    """The page that asks which column is what."""

    columns: list[Column]
    rows: list[list[tuple[bool, str]]]
    fields: dict[str, Any]
    texts: list[str]
    is_enough: bool
    encoding: str
    delimiter: str
    sheet: str
    sheets: list[str]
    header_row: int
    is_csv: bool
    encodings: dict[str, str]
    delimiters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UnmatchedRow:
    """A row that was tied to no building; candidates are (label, address of the building)."""

    row: int
    asked: str
    tone: str
    word: Any
    candidates: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ResultPage:
    """What came of a list."""

    about: ShownJob
    matches: list[tuple[str, Any, int]]
    rows: list[UnmatchedRow]
    unmatched: int
    next_after: int | None


def recent(*, viewer: User) -> list[ShownJob]:
    """My latest lists."""
    return [shown(job) for job in jobs.listed(viewer=viewer, kind=KIND, limit=RECENT)]


def choice_of(data: QueryDict, *, kept: lists.Choice) -> lists.Choice:
    """What a person chose: a select for each column, named by its place.

    The columns are sent by name, as a change of encoding or sheet gives them other places.
    """
    mapping: dict[str, str] = {}
    for at in range(MAX_COLUMNS):
        field = data.get(f"field-{at}", "")
        if field in lists.FIELDS and field not in mapping:
            mapping[field] = clean(data.get(f"name-{at}", ""), 100)
    header = data.get("header_row", "")
    options = TableOptions(
        encoding=clean(data.get("encoding", ""), 20),
        delimiter=clean(data.get("delimiter", ""), 5),
        sheet=clean(data.get("sheet", ""), 100),
        header_row=0 if header == "0" else as_key(header),
    )
    if _is_read_anew(options, kept.options):
        mapping = {}  # other cells, other columns: guess again
    return lists.Choice(mapping, clean(data.get("locality", ""), 120), options)


def _is_read_anew(now: TableOptions, before: TableOptions) -> bool:
    names = ("encoding", "delimiter", "sheet", "header_row")
    return any(getattr(now, name) != getattr(before, name) for name in names)


def columns_page(look: lists.Look) -> ColumnsPage:
    """The page of columns from a look at the list."""
    table, options = look.table, look.choice.options
    by_name = {name: field for field, name in look.choice.mapping.items()}
    return ColumnsPage(
        columns=[Column(at, name, by_name.get(name, "")) for at, name in enumerate(table.header)],
        rows=[
            [(name in by_name, row[at]) for at, name in enumerate(table.header)]
            for row in look.rows
        ],
        fields={name: import_words.FIELDS[name] for name in lists.FIELDS},
        texts=look.texts,
        is_enough=lists.is_enough(look.choice.mapping),
        encoding=options.encoding,
        delimiter=options.delimiter,
        sheet=table.sheet,
        sheets=table.sheets,
        header_row=table.header_row,
        is_csv=table.kind == "CSV",
        encodings=import_words.ENCODINGS,
        delimiters=import_words.DELIMITERS,
    )


def result_page(*, job: Job, after: int) -> ResultPage:
    """The summary, and unmatched rows from the row after that number on."""
    counts = job.counts
    matches = [
        (MATCH_TONES[kind], word, counts[f"match_{kind.lower()}"])
        for kind, word in MATCHES.items()
        if counts.get(f"match_{kind.lower()}")
    ]
    found = _unmatched(folder_of(job), after)
    return ResultPage(
        about=shown(job),
        matches=matches,
        rows=found[:PAGE_ROWS],
        unmatched=counts.get("unmatched", 0),
        next_after=found[PAGE_ROWS - 1].row if len(found) > PAGE_ROWS else None,
    )


def _unmatched(folder: Path, after: int) -> list[UnmatchedRow]:
    return [
        UnmatchedRow(
            row=row["row"],
            asked=row["asked"],
            tone=MATCH_TONES[MatchKind(row["kind"])],
            word=MATCHES[MatchKind(row["kind"])],
            candidates=[(one["label"], _card(one["building_id"])) for one in row["candidates"]],
        )
        for row in output.unmatched_rows(folder=folder, after=after, limit=PAGE_ROWS + 1)
    ]


def _card(building_id: int | None) -> str:
    return reverse("workspace:building", args=[building_id]) if building_id else ""
