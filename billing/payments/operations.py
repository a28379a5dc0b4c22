"""Everything that changes payments, under one name; the parts are in their own modules."""

from billing.payments.desk import (
    AmountOutOfLimitsError,
    NoSubscriberAccountError,
    NotReversiblePaymentError,
    PaymentKeyUsedError,
    accept_cash,
    reverse_payment,
)
from billing.payments.merchants import change_merchant, open_legal_entity, open_merchant

__all__ = [
    "AmountOutOfLimitsError",
    "NoSubscriberAccountError",
    "NotReversiblePaymentError",
    "PaymentKeyUsedError",
    "accept_cash",
    "change_merchant",
    "open_legal_entity",
    "open_merchant",
    "reverse_payment",
]
