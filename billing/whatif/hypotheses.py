"""What is tried: the draft of a tariff, or another tariff for chosen services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.subscriptions.models import PlanBatch
from billing.tariffs import constructor
from billing.tariffs.models import Tariff, TariffVersion
from billing.tariffs.price_map import rules_of
from billing.tariffs.queries import TariffNotFoundError, version_on
from billing.tariffs.resolution import RuleFacts
from project.core.errors import DomainError, NotFoundError


class NothingToTryError(DomainError):
    """There is nothing that would change for a client."""

    code = "nothing_to_try"
    http_status = 409
    message = _("There is no draft to try: draw up new terms or put a price into the draft.")


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Services that a condition chooses get these terms, and the price that these rules give.

    `touched` is an SQL condition on s (the service), span and sold (the version it was sold on),
    with `values`. `gives_back`: what is prepaid beyond the first day comes back on it (R5), which
    a new version of the same tariff does not do. `keeps_unsold`: where nothing is sold all stays;
    else the price stays and the terms are the new ones.
    """

    on_date: date
    tariff_id: int
    charge_type: str
    credit_kopecks: int
    rules: Sequence[RuleFacts]
    touched: str
    values: dict[str, Any]
    gives_back: bool = False
    keeps_unsold: bool = False


def of_draft(*, tariff_id: int, today: date, existing_from: date | None = None) -> Hypothesis:
    """The draft of a tariff, as if existing clients got it.

    From the draft's own day for them, else from `existing_from`, else from tomorrow. A draft of
    prices alone is tried with the present terms. Raises TariffNotFoundError, NothingToTryError.
    """
    tariff = Tariff.objects.filter(id=tariff_id).first()
    if tariff is None:
        raise TariffNotFoundError()
    draft = constructor.draft_of(tariff_id=tariff_id)
    if draft is None and not tariff.draft_prices.exists():
        raise NothingToTryError()
    tomorrow = today + ONE_DAY
    own = draft.applies_existing_from if draft else None
    on_date = max(own or existing_from or tomorrow, tomorrow)
    if draft is None:
        draft = constructor.again(tariff=tariff, on_date=today, existing_from=on_date)
    return Hypothesis(
        on_date=on_date,
        tariff_id=tariff_id,
        charge_type=draft.charge_type,
        credit_kopecks=draft.credit_kopecks,
        rules=rules_of(tariff_id=tariff_id, with_draft=True),
        touched="span.tariff_id = %(tariff_id)s AND sold.applies_from < %(applies_from)s",
        values={"applies_from": max(draft.applies_from, today)},
    )


def of_batch(*, batch_id: int) -> Hypothesis:
    """Another tariff for the services of a batch; raises NotFoundError, NothingToTryError."""
    batch = PlanBatch.objects.filter(id=batch_id).first()
    if batch is None:
        raise NotFoundError()
    version: TariffVersion | None = version_on(tariff_id=batch.tariff_id, on_date=batch.from_date)
    if version is None:
        raise NothingToTryError(_("The tariff has no terms in force on that day."))
    return Hypothesis(
        on_date=batch.from_date,
        tariff_id=batch.tariff_id,
        charge_type=version.charge_type,
        credit_kopecks=version.credit_kopecks,
        rules=rules_of(tariff_id=batch.tariff_id, with_draft=False),
        touched=(
            "EXISTS (SELECT 1 FROM billing_plan_batch_item AS item WHERE item.batch_id ="
            " %(batch_id)s AND item.subscription_id = s.id AND item.outcome = 'PENDING')"
        ),
        values={"batch_id": batch_id},
        gives_back=True,
        keeps_unsold=True,
    )
