"""The grid of web map tiles: z/x/y as every slippy map counts them."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError, NotFoundError

MAX_ZOOM = 20
EXTENT = 4096  # units of a tile's side inside the tile
MARGIN = 64  # units drawn beyond the edge, so that a symbol on it is not cut
HALF_WORLD_M = 20_037_508.342789244  # EPSG:3857: metres of the equator, for drawing only


class BadTileError(DomainError):
    """z, x or y is not a whole number."""

    code = "bad_tile"
    message = _("The address of a tile is three whole numbers: z, x and y.")


class NoSuchTileError(NotFoundError):
    """The numbers lie outside the grid."""

    code = "no_such_tile"
    message = _("There is no such tile: z is 0 to %(zoom)d, x and y are 0 to 2^z − 1.")

    def __init__(self) -> None:
        super().__init__(self.message % {"zoom": MAX_ZOOM})


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile. Bounds are EPSG:3857."""

    z: int
    x: int
    y: int

    @property
    def side(self) -> float:
        """Length of a side in units of EPSG:3857."""
        return 2 * HALF_WORLD_M / 2**self.z

    @property
    def bounds(self) -> dict[str, float]:
        """xmin, ymin, xmax, ymax, for SQL."""
        xmin = -HALF_WORLD_M + self.x * self.side
        ymax = HALF_WORLD_M - self.y * self.side
        return {"xmin": xmin, "ymin": ymax - self.side, "xmax": xmin + self.side, "ymax": ymax}


def checked_tile(*, z: str, x: str, y: str) -> Tile:
    """The tile of that address; raises BadTileError, NoSuchTileError."""
    numbers = []
    for text in (z, x, y):
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            raise BadTileError
        if len(text) > 8:
            raise NoSuchTileError
        numbers.append(int(text))
    zoom, column, row = numbers
    if not (0 <= zoom <= MAX_ZOOM and 0 <= column < 2**zoom and 0 <= row < 2**zoom):
        raise NoSuchTileError
    return Tile(zoom, column, row)
