"""Cisco ISG (vendor 9): speeds are services of the router, named after megabits.

`Cisco-Account-Info` = "A<service>" starts one with the session; a running session is changed by the
commands deactivate-service and activate-service, a packet each. The services themselves
(`INET_50M`, `GEOBILL_GUEST` with its L4 redirect, for IPv4 and IPv6) live in the router's
configuration or in profiles that it asks for; edit the names here to match. The port is 1700 unless
it was configured.
"""

from network.vendors import common
from network.vendors.driver import Capabilities, Concern, Driver, Template, When

SERVICE, GUEST = "INET_{down_mbit}M", "GEOBILL_GUEST"


def _command(name: str) -> tuple[Template, ...]:
    """One command on a service: the router's word for it and the service's name."""
    word = Template("Cisco-AVPair", f"subscriber:command={name}", Concern.SERVICES, op="+=")
    return (
        word,
        _named(SERVICE, When.FULL),
        _named(GUEST, When.GUEST),
        Template(word.attribute, word.form, Concern.SERVICES, op="+=", each_service=True),
        _named("{service}", When.ALWAYS, each_service=True),
    )


def _named(form: str, when: When, *, each_service: bool = False) -> Template:
    text = f"subscriber:service-name={form}"
    return Template("Cisco-AVPair", text, Concern.SERVICES, when, "+=", each_service)


def _started(form: str, when: When, *, each_service: bool = False) -> Template:
    return Template("Cisco-Account-Info", f"A{form}", Concern.SERVICES, when, "+=", each_service)


DRIVER = Driver(
    code="cisco_isg",
    title="Cisco ISG",
    accept_templates=(
        *common.COMMON,
        _started(SERVICE, When.FULL),
        _started(GUEST, When.GUEST),
        _started("{service}", When.ALWAYS, each_service=True),
    ),
    coa_set=_command("activate-service"),
    coa_clear=_command("deactivate-service"),
    disconnect=(Template("Cisco-AVPair", "subscriber:command=account-logoff", op="+="),),
    identify=(*common.BY_SESSION_ID, Template("Cisco-Account-Info", "S{framed_ip}")),
    opt82_sources=("Cisco-AVPair=circuit-id-tag; Cisco-AVPair=remote-id-tag",),
    mac_sources=("Cisco-AVPair=client-mac-address", "Calling-Station-Id"),
    echo=("Cisco-Service-Info",),
    capabilities=Capabilities(
        guest_wall_ipv6=True, coa=True, coa_rate=True, redirect=True, multi_service=True
    ),
    coa_port=1700,
)
