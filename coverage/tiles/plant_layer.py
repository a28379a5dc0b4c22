"""Points of the network on the vector tiles, for staff who may see the plant; never for the public.

A tile carries what an engineer needs to find a node and to see whether it is full; no address of
management, no identifier, no client.
"""

from coverage.tiles.grid import MAX_ZOOM, Tile
from coverage.tiles.layers import Layer, Viewing, tile_bytes
from project.core.roles import Permission

FROM_ZOOM = 11
MAX_NODES = 5_000

# Client ports are those on which no other node hangs; an OLT has none.
PLANT = """
WITH shown AS MATERIALIZED (
    SELECT node.id, node.name, node.kind, node.status, node.network_type,
        ST_Transform(node.point, 3857) AS place
    FROM coverage_plantnode node
    WHERE node.status <> 'RETIRED'
        AND node.point && ST_Transform(ST_Expand(
            ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857), %(reach)s), 4326)
    ORDER BY node.id LIMIT %(most)s
), counted AS (
    SELECT shown.id, count(port.id)::int AS ports,
        count(port.id) FILTER (WHERE port.state = 'FREE')::int AS free
    FROM shown LEFT JOIN coverage_plantport port ON port.node_id = shown.id
        AND shown.kind <> 'OLT'
        AND NOT EXISTS (SELECT FROM coverage_plantnode fed WHERE fed.uplink_port_id = port.id)
    GROUP BY shown.id
)
SELECT ST_AsMVT(drawn, 'plant', %(extent)s, 'geom', 'id') FROM (
    SELECT shown.id, shown.name, shown.kind, shown.status, shown.network_type,
        counted.ports, counted.free, ST_AsMVTGeom(shown.place,
            ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857),
            %(extent)s, %(margin)s, true) AS geom
    FROM shown JOIN counted ON counted.id = shown.id
) drawn
"""


def render(tile: Tile, viewing: Viewing) -> bytes:
    """Nodes as they are now; the past of the plant is in its history, not on a map."""
    return tile_bytes(PLANT, tile, most=MAX_NODES)


LAYER = Layer(
    name="plant",
    render=render,
    sources=("plant",),
    permission=Permission.PLANT_VIEW,
    least_zoom=FROM_ZOOM,
    most_zoom=MAX_ZOOM,
    fields={
        "name": "String",
        "kind": "String",
        "status": "String",
        "network_type": "String",
        "ports": "Number",
        "free": "Number",
    },
    description="Points of the network",
)
