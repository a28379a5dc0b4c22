"""monobank: bill payments inside the application (JSON), and the terminal dialect."""

from billing.payments.engines import osmp
from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.monobank import debt

PROVIDER = Provider(
    code="monobank",
    title="monobank",
    protocol="debt JSON; command GET/XML",
    endpoints=(osmp.endpoint("terminal", "terminal"), debt.ENDPOINT),
    settings=(*BASIC_SETTINGS, *osmp.SETTINGS, *debt.SETTINGS),
    capabilities=frozenset({"lookup", "reverse"}),
    open_questions=(
        "debt JSON: who calls is not documented; networks, HTTP Basic, an unguessable address",
        "debt JSON: error format unknown; 404 for an unknown account, 400, 403, 409, 503",
        "debt JSON: unit of the amount in search unknown; it decides nothing",
    ),
)
