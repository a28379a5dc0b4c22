"""The accounts of `fixtures.json` in the database, and what must not happen to them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from billing.ledger import operations as ledger
from billing.ledger.operations import Leg
from billing.payments import operations as payments
from billing.subscriptions.models import ChargeState, Subscription
from coverage.models import Premise, Street
from project.core.actor import SYSTEM
from tests.support import zones
from tests.support.billing import admin_unit
from tests.vectors.files import Folder

SLUG = "vectors"


def _kopecks(text: str) -> int:
    return round(float(text) * 100)


def build(folder: Folder) -> None:
    """Accounts as the fixtures say: names, balances, addresses, closed ones closed."""
    at = folder.now - timedelta(days=30)
    ledger.ensure_partitions(
        from_date=date(at.year, 1, 1), until_date=date(folder.now.year + 1, 1, 1)
    )
    house: Any = None
    for account in folder.fixtures["accounts"]:
        state = account["state"]
        if state.startswith("does not exist"):
            continue
        account_id = ledger.open_account(
            at=at, code=account["account"], kind="SUBSCRIBER", holder_name=account.get("name", "")
        )
        if kopecks := _kopecks(account.get("balance", "0")):
            adjustments = ledger.ensure_control_account(
                at=at, code="adjustments.manual", kind="ADJUSTMENT"
            )
            ledger.post(
                kind="ADJUSTMENT",
                value_date=at.date(),
                posted_at=at,
                idempotency_key=f"vectors:{account['account']}",
                legs=[Leg(account_id, kopecks), Leg(adjustments, -kopecks)],
                actor=SYSTEM,
                source="vectors",
            )
        if address := account.get("address"):
            house = house or _house(address)
            _serve(account_id, house, unit=address.rpartition("/")[2], at=at, now=folder.now)
        if state.startswith("closed"):
            ledger.close_account(account_id=account_id, at=at)


def _house(address: str) -> Any:
    """The house of "вул. Тестова, 1/5"."""
    street, _, number = address.partition(",")
    building = zones.building(5, 5, admin_unit("Харків"))
    name = street.removeprefix("вул.").strip()
    building.street = Street.objects.create(
        locality=building.locality,
        name=name,
        type="вулиця",
        name_norm=name.lower(),
        search_key=name.lower(),
    )
    building.number = number.strip().partition("/")[0]
    building.save()
    return building


def _serve(account_id: int, building: Any, *, unit: str, at: datetime, now: datetime) -> None:
    """A service that is paid for a year, so that nothing is charged while vectors run."""
    service = Subscription.objects.create(
        account_id=account_id,
        state="ACTIVE",
        building=building,
        premise=Premise.objects.create(building=building, unit=unit),
        network_type="GPON",
        created_at=at,
        activated_date=at.date(),
    )
    ChargeState.objects.filter(subscription=service).update(
        charged_until=now.date() + timedelta(days=366)
    )


def merchant(*, provider: str, settings: dict[str, Any], at: datetime, base_url: str) -> int:
    """The merchant account of the vectors with these settings; opened once, changed after."""
    from billing.payments.models import MerchantAccount

    known = MerchantAccount.objects.filter(provider=provider, slug=SLUG).first()
    if known is None:
        return payments.open_merchant(
            at=at,
            actor=SYSTEM,
            provider=provider,
            slug=SLUG,
            title="ISP",
            settings=settings,
            base_url=base_url,
        )
    payments.change_merchant(
        at=at, actor=SYSTEM, merchant_id=known.id, settings=settings, base_url=base_url
    )
    return known.id


@dataclass(frozen=True)
class Books:
    """What is counted before and after a vector that must not do something."""

    journals: int
    payments: int
    credited_kopecks: int

    @classmethod
    def now(cls) -> "Books":
        """As the books stand."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM ledger_journal), (SELECT count(*) FROM"
                " billing_payment), (SELECT coalesce(sum(balance_kopecks), 0) FROM ledger_balance)"
            )
            return cls(*cursor.fetchone())


def order(
    *,
    merchant_id: int,
    number: str,
    client: str,
    at: datetime,
    provider_ref: str = "",
    account: str = "100500",
    amount_kopecks: int = 12_550,
) -> int:
    """An order of ours that is begun at the provider, as `create_checkout` leaves it; its id."""
    from billing.ledger.models import LedgerAccount
    from billing.payments import answering
    from billing.payments.models import MerchantAccount, Payment, PaymentAttempt

    known = Payment.objects.filter(merchant_id=merchant_id, order_number=number).first()
    if known is not None:
        return known.id
    provider = MerchantAccount.objects.get(id=merchant_id).provider
    payment = Payment.objects.create(
        account_id=LedgerAccount.objects.get(code=account).id,
        channel=provider.upper(),
        merchant_id=merchant_id,
        endpoint=client,
        account_code=account,
        amount_kopecks=amount_kopecks,
        told_kopecks=amount_kopecks,
        gross_kopecks=amount_kopecks,
        request_hash=answering.request_hash(account=account, amount_kopecks=amount_kopecks),
        state=Payment.State.CREATED,
        order_number=number,
        paid_at=at,
        created_at=at,
        created_by="vectors",
    )
    PaymentAttempt.objects.create(
        payment=payment,
        client=client,
        state=PaymentAttempt.State.SENT,
        provider_ref=provider_ref,
        created_at=at,
        sent_at=at,
    )
    return payment.id
