"""accel-ppp: `Filter-Id` is "down/up" in kbit/s (its `attr=Filter-Id` default).

All attributes that name a session must agree, so only the session id is sent. It answers CoA-ACK
even when it changed nothing: an acknowledgement is no proof.
"""

from network.vendors.driver import Capabilities, Driver, Template

DRIVER = Driver(
    vendor="accel_ppp",
    title="accel-ppp",
    rate=(Template("Filter-Id", "{down_kbit}/{up_kbit}"),),
    identify=("Acct-Session-Id",),
    capabilities=Capabilities(rate_by_coa=True),
    extra_values=lambda down, up: {"down_kbit": down // 1000, "up_kbit": up // 1000},
)
