"""iPay: bill messages by XML, the simple form, the Checkout API, the Masterpass wallet."""

from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.ipay import bill, checkout, masterpass

PROVIDER = Provider(
    code="ipay",
    title="iPay",
    protocol="check and payment XML; simple form; Checkout API; Masterpass",
    endpoints=(bill.ENDPOINT,),
    clients={
        bill.CLIENT: checkout.CheckoutClient(),
        "web": checkout.WebClient(),
        "masterpass": masterpass.MasterpassClient(),
    },
    settings=(*BASIC_SETTINGS, *bill.SETTINGS, *checkout.SETTINGS, *masterpass.SETTINGS),
    capabilities=frozenset(
        {
            "lookup",
            "reverse",
            "checkout",
            "query",
            "refund",
            "partial_refund",
            "capture",
            "tokens",
        }
    ),
    order_space="ipay",
    open_questions=(
        "the answer profile of check, and in B which code means success: check_profile, check_ok",
        "whether a check is signed: one with sign is verified, check_signed asks for it always",
        "the signature covers the salt only: confirm=query, each payment is asked about first",
        "the present list of addresses: set the networks",
        "digest of the wallet: masterpass_hash, md5",
        "values of is_expired in the wallet: y, 1, yes, true mean expired",
    ),
)
