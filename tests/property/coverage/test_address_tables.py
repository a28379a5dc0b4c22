"""Laws of the import of tables: twice is once, and no row is lost."""

import csv
import io
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coverage.addressfiles import importing
from coverage.addressfiles.importing import Asked
from coverage.importers.report import Report
from coverage.models import AdminUnit, Building, Street, UnplacedAddress

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HEADER = ["Населений пункт", "Вулиця", "Будинок", "lat", "lon", "Квартир", "id"]

pytestmark = pytest.mark.django_db

rows = st.lists(
    st.tuples(
        st.sampled_from(["", "Тестівка", "м. Тестівка", "Інша"]),
        st.sampled_from(
            ["вул. Лісова", "Лісова вулиця", "Лісова", "пров. Лісова", "вул. Нова", "улица Ёлки"]
        ),
        st.sampled_from(["1", "1а", "1 А", "1/2", "2 корпус 1", "16-22", "18.янв", "", "=1+1"]),
        st.sampled_from(["", "50.01", "50,0101", "50.02", "36.31", "nan", "999"]),
        st.sampled_from(["", "36.31", "36,3101", "36.32", "50.01"]),
        st.sampled_from(["", "36", "36.0", "багато"]),
        st.sampled_from(["", "", "a1", "a2"]),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


def state() -> list[Any]:
    buildings = Building.objects.order_by("id").values_list(
        "id", "street", "number", "point", "flats", "external_ref"
    )
    waiting = UnplacedAddress.objects.order_by("id").values_list("id", "text", "reason", "building")
    return [*buildings, *Street.objects.order_by("id").values_list("id", "name"), *waiting]


def run(path: Path, unit: AdminUnit) -> Report:
    return importing.import_addresses(path=path, name="a.csv", asked=Asked(locality=unit), at=AT)


@example(
    [
        ("", "вул. Лісова", "1", "", "", "", ""),
        ("", "вул. Лісова", "1", "36.31", "50.01", "", ""),
        ("", "вул. Лісова", "1а", "36.31", "36.31", "", ""),
    ]
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows)
def test_a_table_imported_twice_is_imported_once_and_no_row_is_lost(
    table: list[tuple[str, ...]],
) -> None:
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        unit = AdminUnit.objects.create(
            category="CITY", name="Тестівка", search_key="тестівка", path="/77/", depth=0
        )
        Street.objects.create(
            locality=unit, type="вулиця", name="Лісова", name_norm="лісова", search_key="лісова"
        )
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=";").writerows([HEADER, *table])
        path = Path(folder) / "a.csv"
        path.write_text(out.getvalue(), encoding="utf-8")
        if not any(any(cells) for cells in table):
            transaction.set_rollback(True)
            return
        first = run(path, unit)
        remarks = first.as_json()["remarks"]
        known = first.counts["known"] + first.counts["new"] + first.counts["waiting for a pin"]
        assert known == first.counts["rows"] == sum(any(cells) for cells in table)
        assert first.counts["created"] <= first.counts["new"]
        assert first.counts["new"] - first.counts["created"] <= remarks.get("DUPLICATE_ROW", 0)
        before = state()
        again = run(path, unit)
        assert again.counts["created"] == 0
        assert again.counts["of them new"] == again.counts["streets created"] == 0
        assert state() == before
        transaction.set_rollback(True)
