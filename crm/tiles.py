"""Open requests on the vector tiles, for staff: where people wait to be connected.

A tile carries the number, state and network of a request and no word about the person.
"""

from coverage.tiles.grid import Tile
from coverage.tiles.layers import Layer, Viewing, tile_bytes
from crm.requests import OPEN_STATES
from project.core.roles import Permission

# A request without a building in the list lies where the client put the pin.
REQUESTS = """
WITH placed AS MATERIALIZED (
    SELECT request.number, request.state, request.network_type, request.building_id,
        COALESCE(building.tile_point, ST_Transform(asked.point, 3857)) AS point
    FROM crm_connectionrequest request
    JOIN coverage_availabilitycheck asked ON asked.id = request.check_made_id
    LEFT JOIN coverage_building building ON building.id = request.building_id
    WHERE request.state = ANY(%(states)s)
)
SELECT ST_AsMVT(drawn, 'requests', %(extent)s, 'geom', 'number') FROM (
    SELECT number, state, network_type, building_id, ST_AsMVTGeom(point,
        ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857),
        %(extent)s, %(margin)s, true) AS geom
    FROM placed
    WHERE point && ST_MakeEnvelope(%(xmin)s - %(reach)s, %(ymin)s - %(reach)s,
        %(xmax)s + %(reach)s, %(ymax)s + %(reach)s, 3857)
    ORDER BY number LIMIT %(most)s
) drawn
"""
MAX_REQUESTS = 5_000


def render(tile: Tile, viewing: Viewing) -> bytes:
    """Requests that are open now; the past of a request is not drawn."""
    states = [str(state) for state in OPEN_STATES]
    return tile_bytes(REQUESTS, tile, states=states, most=MAX_REQUESTS)


REQUESTS_LAYER = Layer(
    name="requests",
    render=render,
    sources=("requests", "buildings"),
    permission=Permission.CUSTOMERS_VIEW,
    fields={"state": "String", "network_type": "String", "building_id": "Number"},
    description="Open requests for connection",
)
