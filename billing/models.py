"""All models of billing, so that Django finds them; import them from their own package."""

from billing.bookkeeping.models import MoneyOperation
from billing.charging.models import ChargeBasis, ChargeRun, ChargeRunChunk, FundsNotice
from billing.ledger.models import (
    LedgerAccount,
    LedgerBalance,
    LedgerJournal,
    LedgerPeriod,
    LedgerPosting,
    LedgerSeal,
)
from billing.payments.models import Payment, PaymentEvent
from billing.subscriptions.models import (
    Block,
    CreditGrant,
    Pause,
    PlanBatch,
    PlanBatchItem,
    PlanSpan,
    Rezoning,
    Subscription,
    TermsMove,
)
from billing.tariffs.models import Discount, DraftPrice, PriceRule, Tariff, TariffVersion

__all__ = [
    "Block",
    "ChargeBasis",
    "ChargeRun",
    "ChargeRunChunk",
    "CreditGrant",
    "Discount",
    "DraftPrice",
    "FundsNotice",
    "LedgerAccount",
    "LedgerBalance",
    "LedgerJournal",
    "LedgerPeriod",
    "LedgerPosting",
    "LedgerSeal",
    "MoneyOperation",
    "Pause",
    "Payment",
    "PaymentEvent",
    "PlanBatch",
    "PlanBatchItem",
    "PlanSpan",
    "PriceRule",
    "Rezoning",
    "Subscription",
    "Tariff",
    "TariffVersion",
    "TermsMove",
]
