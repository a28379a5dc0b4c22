"""accel-ppp: `Filter-Id` is "down/up" in kbit/s (its `attr=Filter-Id` default).

All attributes that name a session must agree, so only the session id is sent. It answers CoA-ACK
even when it changed nothing (seen with `0/0`): an acknowledgement is no proof.

Guests: `L4-Redirect` other than 0 puts the session's address behind the table and the ipset of
`l4-redirect-table` and `l4-redirect-ipset`; 0 takes it out again, also by CoA. Both sides know the
attribute by the name and number 243 that accel-ppp's users give it (docs/radius-deployment.md).
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Concern, Driver, Template, When

RATE = (Template("Filter-Id", "{down_kbit}/{up_kbit}"),)
WALL = Template("L4-Redirect", "1", Concern.WALL, When.GUEST)

DRIVER = Driver(
    code="accel_ppp",
    title="accel-ppp",
    accept_templates=(*common.COMMON, WALL, *RATE),
    coa_set=(WALL, *RATE, *common.ADDRESS[:1], *common.NEW_TIMEOUT),
    coa_clear=(Template("L4-Redirect", "0", Concern.WALL),),
    identify=common.BY_SESSION_ID,
    opt82_sources=common.ADSL_FORUM,
    echo=("Filter-Id",),
    capabilities=Capabilities(coa=True, coa_rate=True, redirect=True, ack_unreliable=True),
)
