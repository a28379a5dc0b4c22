"""ZTE M6000 (vendor 3902): sustained rates in kbit/s, up and down.

Guests are not known to it by attributes of the dictionary: a blocked subscriber is refused.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Driver, Template

RATE = (
    Template("ZTE-Rate-Ctrl-SCR-Down", "{down_kbit}"),
    Template("ZTE-Rate-Ctrl-SCR-Up", "{up_kbit}"),
)

DRIVER = Driver(
    code="zte_m6000",
    title="ZTE M6000",
    accept_templates=(*common.COMMON, *RATE),
    coa_set=(*RATE, *common.NEW_TIMEOUT),
    identify=(*common.BY_SESSION_ID, *common.BY_LOGIN),
    opt82_sources=common.ADSL_FORUM,
    capabilities=Capabilities(coa=True, coa_rate=True),
)
