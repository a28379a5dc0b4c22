"""Huawei ME60 and NE40E (vendor 2011): input is from the subscriber; average and peak in bit/s.

The mean and the peak of both directions are sent each time: told the mean only, some releases keep
the old peak when the speed goes down. The unit is bit/s by default and can be configured otherwise:
change the forms to `_kbit` where it is. Guests: the user group `geobill-guest` and the portal.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Concern, Driver, Template, When

RATE = (
    Template("Huawei-Input-Average-Rate", "{up_bit_32}"),
    Template("Huawei-Input-Peak-Rate", "{burst_up_bit_32}"),
    Template("Huawei-Input-Peak-Rate", "{up_bit_32}"),
    Template("Huawei-Output-Average-Rate", "{down_bit_32}"),
    Template("Huawei-Output-Peak-Rate", "{burst_down_bit_32}"),
    Template("Huawei-Output-Peak-Rate", "{down_bit_32}"),
)
WALL = (
    Template("Huawei-Policy-Name", "geobill-full", Concern.WALL, When.FULL),
    Template("Huawei-Policy-Name", "geobill-guest", Concern.WALL, When.GUEST),
    Template("Huawei-HTTP-Redirect-URL", "{redirect_url}", Concern.WALL, When.GUEST),
)

DRIVER = Driver(
    code="huawei_me60",
    title="Huawei ME60 / NE40E",
    accept_templates=(*common.COMMON, *WALL, *RATE),
    coa_set=(*WALL, *RATE, *common.NEW_TIMEOUT),
    identify=common.BY_SESSION_ID,
    opt82_sources=(*common.ADSL_FORUM, "Huawei-DHCP-Option"),
    mac_sources=("Huawei-User-Mac", "Calling-Station-Id"),
    echo=("Huawei-Input-Average-Rate", "Huawei-Output-Average-Rate"),
    capabilities=Capabilities(coa=True, coa_rate=True, redirect=True, ack_unreliable=True),
)
