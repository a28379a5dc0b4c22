"""monobank: internet acquiring, bill payments inside the application, the terminal dialect."""

from billing.payments.engines import osmp
from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.monobank import acquiring, debt

PROVIDER = Provider(
    code="monobank",
    title="monobank",
    protocol="acquiring API; debt JSON; command GET/XML",
    endpoints=(osmp.endpoint("terminal", "terminal"), debt.ENDPOINT, acquiring.ENDPOINT),
    clients={"acquiring": acquiring.AcquiringClient()},
    settings=(*acquiring.SETTINGS, *BASIC_SETTINGS, *osmp.SETTINGS, *debt.SETTINGS),
    capabilities=frozenset(
        {
            "lookup",
            "reverse",
            "checkout",
            "query",
            "refund",
            "partial_refund",
            "capture",
            "registry_pull",
        }
    ),
    order_space=acquiring.SPACE,
    open_questions=(
        "acquiring: how long a span of the statement may be; one day is asked for at a time",
        "debt JSON: who calls is not documented; networks, HTTP Basic, an unguessable address",
        "debt JSON: error format unknown; 404 for an unknown account, 400, 403, 409, 503",
        "debt JSON: unit of the amount in search unknown; it decides nothing",
    ),
)
