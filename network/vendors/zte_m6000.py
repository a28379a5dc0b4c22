"""ZTE M6000 (vendor 3902): sustained rates in kbit/s, up and down.

Guests: the QoS profile `geobill-guest`, which the router's own policy must wall in and redirect;
the profile `geobill-open` lets them out again.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Concern, Driver, Template, When

RATE = (
    Template("ZTE-Rate-Ctrl-SCR-Down", "{down_kbit}"),
    Template("ZTE-Rate-Ctrl-SCR-Up", "{up_kbit}"),
)
WALL = Template("ZTE-QoS-Profile-Down", "geobill-guest", Concern.WALL, When.GUEST)

DRIVER = Driver(
    code="zte_m6000",
    title="ZTE M6000",
    accept_templates=(*common.COMMON, WALL, *RATE),
    coa_set=(WALL, *RATE, *common.NEW_TIMEOUT),
    coa_clear=(Template("ZTE-QoS-Profile-Down", "geobill-open", Concern.WALL),),
    identify=(*common.BY_SESSION_ID, *common.BY_LOGIN),
    opt82_sources=common.ADSL_FORUM,
    capabilities=Capabilities(coa=True, coa_rate=True, redirect=True),
)
