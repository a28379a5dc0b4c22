"""What changes of a subscription mean in money (`subscriptions.hooks.MoneyEffects`)."""

from datetime import date, datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from billing import calendar, money
from billing.charging import corrected
from billing.charging.discounted import basis_on, last_charged
from billing.charging.facts import days_between
from billing.charging.settling import available_kopecks, settle_account
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import Leg
from billing.subscriptions.models import ChargeState, PlanSpan, Subscription
from billing.tariffs.models import TariffVersion
from billing.tariffs.operations import VAT_ACCOUNT_CODE
from project.core import prepared
from project.core.actor import Actor
from project.core.errors import DomainError

SERVICE_CODE = "SERVICE"
PAUSE_CODE = "PAUSE"
UPGRADE_OCCURRENCE = 1


# Whether charging the account up to the day could change anything: a day that is not charged (of a
# service that ended too), a block for debt, or prepaid time that a move to new terms gives back.
_IS_DUE = """
SELECT EXISTS (
    SELECT 1 FROM billing_subscription AS s
    JOIN billing_charge_state AS c ON c.subscription_id = s.id
    WHERE s.account_id = %(account)s AND s.state <> 'DRAFT' AND (
        c.charged_until IS NULL
        OR c.charged_until <= LEAST(%(day)s::date, COALESCE(s.terminated_date, %(day)s::date))
        OR EXISTS (SELECT 1 FROM billing_block AS b WHERE b.subscription_id = s.id
                   AND b.until_at IS NULL AND b.reason = 'DEBT')
        OR EXISTS (SELECT 1 FROM billing_terms_move AS m WHERE m.subscription_id = s.id
                   AND m.outcome = 'MOVED' AND m.settled_date IS NULL
                   AND m.from_date <= %(day)s::date))
)
"""


class NotEnoughMoneyError(DomainError):
    """An immediate change costs more than the account has."""

    code = "not_enough_money"
    http_status = 409
    message = _("There is not enough money on the account.")


def settle(*, account_id: int, on_date: date, at: datetime, actor: Actor) -> None:
    """Money came in or a reason to be off has gone: charge what is due.

    Most payments come before anything is due: one short look tells, and nothing else is done.
    """
    ((is_due,),) = prepared.rows(_IS_DUE, {"account": account_id, "day": on_date})
    if not is_due:
        return
    settle_account(account_id=account_id, on_date=on_date, at=at, actor=actor)


def ended(*, subscription_id: int, on_date: date, at: datetime, actor: Actor) -> None:
    """Give back the prepaid days after the last one (R3)."""
    give_back(
        subscription_id=subscription_id,
        from_date=on_date + calendar.ONE_DAY,
        on_date=on_date,
        at=at,
        actor=actor,
    )


def plan_will_change(
    *, subscription_id: int, from_date: date, on_date: date, at: datetime, actor: Actor
) -> None:
    """Give back what is prepaid beyond the change; the new plan is charged from that day (R5)."""
    give_back(
        subscription_id=subscription_id, from_date=from_date, on_date=on_date, at=at, actor=actor
    )


def give_back(
    *, subscription_id: int, from_date: date, on_date: date, at: datetime, actor: Actor
) -> int:
    """Return the prepaid part from `from_date` on to the account; kopecks, 0 when there is none.

    By the price that was charged, or that a correction of the month has had right since.
    """
    subscription = _charged(subscription_id)
    until = subscription.charge_state.charged_until
    if until is None or until <= from_date:
        return 0
    charged = last_charged(
        subscription=subscription, on_date=min(from_date, until - calendar.ONE_DAY)
    )
    if (
        charged is None
        or charged.tariff_version.charge_type != TariffVersion.ChargeType.MONTHLY_PREPAID
    ):
        return 0
    paid = corrected.paid_by(subscription_id=subscription_id, basis_id=charged.id, until=until)
    amount = paid.facts.part_of_days(
        charged.price_kopecks,
        days_between(from_date, until),
        subscription.charge_state.anchor_day,
    )
    journal_id = None
    if amount:
        net, vat = money.split_vat(amount, charged.tariff_version.vat_rate_bp)
        contra = _contra(charged.tariff_version, net_kopecks=-net, vat_kopecks=-vat, at=at)
        journal_id = ledger.post(
            kind="REFUND",
            value_date=on_date,
            posted_at=at,
            idempotency_key=f"refund:{subscription_id}:{from_date.isoformat()}:{until.isoformat()}",
            legs=[
                Leg(
                    account_id=subscription.account_id,
                    amount_kopecks=amount,
                    charge_basis_id=charged.id,
                ),
                *contra,
            ],
            actor=actor,
            source="charging",
        )
    corrected.note_given_back(
        subscription_id=subscription_id,
        paid=paid,
        from_date=from_date,
        until=until,
        amount_kopecks=amount,
        journal_id=journal_id,
    )
    ChargeState.objects.filter(subscription_id=subscription_id).update(charged_until=from_date)
    return amount


def plan_changed_now(*, subscription_id: int, on_date: date, at: datetime, actor: Actor) -> None:
    """An immediate change: the day's difference if it is dearer; the rest of a month moves (R5).

    The old plan was already charged for the day (or the service is off, and then what is due is
    charged by the new plan). Raises NotEnoughMoneyError under the policy BLOCK.
    """
    subscription = _charged(subscription_id)
    tomorrow = on_date + calendar.ONE_DAY
    charged = subscription.charge_state
    if charged.charged_until is None or charged.charged_until < tomorrow:
        settle_account(account_id=subscription.account_id, on_date=on_date, at=at, actor=actor)
        return
    before = last_charged(subscription=subscription, on_date=on_date)
    assert before is not None
    paid = corrected.paid_by(
        subscription_id=subscription_id, basis_id=before.id, until=charged.charged_until
    )
    give_back(
        subscription_id=subscription_id, from_date=tomorrow, on_date=on_date, at=at, actor=actor
    )
    span = PlanSpan.objects.select_related("sold_version", "subscription").get(
        subscription=subscription, during__contains=on_date
    )
    version = span.sold_version
    basis = basis_on(span=span, version=version, on_date=on_date)
    difference = _part_of_day(
        version, price_kopecks=basis.price_kopecks, on_date=on_date, anchor_day=charged.anchor_day
    ) - _part_of_day(
        before.tariff_version,
        price_kopecks=paid.facts.price_of(before.price_kopecks),
        on_date=on_date,
        anchor_day=charged.anchor_day,
    )
    # A day on hold is free, whatever the plan is changed to (R8); so is one that a correction
    # has freed.
    if difference <= 0 or paid.facts.is_free(on_date):
        return
    if subscription.pauses.filter(during__contains=on_date).exists():
        return
    available = available_kopecks(account_id=subscription.account_id, on_date=on_date)
    if version.funds_policy == TariffVersion.FundsPolicy.BLOCK and available < difference:
        raise NotEnoughMoneyError(needed_kopecks=difference)
    ChargeState.objects.filter(subscription_id=subscription_id).update(charged_basis_id=basis.id)
    net, vat = money.split_vat(difference, version.vat_rate_bp)
    ledger.post_charges(
        value_date=on_date,
        posted_at=at,
        idempotency_key=f"upgrade:{subscription_id}:{on_date.isoformat()}:{span.id}",
        actor=actor,
        source="charging",
        charges=[
            Leg(
                account_id=subscription.account_id,
                amount_kopecks=-difference,
                subject_id=subscription_id,
                charge_code=SERVICE_CODE,
                occurrence=UPGRADE_OCCURRENCE,
                charge_basis_id=basis.id,
            )
        ],
        contra=[
            (leg.account_id, leg.amount_kopecks)
            for leg in _contra(version, net_kopecks=net, vat_kopecks=vat, at=at)
        ],
    )


def pause_begins(
    *,
    subscription_id: int,
    pause_id: int,
    fee_kopecks: int,
    on_date: date,
    at: datetime,
    actor: Actor,
) -> None:
    """Charge the fee of a pause (R8) on the day it is taken.

    Raises NotEnoughMoneyError under the policy BLOCK.
    """
    subscription = Subscription.objects.get(id=subscription_id)
    span = PlanSpan.objects.select_related("sold_version", "subscription").get(
        subscription=subscription, during__contains=on_date
    )
    basis = basis_on(span=span, version=span.sold_version, on_date=on_date)
    version = span.sold_version
    available = available_kopecks(account_id=subscription.account_id, on_date=on_date)
    if version.funds_policy == TariffVersion.FundsPolicy.BLOCK and available < fee_kopecks:
        raise NotEnoughMoneyError(needed_kopecks=fee_kopecks)
    net, vat = money.split_vat(fee_kopecks, version.vat_rate_bp)
    ledger.post_charges(
        value_date=on_date,
        posted_at=at,
        idempotency_key=_fee_key(pause_id),
        actor=actor,
        source="charging",
        charges=[
            Leg(
                account_id=subscription.account_id,
                amount_kopecks=-fee_kopecks,
                subject_id=subscription_id,
                charge_code=PAUSE_CODE,
                occurrence=_charged_times(subscription_id, PAUSE_CODE, on_date=on_date),
                charge_basis_id=basis.id,
            )
        ],
        contra=[
            (leg.account_id, leg.amount_kopecks)
            for leg in _contra(version, net_kopecks=net, vat_kopecks=vat, at=at)
        ],
    )


def pause_cancelled(*, pause_id: int, on_date: date, at: datetime, actor: Actor) -> None:
    """Give back the fee of a pause that did not come to be."""
    journal_id = ledger_queries.journal_of_key(idempotency_key=_fee_key(pause_id))
    if journal_id is None:
        return
    ledger.reverse(
        journal_id=journal_id,
        value_date=on_date,
        posted_at=at,
        actor=actor,
        narrative=str(_("The pause was cancelled before it began.")),
    )


def _fee_key(pause_id: int) -> str:
    return f"pause:{pause_id}"


def _charged(subscription_id: int) -> Subscription:
    """The service with how far it is charged."""
    return Subscription.objects.select_related("charge_state").get(id=subscription_id)


def _charged_times(subscription_id: int, code: str, *, on_date: date) -> int:
    """How often a code was charged on that day: the number of the next one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ledger_posting"
            " WHERE subject_id = %s AND value_date = %s AND charge_code = %s",
            [subscription_id, on_date, code],
        )
        return int(cursor.fetchone()[0])


def _part_of_day(
    version: TariffVersion, *, price_kopecks: int, on_date: date, anchor_day: int
) -> int:
    if version.charge_type == TariffVersion.ChargeType.ONE_OFF:
        return 0
    is_daily = version.charge_type == TariffVersion.ChargeType.DAILY
    return calendar.daily_amount_on(price_kopecks, on_date, 1 if is_daily else anchor_day)


def _contra(
    version: TariffVersion, *, net_kopecks: int, vat_kopecks: int, at: datetime
) -> list[Leg]:
    legs = []
    for code, kind, amount in (
        (version.revenue_account_code, "REVENUE", net_kopecks),
        (VAT_ACCOUNT_CODE, "TAX", vat_kopecks),
    ):
        if amount:
            account_id = ledger.ensure_control_account(at=at, code=code, kind=kind)
            legs.append(Leg(account_id=account_id, amount_kopecks=amount))
    return legs
