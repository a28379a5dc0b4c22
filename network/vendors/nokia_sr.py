"""Nokia 7750 SR (formerly Alcatel-Lucent, vendor 6527): profiles by name, rates as overrides.

`Alc-Subscriber-QoS-Override` = "e:q:1:pir=…,cir=…" is egress (to the subscriber), "i:" ingress, in
kbit/s. What it does not support in a CoA it ignores and acknowledges: only what the next interim
shows is believed. The SLA profiles `geobill-full` and `geobill-guest` (with its one-time redirect,
and filters for both IPv4 and IPv6) live on the router.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Concern, Driver, Template, When

RATE = (
    Template("Alc-Subscriber-QoS-Override", "i:q:1:pir={up_kbit},cir={up_kbit}", op="+="),
    Template("Alc-Subscriber-QoS-Override", "e:q:1:pir={down_kbit},cir={down_kbit}", op="+="),
)
WALL = (
    Template("Alc-SLA-Prof-Str", "geobill-full", Concern.WALL, When.FULL),
    Template("Alc-SLA-Prof-Str", "geobill-guest", Concern.WALL, When.GUEST),
)

DRIVER = Driver(
    code="nokia_sr",
    title="Nokia SR",
    accept_templates=(*common.COMMON, *WALL, *RATE),
    coa_set=(*WALL, *RATE, *common.NEW_TIMEOUT),
    identify=common.BY_SESSION_ID,
    opt82_sources=common.ADSL_FORUM,
    mac_sources=("Alc-Client-Hardware-Addr", "Calling-Station-Id"),
    echo=("Alc-SLA-Prof-Str", "Alc-Subscriber-QoS-Override"),
    capabilities=Capabilities(
        guest_wall_ipv6=True, coa=True, coa_rate=True, redirect=True, ack_unreliable=True
    ),
)
