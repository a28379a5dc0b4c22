"""Payments, merchant accounts, and what was said between providers and us."""

from billing.payments.models.merchant import LegalEntity, LegalEntityArea, MerchantAccount
from billing.payments.models.message import PaymentMessage, UsedNonce
from billing.payments.models.payment import Payment, PaymentAttempt, PaymentEvent, Refund
from billing.payments.models.register import ProviderRegister, ProviderRegisterRow
from billing.payments.models.settlement import ProviderDispute, Settlement

__all__ = [
    "LegalEntity",
    "LegalEntityArea",
    "MerchantAccount",
    "Payment",
    "PaymentAttempt",
    "PaymentEvent",
    "PaymentMessage",
    "ProviderDispute",
    "ProviderRegister",
    "ProviderRegisterRow",
    "Refund",
    "Settlement",
    "UsedNonce",
]
