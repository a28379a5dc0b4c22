"""How payment systems do: what was heard of each merchant account's lately, and what went wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, Max, Q

from billing.payments import merchants, registry
from billing.payments.gateway import Provider
from billing.payments.models import MerchantAccount, PaymentMessage

SPAN = timedelta(hours=24)
# Answers that are the system's daily life, not a trouble of ours or theirs.
FINE = ("OK", "DUPLICATE", "NOT_FOUND", "PENDING", "INACTIVE")
ALARM_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Health:
    """A merchant account with its messages of the last day."""

    merchant: MerchantAccount
    provider: Provider | None
    messages: int = 0
    wrong: int = 0
    unanswered: int = 0
    mean_ms: int = 0
    last_at: datetime | None = None
    last_wrong: PaymentMessage | None = None
    lacking: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """OFF, SILENT (nothing for a day), FAILING (a fifth of the messages, or a setting that is
        needed is not there), FINE.
        """
        if not self.merchant.is_active:
            return "OFF"
        if self.lacking:
            return "FAILING"
        if not self.messages:
            return "SILENT"
        return "FAILING" if self.wrong >= max(1, self.messages * ALARM_SHARE) else "FINE"


@dataclass(frozen=True, slots=True)
class Card:
    """A payment system of the registry with its merchant accounts."""

    provider: Provider
    accounts: tuple[Health, ...]


def cards(*, at: datetime) -> list[Card]:
    """Every payment system that we know, those with accounts first."""
    rows = MerchantAccount.objects.select_related("legal_entity").order_by("id")
    by_provider: dict[str, list[Health]] = {}
    found = _counted(at=at)
    for merchant in rows:
        health = found.get(merchant.id, {})
        declared = registry.PROVIDERS.get(merchant.provider)
        lacking = merchants.lacking(merchant_id=merchant.id) if declared else ()
        made = Health(merchant, declared, **health, lacking=lacking)
        by_provider.setdefault(merchant.provider, []).append(made)
    listed = [
        Card(provider, tuple(by_provider.get(code, ())))
        for code, provider in sorted(registry.PROVIDERS.items())
    ]
    return sorted(listed, key=lambda card: not card.accounts)


def of_merchant(*, merchant: MerchantAccount, at: datetime) -> Health:
    """One merchant account's health, with its last message that went wrong."""
    wrong = (
        PaymentMessage.objects.filter(merchant=merchant, at__gt=at - SPAN)
        .exclude(result__in=FINE)
        .order_by("-id")
        .first()
    )
    counted = _counted(at=at, merchant_id=merchant.id).get(merchant.id, {})
    declared = registry.PROVIDERS.get(merchant.provider)
    lacking = merchants.lacking(merchant_id=merchant.id) if declared else ()
    return Health(merchant, declared, **counted, last_wrong=wrong, lacking=lacking)


def _counted(*, at: datetime, merchant_id: int | None = None) -> dict[int, dict[str, Any]]:
    rows = PaymentMessage.objects.filter(at__gt=at - SPAN)
    if merchant_id is not None:
        rows = rows.filter(merchant_id=merchant_id)
    counted = (
        rows.order_by()
        .values("merchant_id")
        .annotate(
            messages=Count("id"),
            wrong=Count("id", filter=~Q(result__in=FINE)),
            unanswered=Count("id", filter=Q(status__isnull=True)),
            mean_us=Avg("duration_us"),
            last_at=Max("at"),
        )
    )
    return {
        row["merchant_id"]: {
            "messages": row["messages"],
            "wrong": row["wrong"],
            "unanswered": row["unanswered"],
            "mean_ms": round((row["mean_us"] or 0) / 1000),
            "last_at": row["last_at"],
        }
        for row in counted
    }
