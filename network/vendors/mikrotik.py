"""MikroTik RouterOS (vendor 14988).

`Mikrotik-Rate-Limit` is "rx/tx" as the router sees it, so the subscriber's upload comes first; the
suffixes k and M mean 1000 and 1000². Behind it may stand burst, threshold and burst time. A guest
lands in the firewall address list `geobill-guest`, which the router's own rules must wall in
(docs/radius-deployment.md); he leaves it by being put into `geobill-open`, of which no rule speaks.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Concern, Driver, Template, When

RATE = (
    Template(
        "Mikrotik-Rate-Limit",
        "{up_suffix}/{down_suffix} {burst_up_suffix}/{burst_down_suffix}"
        " {threshold_up_suffix}/{threshold_down_suffix} {burst_s}/{burst_s}",
    ),
    Template("Mikrotik-Rate-Limit", "{up_suffix}/{down_suffix}"),
)
WALL = Template("Mikrotik-Address-List", "geobill-guest", Concern.WALL, When.GUEST)

DRIVER = Driver(
    code="mikrotik",
    title="MikroTik RouterOS",
    accept_templates=(*common.COMMON, WALL, *RATE),
    coa_set=(WALL, *RATE, *common.NEW_TIMEOUT),
    coa_clear=(
        Template("Mikrotik-Address-List", "geobill-open", Concern.WALL),
        Template("Mikrotik-Rate-Limit", "0/0"),
    ),
    identify=(*common.BY_SESSION_ID, *common.BY_LOGIN, *common.BY_ADDRESS),
    opt82_sources=common.ADSL_FORUM,
    mac_sources=("Calling-Station-Id", "User-Name"),
    capabilities=Capabilities(coa=True, coa_rate=True, redirect=True),
)
