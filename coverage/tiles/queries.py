"""A tile with its ETag: made once for each version of the map and each kind of viewer."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from coverage.tiles.grid import Tile
from coverage.tiles.layers import Layer, Viewing
from project.core import prepared
from project.core.roles import Permission

FORMAT = 1  # raise it when the same data are drawn otherwise
KEPT_S = 3600
KEPT_BYTES = 400_000

# What is dated ahead (a scheduled publication, an override until Friday) changes the map with no
# write at all, so how much of it still lies ahead is part of the version.
VERSION = """
SELECT string_agg(source || max || '+' || sum, ' ' ORDER BY source), (
    SELECT count(*) FROM coverage_zoneversion WHERE lower(valid) > %(at)s::timestamptz
        OR upper(valid) > %(at)s::timestamptz
), (
    SELECT count(*) FROM coverage_coverageoverride
    WHERE lower(valid) > %(at)s::timestamptz OR upper(valid) > %(at)s::timestamptz
)
FROM (SELECT source, max(id), sum(id) FROM coverage_mapchange
    WHERE source = ANY(%(sources)s::text[]) GROUP BY source) changed
"""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A tile as one viewer sees it. `body()` makes it or takes it from the cache."""

    etag: str
    body: Callable[[], bytes]


def data_version(*, sources: Iterable[str], at: datetime) -> tuple[str, bool]:
    """A text that is another one as soon as a change of these sources is committed; and whether no
    zone was or will be published after that moment.
    """
    (parts,) = prepared.rows(VERSION, {"sources": sorted(set(sources)), "at": at})
    _changes, zones_ahead, _overrides_ahead = parts
    return "/".join(str(part) for part in parts), zones_ahead == 0


def render(
    *,
    tile: Tile,
    layers: Sequence[Layer],
    permissions: Iterable[Permission],
    at: datetime,
    is_now: bool = True,
) -> Rendering:
    """The tile with these layers. `is_now` False: another moment than the present, not kept."""
    drawn = [layer for layer in layers if layer.least_zoom <= tile.z <= layer.most_zoom]
    with_details = Permission.ZONES_VIEW in frozenset(permissions)
    sources = (source for layer in drawn for source in layer.sources)
    version, is_present = data_version(sources=sources, at=at)
    viewing = Viewing(at=at, with_details=with_details, is_present=is_present)
    names = ",".join(layer.name for layer in drawn)
    moment = "" if is_now else at.isoformat()
    text = f"{FORMAT} {version} {with_details} {names} {tile.z}/{tile.x}/{tile.y} {moment}"
    key = hashlib.sha256(text.encode()).hexdigest()[:32]

    def make() -> bytes:
        return b"".join(layer.render(tile, viewing) for layer in drawn)

    def kept() -> bytes:
        found = cache.get(f"tile:{key}")
        if isinstance(found, bytes):
            return found
        made = make()
        if len(made) <= KEPT_BYTES:
            cache.set(f"tile:{key}", made, timeout=KEPT_S)
        return made

    return Rendering(etag=f'"{key}"', body=kept if is_now else make)
