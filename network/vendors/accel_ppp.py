"""accel-ppp: `Filter-Id` is "down/up" in kbit/s (its `attr=Filter-Id` default).

All attributes that name a session must agree, so only the session id is sent. It answers CoA-ACK
even when it changed nothing (seen with `0/0`): an acknowledgement is no proof. Guests: accel-ppp
walls in whom it was told to refuse (`l4-redirect-on-reject`), so none are accepted as such here.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Driver, Template

RATE = (Template("Filter-Id", "{down_kbit}/{up_kbit}"),)

DRIVER = Driver(
    code="accel_ppp",
    title="accel-ppp",
    accept_templates=(*common.COMMON, *RATE),
    coa_set=(*RATE, *common.ADDRESS[:1], *common.NEW_TIMEOUT),
    identify=common.BY_SESSION_ID,
    opt82_sources=common.ADSL_FORUM,
    echo=("Filter-Id",),
    capabilities=Capabilities(coa=True, coa_rate=True, ack_unreliable=True),
)
