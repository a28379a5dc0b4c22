"""A list in, one row out for each of its rows: the answers of single checks, nothing lost."""

import io
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from billing.qualification import lists, operations, work
from billing.qualification.lists import Choice, choice_of, text_of
from billing.qualification.output import unmatched_rows
from billing.tariffs.queries import offers_for_check
from coverage import operations as coverage
from coverage.answers import MatchKind
from coverage.models import AvailabilityCheck, Zone
from project.core import jobs
from project.core.actor import SYSTEM
from project.core.errors import DomainError
from project.core.jobs import running
from project.core.jobs.files import folder_of
from project.core.models import Job, JobFile
from project.core.spreadsheets import guarded
from tests.support.address_lists import as_csv, read_csv, street
from tests.support.provider import AT, ON_DATE, Provider, small_provider

pytestmark = pytest.mark.django_db
CITY, NAME = "Списків", "Перевірочна"
ASKED = [
    "м. Списків, вул. Перевірочна, 42-Б",
    "Списків Перевірочна 42б",
    "Перевірочна вулиця, буд. 42Б, кв. 7",
    "м. Списків, вул. Староперевірочна, 42Б",
    "м. Списків, вул. Перевірочна, 7",
    "м. Списків, вул. Перевірочна, 99",
    "м. Списків, вул. Перевірочна, 12",
    "м. Списків, вул. Первірочна, 42Б",
    "м. Списків, вул. Зовсім Інша, 1",
    "вул. Перевірочна, 16-22",
    "=1+1",
    "'",
    "ї" * 400,
]


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path, monkeypatch):
    """Files of jobs in a folder of the test's; no worker is woken."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(running, "_wake", [])


@pytest.fixture
def provider() -> Provider:
    made = small_provider()
    street(made, name=NAME, city=CITY)
    return made


def handed_in(data: bytes, name: str = "список.csv") -> Job:
    return operations.hand_in(name=name, content=io.BytesIO(data), actor=SYSTEM, at=AT)


def begun(data: bytes, name: str = "список.csv") -> Job:
    job = handed_in(data, name)
    return operations.begin(job=job, choice=choice_of(job.params), actor=SYSTEM, at=AT)


def done(data: bytes, name: str = "список.csv") -> Job:
    job = begun(data, name)
    jobs.run_waiting(now=lambda: AT)
    job.refresh_from_db()
    return job


def result(job: Job, suffix: str = "csv") -> Path:
    return jobs.file_path(JobFile.objects.get(job=job, stored_name=f"result.{suffix}"))


def table(asked: list[str]) -> bytes:
    return as_csv([["№", "Адреса", "Примітка"], *([str(n), a, "x"] for n, a in enumerate(asked))])


def test_each_row_says_what_a_check_of_its_address_says(provider: Provider) -> None:
    job = done(table(ASKED))
    assert (job.state, job.error, job.done, job.total) == ("DONE", "", len(ASKED), len(ASKED))
    rows = read_csv(result(job).read_bytes())
    assert [row["№"] for row in rows] == [str(n) for n in range(len(ASKED))]
    assert AvailabilityCheck.objects.count() == 0
    for asked, row in zip(ASKED[:12], rows, strict=False):
        check = coverage.check_availability(at=AT, channel="API", actor=SYSTEM, text=asked)
        offers = offers_for_check(check=check, on_date=ON_DATE)
        told = (row["match_kind"], row["answer"], row["reason"], row["building_id"])
        matched = check.match_kind in (MatchKind.EXACT, MatchKind.ALIAS)
        assert told == (
            check.match_kind, check.answer, check.reason,
            str(check.building_id) if matched else "",
        ), asked  # fmt: skip
        assert float(row["confidence"]) == pytest.approx(check.confidence, abs=0.005)
        assert len(row["offers"].split("; ")) == (len(offers) or 1)
        assert row["offers"].startswith("Дім 300 (GPON)") == bool(offers)
        labels = [c.label for c in check.candidates[:5]]
        assert row["candidates"] == "; ".join(labels)
    by_kind = {name: n for name, n in job.counts.items() if name.startswith("match_")}
    assert sum(by_kind.values()) == len(ASKED)
    assert rows[0]["best_price_uah"] == "300.00"
    assert rows[0]["address"] == "Списків, вулиця Перевірочна, 42Б"
    assert rows[4]["reason"] == "NEAR_EDGE"
    assert rows[12]["match_kind"] == "NONE"


def test_rows_that_do_not_match_are_listed_with_what_they_may_mean(provider: Provider) -> None:
    job = done(table(ASKED))
    found = unmatched_rows(folder=folder_of(job), after=0, limit=100)
    assert len(found) == job.counts["unmatched"] == 7
    assert found[0]["asked"] == ASKED[6]
    assert found[0]["row"] == 8  # of the file: the header is row 1
    assert [one["label"] for one in found[0]["candidates"]] == [
        "вулиця Перевірочна, 7",
        "вулиця Перевірочна, 42Б",
        "вулиця Перевірочна, 99",
    ]
    after = unmatched_rows(folder=folder_of(job), after=found[2]["row"], limit=2)
    assert after == found[3:5]


@pytest.mark.parametrize("cell", ["=1+1", "+380671234567", "-5", "@sum", "\tx", "'=1", "''=1"])
def test_nothing_in_a_cell_is_computed(cell: str, provider: Provider) -> None:
    assert guarded(cell) == f"'{cell}"
    data = as_csv([["Адреса", "Примітка =1"], [ASKED[0], f" {cell}x"], [cell, cell]])
    job = done(data)
    assert job.state == "DONE"
    text = result(job).read_bytes().decode("utf-8-sig")
    cells = [cell for line in text.splitlines() for cell in line.split(";")]
    assert [cell for cell in cells if cell and cell[0] in "=+-@\t\r"] == []
    sheet = openpyxl.load_workbook(result(job, "xlsx")).active
    assert {c.data_type for row in sheet.iter_rows() for c in row} <= {"s", "n"}


def test_the_excel_table_says_the_same_with_titles_for_people(provider: Provider) -> None:
    job = done(table(ASKED))
    sheet = openpyxl.load_workbook(result(job, "xlsx")).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:5] == ("№", "Адреса", "Примітка", "Збіг", "Упевненість")
    assert len(rows) == len(ASKED) + 1
    plain = read_csv(result(job).read_bytes())
    for shown, row in zip(rows[1:], plain, strict=True):
        assert shown[3] == row["match_kind"]
        assert str(shown[6] or "") == row["building_id"]


def test_a_column_of_ours_that_the_list_has_already_is_kept_apart(provider: Provider) -> None:
    job = done(as_csv([["address", "answer"], [ASKED[0], "theirs"]]))
    row = read_csv(result(job).read_bytes())[0]
    assert (row["answer"], row["geobill_answer"]) == ("theirs", "AVAILABLE")


def test_a_job_that_dies_between_chunks_gives_the_same_table(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [ASKED[n % len(ASKED)] for n in range(95)]
    monkeypatch.setattr(work, "CHUNK_ROWS", 10)
    whole = done(table(asked))
    job = begun(table(asked))
    for dies_at in (3, 7):
        _dies(job, dies_at, monkeypatch)
    Job.objects.filter(id=job.id).update(heartbeat_at=AT - running.DEAD_AFTER * 2)
    assert jobs.run_waiting(now=lambda: AT) == 1
    job.refresh_from_db()
    assert (job.state, job.done, job.counts) == ("DONE", 95, whole.counts)
    for name in ("result.csv", "unmatched.jsonl"):
        assert (folder_of(job) / name).read_bytes() == (folder_of(whole) / name).read_bytes()


class Died(BaseException):
    """The process is gone."""


def _dies(job: Job, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run until that chunk of the job is written and not yet kept, then die."""
    Job.objects.filter(id=job.id).update(available_at=AT, heartbeat_at=AT - running.DEAD_AFTER * 2)
    kept = jobs.Progress.checkpoint

    def die(progress: jobs.Progress, state: dict[str, int]) -> None:
        if state["row"] == chunk * 10:
            raise Died
        kept(progress, state)

    with monkeypatch.context() as patch:
        patch.setattr(jobs.Progress, "checkpoint", die)
        with pytest.raises(Died):
            jobs.run_waiting(now=lambda: AT)


def test_a_lost_disk_is_noticed_and_the_list_is_begun_anew(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "CHUNK_ROWS", 10)
    asked = [ASKED[n % len(ASKED)] for n in range(40)]
    job = begun(table(asked))
    _dies(job, 3, monkeypatch)
    (folder_of(job) / "result.csv").write_bytes(b"")
    Job.objects.filter(id=job.id).update(heartbeat_at=AT - running.DEAD_AFTER * 2)
    jobs.run_waiting(now=lambda: AT)
    job.refresh_from_db()
    assert (job.state, job.done) == ("DONE", 40)
    assert len(read_csv(result(job).read_bytes())) == 40


def test_one_row_too_many_is_told_clearly(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_ROWS", 20)
    assert done(table(["вул. Перевірочна, 7"] * 20)).state == "DONE"
    told = "У списку понад 20 рядків: розділіть його на частини."
    long = table(["вул. Перевірочна, 7"] * 21)
    with pytest.raises(lists.ListTooLongError, match=told):  # before anything is kept
        handed_in(long)
    assert Job.objects.count() == 1
    monkeypatch.setattr(lists, "MAX_ROWS", 21)
    job = begun(long)
    monkeypatch.setattr(lists, "MAX_ROWS", 20)
    jobs.run_waiting(now=lambda: AT)
    job.refresh_from_db()
    assert (job.state, job.error) == ("FAILED", told)


def test_of_a_book_the_sheet_that_is_short_enough_may_be_chosen(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = openpyxl.Workbook()
    for name, rows in (("Довгий", 21), ("Короткий", 5)):
        sheet = book.create_sheet(name)
        sheet.append(["Адреса"])
        for _row in range(rows):
            sheet.append(["вул. Перевірочна, 7"])
    del book["Sheet"]
    stream = io.BytesIO()
    book.save(stream)
    monkeypatch.setattr(lists, "MAX_ROWS", 20)
    job = handed_in(stream.getvalue(), "книга.xlsx")
    choice = choice_of(job.params)
    assert operations.look(job=job, choice=choice).is_too_long
    with pytest.raises(lists.ListTooLongError):
        operations.begin(job=job, choice=choice, actor=SYSTEM, at=AT)
    short = replace(choice, options=replace(choice.options, sheet="Короткий"))
    assert operations.begin(job=job, choice=short, actor=SYSTEM, at=AT).state == "QUEUED"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "koi8_u"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_encoding_and_delimiter_are_found_out(
    encoding: str, delimiter: str, provider: Provider
) -> None:
    rows = [["Адреса", "Хто"], *([a, "Олена"] for a in ASKED[:9])]
    job = done(as_csv(rows, encoding=encoding, delimiter=delimiter))
    assert job.state == "DONE"
    found = read_csv(result(job).read_bytes())
    assert [row["match_kind"] for row in found[:4]] == ["EXACT", "EXACT", "EXACT", "ALIAS"]
    assert {row["Хто"] for row in found} == {"Олена"}


def test_an_excel_list_with_parts_of_the_address_apart(provider: Provider) -> None:
    book = openpyxl.Workbook()
    book.active.append(["№", "Населений пункт", "Тип вулиці", "Вулиця", "Будинок", "Корпус"])
    for n in range(1, 11, 2):
        book.active.append([n, CITY, "вул.", NAME, "42Б", None])
        book.active.append([n + 1, CITY, "", NAME, 7, None])
    content = io.BytesIO()
    book.save(content)
    job = done(content.getvalue(), "список.xlsx")
    assert job.params["mapping"]["house"] == "Будинок"
    kinds = [row["match_kind"] for row in read_csv(result(job).read_bytes())]
    assert kinds == ["EXACT"] * 10


def test_the_settlement_may_be_given_for_the_whole_list(provider: Provider) -> None:
    job = handed_in(as_csv([["Вулиця", "Будинок"], [NAME, "42Б"], [NAME, "7"]]))
    choice = Choice({"street": "Вулиця", "house": "Будинок"}, "Львів")
    operations.begin(job=job, choice=choice, actor=SYSTEM, at=AT)
    jobs.run_waiting(now=lambda: AT)
    job.refresh_from_db()
    assert job.counts == {"match_fuzzy": 2, "unmatched": 2}


@pytest.mark.parametrize(
    "cells, text",
    [
        ({"address": "вул. Бучми, 1"}, "вул. Бучми, 1"),
        ({"locality": "Харків", "street": "Бучми", "house": "42.0"}, "м. Харків, Бучми, буд. 42"),
        (
            {"locality": "с. Зелене", "street_type": "вул.", "street": "Бучми", "house": "4",
             "korpus": "2"},
            "с. Зелене, вул. Бучми, буд. 4 корпус 2",
        ),
        ({}, ""),
    ],
)  # fmt: skip
def test_cells_become_one_line(cells: dict[str, str], text: str) -> None:
    assert text_of(cells) == text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 4096,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
        b"a;" * 1_000_000 + b"\n" + b"x;" * 100,
        b"PK\x03\x04 no archive at all",
        "Адреса;x\nвул. Пере\x00вірочна, 7;\x00\x01\n".encode(),
        "Адреса\n".encode(),
    ],
    ids=["empty", "nul", "png", "million columns", "broken zip", "nul in cells", "header only"],
)
def test_hostile_files_are_refused_in_words_and_not_kept(data: bytes, settings) -> None:
    with pytest.raises(DomainError) as refused:
        handed_in(data)
    assert 400 <= refused.value.http_status < 500
    assert str(refused.value.message)
    assert Job.objects.count() == 0
    folder = Path(settings.MEDIA_ROOT) / "jobs"
    assert not folder.exists() or not list(folder.iterdir())


@pytest.mark.parametrize(
    "data",
    [
        "Адреса;x\nвул. Перевірочна, 7;".encode()
        + b"\xff\x81\n"
        + "вул. Інша, 7;y\n".encode() * 30,
        'Адреса;x\n"вул. Перевірочна, 7;незакрита\nвул. Перевірочна, 7;y\n'.encode(),
        ("Адреса;x\n" + "я" * 50_000 + ";y\n").encode(),
    ],
    ids=["broken encoding", "unclosed quote", "endless cell"],
)
def test_damaged_rows_are_answered_as_well_as_they_can(data: bytes, provider: Provider) -> None:
    job = done(data)
    assert job.state == "DONE", job.fault
    assert len(read_csv(result(job).read_bytes())) == job.done >= 1


def test_the_command_does_the_same(provider: Provider, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(table(ASKED))
    out = io.StringIO()
    call_command(
        "qualify_addresses", str(tmp_path / "in.csv"), out=tmp_path / "out.csv", stdout=out,
        stderr=io.StringIO(),
    )  # fmt: skip
    rows = read_csv((tmp_path / "out.csv").read_bytes())
    assert [row["№"] for row in rows] == [str(n) for n in range(len(ASKED))]
    assert "match_exact" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("qualify_addresses", str(tmp_path / "no.csv"), out=tmp_path / "o.csv")


def test_blank_lines_between_the_rows_cost_no_row(provider: Provider, monkeypatch) -> None:
    monkeypatch.setattr(lists, "MAX_ROWS", 60)
    spaced = b"\r\n".join(f"вул. Перевірочна, {n}\r\n\r\n".encode() for n in range(60))
    job = done("Адреса\r\n".encode() + spaced)
    assert (job.state, job.done) == ("DONE", 60)
    assert len(read_csv(result(job).read_bytes())) == 60
    with pytest.raises(lists.ListTooLongError):
        lists.read_list(
            path=operations.list_path(handed_in("Адреса\r\n".encode() + spaced + b"\r\nx")),
            choice=Choice({"address": "Адреса"}),
        )


def test_a_zone_with_an_old_unprintable_name_spoils_no_table(provider: Provider) -> None:
    Zone.objects.filter(id=provider.zone_id).update(name="Зона\x01 стара\x0b")
    job = done(table(ASKED[:1]))
    assert (job.state, job.error) == ("DONE", "")
    sheet = openpyxl.load_workbook(result(job, "xlsx")).active
    assert sheet is not None
    assert "Зона стара" in [cell.value for cell in sheet[2]]
