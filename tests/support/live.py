"""Running sessions of a service on a played BRAS, and the senders that tell it of changes."""

from datetime import datetime, timedelta

from billing.models import Subscription
from network import operations, sender, wishes
from network.models import AccessAction, Nas, RadiusDecision, Session
from tests.support import services
from tests.support.services import AT, MBIT

SECRET = "bras-secret"


def session(sold: Subscription, *, port: int, vendor: str = "mikrotik") -> Session:
    nas = Nas.objects.filter(vendor=vendor).first() or services.nas(
        vendor=vendor, secret=SECRET, coa_port=port
    )
    return Session.objects.create(
        unique_id=f"u{sold.id}",
        acct_session_id=f"81a{sold.id}",
        subscription=sold,
        nas=nas,
        nas_address=nas.address,
        login=services.login_of(sold),
        framed_ip=RadiusDecision.objects.get(subscription=sold).framed_ip,
        started_at=AT,
        last_seen_at=AT,
    )


def act(at_s: float = 0) -> list[str]:
    """Let the senders do what is due; the states of all wishes, oldest first."""
    at = AT + timedelta(seconds=at_s)
    for nas_id in wishes.due_nas(at=at):
        sender.work_off(nas_id=nas_id, now=lambda: at)
    return list(AccessAction.objects.order_by("id").values_list("state", flat=True))


def sell_faster(sold: Subscription, *, at: datetime = AT) -> None:
    terms = services.tariff(down_bit_s=500 * MBIT, up_bit_s=100 * MBIT)
    services.plan(sold, terms=terms, since=None)
    operations.refresh_access(subscription_ids=[sold.id], at=at)


def sold_at_300_50() -> Subscription:
    return services.service(terms=services.tariff(down_bit_s=300 * MBIT, up_bit_s=50 * MBIT))
