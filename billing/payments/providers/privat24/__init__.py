"""Privat24 (PrivatBank): bill payments by the Debt XML, the old GET dialect, the merchant form,
LiqPay, the fast-pay link and the statement.
"""

from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.privat24 import autoclient, debt, ishop, legacy, liqpay

PROVIDER = Provider(
    code="privat24",
    title="Privat24",
    protocol="Debt XML; bill_search GET; ishop; LiqPay; Autoclient",
    endpoints=(debt.ENDPOINT, legacy.ENDPOINT, ishop.ENDPOINT, liqpay.ENDPOINT),
    clients={
        "liqpay": liqpay.LiqpayClient(),
        "ishop": ishop.FormClient(),
        "autoclient": autoclient.AutoclientClient(),
    },
    settings=(
        *BASIC_SETTINGS,
        *debt.SETTINGS,
        *ishop.SETTINGS,
        *liqpay.SETTINGS,
        *autoclient.SETTINGS,
    ),
    capabilities=frozenset(
        {
            "lookup",
            "two_phase",
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
    order_space=liqpay.SPACE,
    open_questions=(
        "Cancel of an unknown payment: 98 (one implementation), not 99",
        "code 8 (company data missing) is used for another service code",
        "LiqPay: the calls status and refund are of the public API, not of the sources",
        "Autoclient: headers id and token of older installations; id is sent when it is set",
        "invoice XML (MakeAPayment) is not spoken: its answer is not described",
    ),
)
