"""iPay: bill messages by XML."""

from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.ipay import bill

PROVIDER = Provider(
    code="ipay",
    title="iPay",
    protocol="check and payment XML",
    endpoints=(bill.ENDPOINT,),
    settings=(*BASIC_SETTINGS, *bill.SETTINGS),
    capabilities=frozenset({"lookup", "reverse"}),
    order_space="ipay",
    open_questions=(
        "the answer profile of check, and in B which code means success: check_profile, check_ok",
        "whether a check is signed: one with sign is verified, check_signed asks for it always",
        "the signature covers the salt only: confirm=query asks before crediting",
        "the present list of addresses: set the networks",
    ),
)
