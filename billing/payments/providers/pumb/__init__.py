"""PUMB (FUIB): bill payments under a detached JWS, the webhook of its acquiring."""

from billing.payments.gateway import Provider
from billing.payments.providers.pumb import acquiring, bill

PROVIDER = Provider(
    code="pumb",
    title="ПУМБ",
    protocol="facility API, detached JWS; acquiring webhook",
    endpoints=(bill.ENDPOINT, acquiring.ENDPOINT),
    clients={"acquiring": acquiring.PageClient()},
    settings=(*bill.SETTINGS, *acquiring.SETTINGS),
    capabilities=frozenset({"lookup", "reverse", "query", "registry_in", "checkout"}),
    order_space=acquiring.SPACE,
    open_questions=(
        "which notifications but SUCCESS take the credit back (our conclusion):"
        " notification_reverses, by default FAILED and CANCELED",
        "GET /status is not signed by the bank: set the networks",
        "acquiring: no signature was seen; acquiring_token and networks, acquiring_trust=order",
        "acquiring: calls that create, ask and refund are not known; acquiring_page is a setting",
    ),
)
