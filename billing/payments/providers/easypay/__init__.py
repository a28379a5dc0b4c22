"""EasyPay: bill payments in two phases (Provider 3.1), the merchant API, the daily file."""

from billing.payments.engines.auth import BASIC_SETTINGS
from billing.payments.gateway import Provider
from billing.payments.providers.easypay import bill, daily_file, merchant

PROVIDER = Provider(
    code="easypay",
    title="EasyPay",
    protocol="Provider 3.1; merchant API; daily CSV",
    endpoints=(bill.ENDPOINT, merchant.ENDPOINT),
    settings=(*BASIC_SETTINGS, *bill.SETTINGS, *merchant.SETTINGS),
    clients={"merchant": merchant.MerchantClient()},
    capabilities=frozenset(
        {"lookup", "two_phase", "reverse", "checkout", "query", "refund", "registry_file"}
    ),
    order_space=merchant.SPACE,
    registry_file=daily_file.rows,
    file_space=bill.ENDPOINT.space,
    open_questions=(
        "Cancel of a credited payment is policy: the setting cancel_confirmed, off",
        "merchant API: TransactionStatus of success is concluded; other words are asked about",
        "merchant API: layout of a refund's notification; Refund and Accepted are understood",
        "the columns of the daily CSV beyond account, amount, time and id",
    ),
)
