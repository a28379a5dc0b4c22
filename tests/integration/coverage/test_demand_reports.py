"""What may leave the house, and for how long."""

from datetime import datetime, timedelta

import pytest

from coverage import operations, queries
from coverage.demand.privacy import households_of
from coverage.demand.reports import BadReportError, ReportOverError, UnknownReportError, token_of
from coverage.demand.wanted import Kind
from coverage.demand.wishes import Wish
from coverage.models import SharedReport
from project.core.models import AuditEntry
from tests.support import zones

pytestmark = pytest.mark.django_db
AT = zones.AT


def wish(place: str, *, lon: float = 36.36, known: bool = True, households: int = 1) -> Wish:
    return Wish(
        place=place, first_at=AT, kind=Kind.FAILED, reason="OUTSIDE_ZONE", is_known=known,
        households=households, cell="", lon=lon, lat=50.03, is_served=False,
    )  # fmt: skip


def test_households_are_counted_down_not_up() -> None:
    private = [wish("b1") for _caller in range(5)]  # telephones change their address
    block = [wish("b2", households=40) for _caller in range(5)]
    weeks = [wish("b3", known=False, households=40) for _week in range(5)]
    assert [households_of(each) for each in (private, block, weeks)] == [1, 5, 1]
    assert households_of(private + block + weeks) == 7
    assert households_of([]) == 0


def test_a_cell_of_two_is_merged_with_its_neighbours_or_left_out() -> None:
    crowd = [wish(f"b{n}") for n in range(4)]
    pair = [wish(f"c{n}", lon=36.3665) for n in range(2)]  # 460 m away: another cell of 250 m
    third = [wish("d", lon=36.3695)]
    alone = [wish("e", lon=36.9)]
    shown, rest = queries.demand_generalised(wishes=crowd + pair + third + alone, width_m=250)
    assert all(households_of(inside) >= 3 for inside in shown.values())
    assert rest == alone
    assert sorted(len(inside) for inside in shown.values()) == [3, 4]
    widths = {name.split("-")[1] for name, inside in shown.items() if len(inside) == 3}
    assert widths <= {"500", "1000"}


def test_of_buildings_only_hexagons_leave_the_house() -> None:
    shown, _rest = queries.demand_generalised(wishes=[wish(f"b{n}") for n in range(3)], width_m=0)
    assert [name.split("-")[1] for name in shown] == ["100"]


def test_one_and_two_are_told_as_few() -> None:
    assert [queries.demand_rounded(count) for count in (0, 1, 2, 3)] == [0, None, None, 3]


def shared(at: datetime = AT, *, title: str = "Попит", days: int = 7) -> SharedReport:
    return operations.share_report(
        at=at,
        actor=zones.actor(zones.planner()),
        kind="DEMAND",
        title=title,
        content={},
        days=days,
        language="uk",
    )


def test_a_link_works_until_its_day_and_not_after_it_was_taken_back() -> None:
    report = shared()
    token = token_of(report)
    assert queries.demand_report(token=token, at=AT + timedelta(days=6)).id == report.id
    with pytest.raises(ReportOverError):
        queries.demand_report(token=token, at=AT + timedelta(days=7))
    who = zones.actor(zones.planner())
    operations.revoke_report(report_id=report.id, at=AT, actor=who)
    operations.revoke_report(report_id=report.id, at=AT, actor=who)
    with pytest.raises(ReportOverError):
        queries.demand_report(token=token, at=AT)
    actions = AuditEntry.objects.filter(object_type="shared_report").order_by("id")
    assert [entry.action for entry in actions] == [
        "coverage.report.shared",
        "coverage.report.revoked",
    ]


def test_a_token_can_neither_be_guessed_nor_changed() -> None:
    report = shared()
    token = token_of(report)
    for wrong in ("", report.public_id.hex, token[:-1], "0" * 32 + token[32:], token + "x", "\x00"):
        with pytest.raises(UnknownReportError):
            queries.demand_report(token=wrong, at=AT)
    with pytest.raises(UnknownReportError):
        operations.revoke_report(report_id=10**9, at=AT, actor=zones.actor(zones.planner()))


@pytest.mark.parametrize(("title", "days"), [("", 7), ("x" * 161, 7), ("a\x00b", 7), ("ok", 8)])
def test_a_report_needs_a_title_and_one_of_the_terms(title: str, days: int) -> None:
    with pytest.raises(BadReportError):
        shared(title=title, days=days)
    assert not SharedReport.objects.exists()
