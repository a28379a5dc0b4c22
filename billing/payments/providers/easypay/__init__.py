"""EasyPay: bill payments in two phases (Provider 3.1)."""

from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.easypay import bill

PROVIDER = Provider(
    code="easypay",
    title="EasyPay",
    protocol="Provider 3.1",
    endpoints=(bill.ENDPOINT,),
    settings=(*BASIC_SETTINGS, *bill.SETTINGS),
    capabilities=frozenset({"lookup", "two_phase", "reverse"}),
    open_questions=(
        "Cancel of a credited payment is policy: the setting cancel_confirmed, off",
        "the columns of the daily CSV beyond account, amount, time and id",
    ),
)
