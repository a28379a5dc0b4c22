"""What may leave the house: no cell of a shared report stands for fewer than three households.

A report goes by mail to people who may not see requests: investors, a district council, builders.
A cell with one wish in a street of private houses says which family asked, and that it has no
internet. So wishes of cells with fewer than three households are merged into the cells of the next
wider grid, as far as 1,000 m; those that are few even there are left out and counted together, and
a rest of one or two is told as "fewer than 3" only, or it could be read off as a difference.

Households are counted down, not up: a private house is one however often it asked, a block of
flats at most as many as may live there, and questions without a known caller are one. A building
is never a cell of a report: its address would be the name of who asked.
"""

from collections.abc import Sequence

from coverage.demand import grid
from coverage.demand.wanted import WIDTHS_M
from coverage.demand.wishes import Wish

LEAST_HOUSEHOLDS = 3


def households_of(wishes: Sequence[Wish]) -> int:
    """How many different households these wishes are at least."""
    known: dict[str, int] = {}
    unknown: set[str] = set()
    most: dict[str, int] = {}
    for wish in wishes:
        most[wish.place] = wish.households
        if wish.is_known:
            known[wish.place] = known.get(wish.place, 0) + 1
        else:
            unknown.add(wish.place)
    return sum(min(known.get(place, 0) + (place in unknown), most[place]) for place in most)


def demand_generalised(
    *, wishes: Sequence[Wish], width_m: int
) -> tuple[dict[str, list[Wish]], list[Wish]]:
    """Cells that may be shown, by name, and the wishes that are in none of them.

    `width_m`: the narrowest cells; the smallest of the grid where buildings were looked at.
    """
    shown: dict[str, list[Wish]] = {}
    rest = list(wishes)
    for width in (each for each in WIDTHS_M if each >= width_m):
        names = grid.cells_of(places=[(wish.lon, wish.lat) for wish in rest], width_m=width)
        cells: dict[str, list[Wish]] = {}
        for name, wish in zip(names, rest, strict=True):
            cells.setdefault(name, []).append(wish)
        rest = []
        for name, inside in cells.items():
            if households_of(inside) >= LEAST_HOUSEHOLDS:
                shown[name] = inside
            else:
                rest += inside
    return shown, rest


def demand_rounded(count: int) -> int | None:
    """A number that may be told: None stands for one or two."""
    return None if 0 < count < LEAST_HOUSEHOLDS else count
