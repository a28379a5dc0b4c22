"""Everything that changes payments, under one name; the parts are in their own modules."""

from billing.payments.checkouts import (
    CannotPayError,
    ProviderDownError,
    Started,
    ask,
    ask_about_open,
    capture,
    create_checkout,
    expire,
)
from billing.payments.desk import (
    AmountOutOfLimitsError,
    NoSubscriberAccountError,
    NotReversiblePaymentError,
    PaymentKeyUsedError,
    accept_cash,
    reverse_payment,
)
from billing.payments.journal import purge_messages
from billing.payments.merchants import (
    BadMerchantError,
    UnknownProviderError,
    change_merchant,
    open_legal_entity,
    open_merchant,
)
from billing.payments.refunds import NotRefundableError, RefundRefusedError, refund

__all__ = [
    "AmountOutOfLimitsError",
    "BadMerchantError",
    "CannotPayError",
    "NoSubscriberAccountError",
    "NotRefundableError",
    "NotReversiblePaymentError",
    "PaymentKeyUsedError",
    "ProviderDownError",
    "RefundRefusedError",
    "Started",
    "UnknownProviderError",
    "accept_cash",
    "ask",
    "ask_about_open",
    "capture",
    "change_merchant",
    "create_checkout",
    "expire",
    "open_legal_entity",
    "open_merchant",
    "purge_messages",
    "refund",
    "reverse_payment",
]
