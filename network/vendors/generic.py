"""A BRAS of which we know only that it keeps the RFCs and reads WISPr speeds (bit/s, 32 bit).

A new speed reaches a running session by reconnecting it.
"""

from network.vendors.driver import Driver, Template

HIGHEST_BIT_S = 2**32 - 1


DRIVER = Driver(
    vendor="generic",
    title="RFC 2865 + WISPr",
    rate=(
        Template("WISPr-Bandwidth-Max-Down", "{down_32}"),
        Template("WISPr-Bandwidth-Max-Up", "{up_32}"),
    ),
    identify=("Acct-Session-Id", "User-Name", "NAS-IP-Address"),
    extra_values=lambda down, up: {
        "down_32": min(down, HIGHEST_BIT_S),
        "up_32": min(up, HIGHEST_BIT_S),
    },
)
