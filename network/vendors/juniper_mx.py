"""Juniper MX and E-series (ERX, vendor 4874): speeds are services with parameters, a tag each.

`ERX-Service-Activate:1` = "svc-inet(50m,50m)" (down, up) starts the dynamic profile `svc-inet`; a
running session is changed by deactivating it and activating it anew, in two requests, because both
in one are done in an order that is not promised. Guests get the service `svc-guest`,
which filters both families, inet and inet6.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Concern, Driver, Template, When

INTERNET, GUEST = "svc-inet({down_suffix_lower},{up_suffix_lower})", "svc-guest"


def _service(attribute: str, form: str, when: When) -> Template:
    return Template(attribute, form, Concern.SERVICES, when, "+=")


ACTIVATE = (
    _service("ERX-Service-Activate:1", INTERNET, When.FULL),
    _service("ERX-Service-Activate:1", GUEST, When.GUEST),
    Template("ERX-Service-Activate:{n}", "{service}", Concern.SERVICES, op="+=", each_service=True),
)

DRIVER = Driver(
    code="juniper_mx",
    title="Juniper MX (ERX)",
    accept_templates=(*common.COMMON, *ACTIVATE),
    coa_set=ACTIVATE,
    coa_clear=(
        _service("ERX-Service-Deactivate", INTERNET, When.FULL),
        _service("ERX-Service-Deactivate", GUEST, When.GUEST),
        Template(
            "ERX-Service-Deactivate", "{service}", Concern.SERVICES, op="+=", each_service=True
        ),
    ),
    identify=common.BY_SESSION_ID,
    opt82_sources=(*common.ADSL_FORUM, "ERX-Dhcp-Option-82"),
    mac_sources=("ERX-Dhcp-Mac-Addr", "Calling-Station-Id"),
    echo=("ERX-Service-Session",),
    capabilities=Capabilities(
        guest_wall_ipv6=True, coa=True, coa_rate=True, redirect=True, multi_service=True
    ),
)
