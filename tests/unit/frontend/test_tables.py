"""Tables that people take away hold what people typed, whatever that is."""

import io

from openpyxl import load_workbook

from frontend.tables import Table, as_csv, as_xlsx


def test_signs_that_a_workbook_cannot_hold_do_not_cost_the_file() -> None:
    table = Table(name="Виписка", columns=[("Що", 20)], rows=[["обрив\x0bтри дні\x01"]])
    sheet = load_workbook(io.BytesIO(as_xlsx(table))).active
    assert sheet["A2"].value == "обрив три дні "
    assert "обрив" in as_csv(table).decode("utf-8-sig")
