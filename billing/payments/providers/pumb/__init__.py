"""PUMB (FUIB): bill payments under a detached JWS."""

from billing.payments.gateway import Provider
from billing.payments.providers.pumb import bill

PROVIDER = Provider(
    code="pumb",
    title="ПУМБ",
    protocol="facility API, detached JWS",
    endpoints=(bill.ENDPOINT,),
    settings=(*bill.SETTINGS,),
    capabilities=frozenset({"lookup", "reverse", "query", "registry_in"}),
    open_questions=(
        "a notification that is no SUCCESS reverses the credit: our conclusion from the text",
        "GET /status is not signed by the bank: set the networks",
    ),
)
