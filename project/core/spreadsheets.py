"""Cells that people open in a spreadsheet: text stays text (pure: no Django)."""

import re

# What a spreadsheet takes for a formula. An apostrophe before it makes it text; one that stands
# there already is told from ours by ours.
FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guarded(cell: str) -> str:
    """The cell as a spreadsheet will show it, and never compute it."""
    return f"'{cell}" if FORMULA.match(cell) else cell
