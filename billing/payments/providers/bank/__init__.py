"""A bank account: money comes by statements that people take in, not by messages."""

from billing.payments.gateway import Provider, Setting

PROVIDER = Provider(
    code="bank",
    title="Bank",
    protocol="statements: CSV, CAMT.053, MT940",
    endpoints=(),
    settings=(Setting("iban", help="of our account; entries of another one are refused"),),
    capabilities=frozenset({"registry_in"}),
    max_kopecks=100_000_000,
    order_space="bank",
)
