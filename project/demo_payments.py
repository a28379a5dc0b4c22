"""The demonstration's payment systems: accounts at four of them, each played by the simulator.

A visitor opens a pay link and pays at `manage.py simulate_provider`, which runs beside the
demonstration; no money moves anywhere but in its books.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from billing.ledger import queries as ledger
from billing.payments import checkouts, crediting, links, merchants
from billing.payments import operations as payments
from billing.payments.calls import Pay
from billing.payments.models import LegalEntity, MerchantAccount
from billing.subscriptions.models import Subscription
from project.core.actor import SYSTEM, Actor, ActorKind

SLUG = "demo"
ENTITY = "ФОП Промінець О. В."
# In the order in which the payment page shows them.
SYSTEMS = ("monobank", "platon", "privat24", "ibox")


def _topup_url(site: str) -> str:
    return f"{site}/ibox/?account={{account}}"


def _settings(name: str, site: str) -> dict[str, Any]:
    chosen: dict[str, dict[str, Any]] = {
        "monobank": {"token": secrets.token_urlsafe(24)},
        "platon": {
            "key": "PROMIN",
            "password": secrets.token_hex(16),
            "default_email": "pay@promin.example",
        },
        "privat24": {
            "liqpay_public_key": "sandbox_promin",
            "liqpay_private_key": secrets.token_hex(20),
        },
        "ibox": {
            "basic_user": "ibox",
            "basic_password": secrets.token_hex(12),
            "topup_url": _topup_url(site),
        },
    }
    return chosen[name]


def open_accounts(*, at: datetime, site: str) -> None:
    """Accounts at the payment systems, at the simulator's address `site`."""
    if not LegalEntity.objects.exists():
        payments.open_legal_entity(
            at=at,
            actor=SYSTEM,
            name=ENTITY,
            edrpou="3000000017",
            iban="UA890000000000000000000000000",
            bank_name="Банк",
        )
    for name in SYSTEMS:
        payments.open_merchant(
            at=at,
            actor=SYSTEM,
            provider=name,
            slug=SLUG,
            base_url=f"{site}/{name}",
            settings=_settings(name, site),
        )


def played() -> list[str]:
    """The demonstration's payment systems that are there and active."""
    rows = MerchantAccount.objects.filter(slug=SLUG, provider__in=SYSTEMS, is_active=True)
    known = set(rows.values_list("provider", flat=True))
    return [name for name in SYSTEMS if name in known]


def move(*, at: datetime, site: str) -> None:
    """The simulator is at another address now. It speaks http; an account that somebody has pointed
    at a real payment system speaks https, and stays.
    """
    rows = MerchantAccount.objects.filter(slug=SLUG, base_url__startswith="http://")
    for row in rows.filter(provider__in=SYSTEMS).exclude(base_url__startswith=f"{site}/"):
        has_page = "topup_url" in row.settings
        payments.change_merchant(
            at=at,
            actor=SYSTEM,
            merchant_id=row.id,
            base_url=f"{site}/{row.provider}",
            settings={"topup_url": _topup_url(site)} if has_page else {},
        )


def pay_link() -> str:
    """The pay link of a client whose service waits for money, or of the first one."""
    waiting = Subscription.objects.filter(blocks__reason="DEBT", blocks__until_at__isnull=True)
    found = waiting.order_by("id").first() or Subscription.objects.order_by("id").first()
    if found is None:
        return ""
    account = ledger.accounts(ids=[found.account_id])[found.account_id]
    return links.address_of(account_code=account.code)


@dataclass
class Terminals:
    """Money that came through iBox in the demonstration's six weeks."""

    number: int = 0

    @transaction.atomic
    def pay(self, *, at: datetime, account_id: int, amount_kopecks: int) -> None:
        """One payment at a terminal, as its message would credit it."""
        account_code = ledger.accounts(ids=[account_id])[account_id].code
        row = MerchantAccount.objects.get(provider="ibox", slug=SLUG)
        merchant = merchants.get(merchant_id=row.id)
        self.number += 1
        crediting.pay(
            Pay(
                account_code,
                amount_kopecks,
                f"7700{self.number:06d}",
                paid_at=at - timedelta(seconds=20),
            ),
            merchant=merchant,
            endpoint="terminal",
            space=checkouts.space_of(merchant),
            at=at,
            actor=Actor(kind=ActorKind.PROVIDER, label=merchant.provider.title),
        )
