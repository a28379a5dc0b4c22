"""An add-on for some days (a faster line for a week): charged by the day, it ends by itself."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.ledger import operations as ledger
from billing.subscriptions import hooks
from billing.subscriptions.changes import terminate
from billing.subscriptions.creation import AddonError, create, locked
from billing.subscriptions.models import Subscription
from billing.subscriptions.pauses import terms_on
from billing.tariffs.models import TariffVersion
from project.core.actor import Actor

MOST_DAYS = 92


@transaction.atomic
def add_for_days(
    *, at: datetime, on_date: date, actor: Actor, parent_id: int, tariff_id: int, days: int
) -> int:
    """Sell an add-on beside a main service from today for so many days; its id.

    It is charged each day by the tariff's price there, today at once, with the one funds decision
    of the account (R6). Raises AddonError and what `creation.create` raises.
    """
    if not 1 <= days <= MOST_DAYS:
        raise AddonError(_("From one day to %(most)d.") % {"most": MOST_DAYS}, field="days")
    parent = locked(subscription_id=parent_id)
    addon_id = create(
        at=at,
        on_date=on_date,
        actor=actor,
        account_id=parent.account_id,
        building_id=parent.building_id,
        unit=parent.premise.unit if parent.premise else "",
        tariff_id=tariff_id,
        network_type=parent.network_type,
        check_id=parent.check_made_id,
        parent_id=parent_id,
    )
    terms = terms_on(subscription_id=addon_id, on_date=on_date)
    if terms is None or terms.charge_type != TariffVersion.ChargeType.DAILY:
        raise AddonError(_("Only an add-on that is charged by the day is sold for some days."))
    Subscription.objects.filter(id=addon_id).update(ends_date=on_date + (days - 1) * ONE_DAY)
    hooks.effects().settle(account_id=parent.account_id, on_date=on_date, at=at, actor=actor)
    hooks.subscriptions_changed(subscription_ids=[addon_id, parent_id], at=at)
    return addon_id


def end_due(*, day: date, at: datetime, actor: Actor) -> int:
    """End the services whose last day lies before `day`; how many. Each in its own transaction."""
    due = list(
        Subscription.objects.filter(state=Subscription.State.ACTIVE, ends_date__lt=day)
        .order_by("account_id", "id")
        .values_list("id", "account_id", "ends_date")
    )
    for service_id, account_id, ends_date in due:
        assert ends_date is not None
        with transaction.atomic():
            ledger.lock_balances(account_ids=[account_id])
            row = Subscription.objects.get(id=service_id)
            if row.state == Subscription.State.ACTIVE and row.ends_date == ends_date:
                terminate(at=at, on_date=ends_date, actor=actor, subscription_id=service_id)
                hooks.subscriptions_changed(
                    subscription_ids=[one for one in (row.parent_id,) if one], at=at
                )
    return len(due)
