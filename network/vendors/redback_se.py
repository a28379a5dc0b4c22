"""Redback SmartEdge, later Ericsson SE (vendor 2352): named QoS profiles, their rates in kbit/s.

Policing is what comes from the subscriber, metering what goes to him. The profiles `geobill-up` and
`geobill-down` and the forward policies `geobill-full` and `geobill-guest` must exist on the router.
Sessions are named by Acct-Session-Id; for CLIPS the user name is the MAC.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Concern, Driver, Template, When

RATE = (
    Template("Qos-Policing-Profile-Name", "geobill-up"),
    Template("Qos-Metering-Profile-Name", "geobill-down"),
    Template("Dynamic-QoS-Param", "police-circuit-rate rate-absolute {up_kbit}", op="+="),
    Template("Dynamic-QoS-Param", "meter-circuit-rate rate-absolute {down_kbit}", op="+="),
)
WALL = (
    Template("Forward-Policy", "in:geobill-full", Concern.WALL, When.FULL),
    Template("Forward-Policy", "in:geobill-guest", Concern.WALL, When.GUEST),
    Template("HTTP-Redirect-URL", "{redirect_url}", Concern.WALL, When.GUEST),
)

DRIVER = Driver(
    code="redback_se",
    title="Redback / Ericsson SE",
    accept_templates=(*common.COMMON, *WALL, *RATE),
    coa_set=(*WALL, *RATE, *common.NEW_TIMEOUT),
    identify=(*common.BY_SESSION_ID, *common.BY_LOGIN),
    opt82_sources=("Agent-Circuit-Id; Agent-Remote-Id", "DHCP-Option"),
    mac_sources=("Mac-Addr", "Calling-Station-Id"),
    capabilities=Capabilities(coa=True, coa_rate=True, redirect=True),
)
