"""A BRAS of which we know only that it keeps the RFCs and reads WISPr speeds (bit/s, 32 bit).

A new speed reaches a running session by reconnecting it. Guests are refused until its card says
that it has the filter `geobill-guest` (`guest_wall`): one that does not know the filter would let
them into the internet. They are let out by a reconnection.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Concern, Driver, Template, When

DRIVER = Driver(
    code="generic",
    title="RFC 2865 + WISPr",
    accept_templates=(
        *common.COMMON,
        Template("Filter-Id", "geobill-guest", Concern.WALL, When.GUEST),
        Template("WISPr-Bandwidth-Max-Down", "{down_bit_32}"),
        Template("WISPr-Bandwidth-Max-Up", "{up_bit_32}"),
    ),
    coa_set=common.NEW_TIMEOUT,
    identify=(*common.BY_SESSION_ID, *common.BY_LOGIN, *common.BY_NAS),
    opt82_sources=common.ADSL_FORUM,
    capabilities=Capabilities(coa=True, guest_wall=False),
)
