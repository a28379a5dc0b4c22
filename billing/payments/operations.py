"""Everything that changes payments, under one name; the parts are in their own modules."""

from billing.payments.allocating import NotAllocatableError, allocate, put_back
from billing.payments.approving import NotWaitingError, SameAskerError
from billing.payments.approving import approve as approve_refund
from billing.payments.approving import decline as decline_refund
from billing.payments.attempts import ask_soon
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
from billing.payments.conflicts import NoConflictError, look_into
from billing.payments.desk import (
    AmountOutOfLimitsError,
    NoSubscriberAccountError,
    NotReversiblePaymentError,
    PaymentKeyUsedError,
    accept_cash,
    reverse_payment,
)
from billing.payments.journal import purge_messages
from billing.payments.legal_entities import change_legal_entity, open_legal_entity
from billing.payments.links import begin
from billing.payments.merchants import (
    BadMerchantError,
    UnknownProviderError,
    change_merchant,
    open_merchant,
)
from billing.payments.refunds import (
    NotRefundableError,
    NotSettledError,
    RefundRefusedError,
    refund,
)
from billing.payments.refunds import ask_about_open as ask_about_refunds
from billing.payments.refunds import settle as settle_refund

__all__ = [
    "AmountOutOfLimitsError",
    "BadMerchantError",
    "CannotPayError",
    "NoConflictError",
    "NoSubscriberAccountError",
    "NotAllocatableError",
    "NotRefundableError",
    "NotReversiblePaymentError",
    "NotSettledError",
    "NotWaitingError",
    "PaymentKeyUsedError",
    "ProviderDownError",
    "RefundRefusedError",
    "SameAskerError",
    "Started",
    "UnknownProviderError",
    "accept_cash",
    "allocate",
    "approve_refund",
    "ask",
    "ask_about_open",
    "ask_about_refunds",
    "ask_soon",
    "begin",
    "capture",
    "change_legal_entity",
    "change_merchant",
    "create_checkout",
    "decline_refund",
    "expire",
    "look_into",
    "open_legal_entity",
    "open_merchant",
    "purge_messages",
    "put_back",
    "refund",
    "reverse_payment",
    "settle_refund",
]
