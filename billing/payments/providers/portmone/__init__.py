"""Portmone: bill payments by XML."""

from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.portmone import bill

PROVIDER = Provider(
    code="portmone",
    title="Portmone",
    protocol="bill XML",
    endpoints=(bill.ENDPOINT,),
    settings=(*BASIC_SETTINGS, *bill.SETTINGS),
    capabilities=frozenset({"lookup", "reverse", "registry_in"}),
    order_space=bill.SPACE,
    open_questions=("RESULT codes 4 and 15 by one implementation each; any non-zero is a refusal",),
)
