"""Privat24 (PrivatBank): bill payments by the Debt XML, and the old GET dialect."""

from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.privat24 import debt, legacy

PROVIDER = Provider(
    code="privat24",
    title="Privat24",
    protocol="Debt XML; bill_search GET",
    endpoints=(debt.ENDPOINT, legacy.ENDPOINT),
    settings=(*BASIC_SETTINGS, *debt.SETTINGS),
    capabilities=frozenset({"lookup", "two_phase", "reverse", "registry_in"}),
    open_questions=(
        "Cancel of an unknown payment: 98 (one implementation), not 99",
        "code 8 (company data missing) is used for another service code",
    ),
)
