"""Portmone: bill payments by XML, the redirect form, the JSON API, the old API of forms."""

from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.portmone import bill, checkout, hints, legacy

PROVIDER = Provider(
    code="portmone",
    title="Portmone",
    protocol="bill XML; redirect form; JSON API; notification; form API",
    endpoints=(bill.ENDPOINT, hints.RETURN, hints.NOTIFICATION),
    clients={
        "checkout": checkout.CheckoutClient(),
        "web": checkout.WebClient(),
        "legacy": legacy.LegacyClient(),
    },
    settings=(*BASIC_SETTINGS, *bill.SETTINGS, *checkout.SETTINGS),
    capabilities=frozenset(
        {
            "lookup",
            "reverse",
            "registry_in",
            "checkout",
            "query",
            "refund",
            "partial_refund",
            "capture",
            "registry_pull",
        }
    ),
    order_space=bill.SPACE,
    open_questions=(
        "RESULT codes 4 and 15 by one implementation each; any non-zero is a refusal",
        "fields and signature of the JSON notification: it only makes us ask `result`",
    ),
)
