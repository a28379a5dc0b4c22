"""The layers of the tiles, and where upper apps add theirs.

Coverage draws zones, buildings and clusters of buildings. Requests belong to crm, which registers
its layer in `project/wiring.py`; a layer with a permission is only in the tiles of those who have
it. A layer gives bytes: tiles are joined by putting the bytes of their layers one after another.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from coverage.tiles.grid import EXTENT, MARGIN, MAX_ZOOM, Tile
from project.core.errors import DomainError
from project.core.roles import Permission

# One implicit transaction with the query, so it holds for that query only.
PLAN = "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_nestloop = off;"


class UnknownLayerError(DomainError):
    """A layer was asked for that does not exist, or not for this person."""

    code = "unknown_layer"
    message = _("There is no such layer.")


@dataclass(frozen=True, slots=True)
class Viewing:
    """The moment that is drawn, whether with what staff see, and whether no zone was or will be
    published after that moment: then what is derived for the present holds.
    """

    at: datetime
    with_details: bool
    is_present: bool


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: who sees it (None: everybody), at which zooms, and what changes it.

    `render(tile, viewing)` gives the layer's bytes, b"" where there is nothing.
    `sources`: names in `coverage_mapchange` that make its tiles new. `fields`: for the TileJSON.
    """

    name: str
    render: Callable[[Tile, Viewing], bytes]
    sources: tuple[str, ...]
    permission: Permission | None = None
    least_zoom: int = 0
    most_zoom: int = MAX_ZOOM
    fields: dict[str, str] = field(default_factory=dict)
    description: str = ""


_layers: dict[str, Layer] = {}


def register(layer: Layer) -> None:
    """Add a layer, or replace the one of that name."""
    _layers[layer.name] = layer


def chosen(*, permissions: Iterable[Permission], names: Iterable[str] = ()) -> tuple[Layer, ...]:
    """The layers that a person with these permissions sees, or those of them that are named.

    Raises UnknownLayerError; a layer that is not for this person is as unknown as any other.
    """
    granted = frozenset(permissions)
    seen = {
        layer.name: layer
        for layer in _layers.values()
        if layer.permission is None or layer.permission in granted
    }
    wanted = [name for name in names if name]
    for name in wanted:
        if name not in seen:
            raise UnknownLayerError(field="layers", possible=sorted(seen))
    return tuple(layer for name, layer in seen.items() if not wanted or name in wanted)


def tile_bytes(sql: str, tile: Tile, **parameters: Any) -> bytes:
    """Run the query of a layer; it must return one bytea.

    Never in parallel: starting a worker costs more (30 ms) than any tile takes. And joined by
    hash: what is inside a tile can't be estimated, and a nested loop takes ten times as long.
    """
    values = {**tile.bounds, "extent": EXTENT, "margin": MARGIN, **parameters}
    values["reach"] = tile.side * MARGIN / EXTENT
    with connection.cursor() as cursor:
        cursor.execute(PLAN + sql, values)
        for _setting in range(PLAN.count(";")):
            cursor.nextset()
        return bytes(cursor.fetchone()[0] or b"")
