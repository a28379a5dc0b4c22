"""Selling a service: a subscription at a premise, on the ground of coverage, at the price there."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from billing.ledger import operations as ledger
from billing.subscriptions import hooks, ports, rezoning
from billing.subscriptions.coverage_gate import Ground, require_coverage
from billing.subscriptions.models import PlanSpan, Subscription
from billing.tariffs import queries as tariff_queries
from billing.tariffs.models import Tariff, TariffVersion
from billing.tariffs.queries import Resolution
from billing.tariffs.resolution import PricePlace
from coverage import operations as coverage_operations
from coverage import queries as coverage_queries
from coverage.models import Building, NetworkType, ZoneVersion
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError


class NotSoldHereError(DomainError):
    """No price rule of the tariff applies at this place on this date."""

    code = "not_sold_here"
    http_status = 409
    message = _("This tariff is not sold at this place.")


class TariffClosedError(NotSoldHereError):
    """The tariff is archived or has no terms in force on the date."""

    code = "tariff_closed"
    message = _("This tariff is not sold any more.")


class AddonError(DomainError):
    """An add-on needs an active main service of the same account and building; a main one none."""

    code = "bad_addon"
    message = _("An add-on is sold beside a main service of the same contract and building.")


class NoAccountError(DomainError):
    """There is no open subscriber's account with that id."""

    code = "no_account"
    message = _("There is no open account of a client with this number.")


class BadStateError(DomainError):
    """The subscription's state does not allow the action."""

    code = "bad_subscription_state"
    http_status = 409
    message = _("The state of the service does not allow this.")


@dataclass(frozen=True, slots=True)
class _Standing:
    """On what a subscription is sold; that of an add-on is its parent's."""

    parent: Subscription | None
    ground: Ground
    network_type: str
    segment: str
    check_id: int | None
    uncovered_reason: str


@transaction.atomic
def create(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    account_id: int,
    building_id: int,
    unit: str,
    tariff_id: int,
    network_type: str,
    check_id: int | None,
    segment: str = "",
    parent_id: int | None = None,
    uncovered_reason: str = "",
    may_uncovered: bool = False,
    activate: bool = True,
) -> int:
    """Sell a service; the subscription's id. Its first charge is `charging.charge_first`.

    Coverage is checked again now (`coverage_gate`); an add-on stands on its parent's ground. Keeps
    zone, zone version, price rule, tariff version, price and connection fee of the day. Takes a
    port of the plant where ports are known.

    Raises NoCoverageError (and its kinds), NotSoldHereError, TariffClosedError, AddonError,
    NoAccountError, NotFoundError for an unknown building, tariff or network type.
    """
    building = _open_building(building_id=building_id, network_type=network_type)
    tariff = _open_tariff(tariff_id=tariff_id, at=at)
    if account_id not in ledger.lock_balances(account_ids=[account_id]):
        raise NoAccountError(field="account_id")
    parent = _parent_of(tariff, parent_id, account_id, building_id)
    if parent is not None:
        standing = _beside(parent, segment=segment, on_date=on_date)
    else:
        ground = require_coverage(
            at=at,
            building=building,
            network_type=network_type,
            check_id=check_id,
            uncovered_reason=uncovered_reason,
            may_uncovered=may_uncovered,
            unit=coverage_queries.clean_unit(unit),
        )
        standing = _Standing(None, ground, network_type, segment, check_id, uncovered_reason)
    resolution = _price_at(building, tariff, standing, on_date=on_date)
    subscription = Subscription.objects.create(
        account_id=account_id,
        state=Subscription.State.ACTIVE if activate else Subscription.State.DRAFT,
        building=building,
        premise=coverage_operations.premise_of(building=building, unit=unit),
        created_at=at,
        activated_date=on_date if activate else None,
        connection_fee_kopecks=resolution.connection_fee_kopecks or 0,
        **_columns(standing, actor=actor),
    )
    _begin(subscription, standing, resolution, tariff=tariff, from_date=on_date, at=at, actor=actor)
    return subscription.id


@transaction.atomic
def activate(*, at: datetime, on_date: date, actor: Actor, subscription_id: int) -> None:
    """Put a DRAFT subscription in service from that day. Raises BadStateError."""
    subscription = locked(subscription_id=subscription_id)
    if subscription.state != Subscription.State.DRAFT:
        raise BadStateError()
    subscription.state = Subscription.State.ACTIVE
    subscription.activated_date = on_date
    subscription.save(update_fields=["state", "activated_date"])
    span = PlanSpan.objects.get(subscription=subscription)
    span.during = DateRange(on_date, None)
    span.save(update_fields=["during"])
    ports.begin(subscription_id=subscription.id, at=at)
    audit.record(
        at=at,
        actor=actor,
        action="billing.subscription.activated",
        obj=("subscription", subscription.id),
        summary=f"{on_date:%d.%m.%Y}",
    )
    outbox.emit(topic="subscription.activated", payload={"id": subscription.id}, at=at)
    hooks.subscriptions_changed(subscription_ids=[subscription.id], at=at)


def locked(*, subscription_id: int) -> Subscription:
    """The subscription, locked until the transaction ends, its account's balance first.

    The order (balance, then subscription) is the daily run's, so the two can't deadlock.
    """
    account_id = (
        Subscription.objects.filter(id=subscription_id).values_list("account_id", flat=True).first()
    )
    if account_id is None:
        raise NotFoundError(_("There is no such service."))
    ledger.lock_balances(account_ids=[account_id])
    return Subscription.objects.select_for_update(of=("self",)).get(id=subscription_id)


def resolve_for(
    *,
    tariff_id: int,
    network_type: str,
    zone_id: int | None,
    locality_id: int,
    segment: str,
    on_date: date,
) -> Resolution:
    """The price for a place with a known zone; raises NotSoldHereError or TariffClosedError."""
    place = PricePlace(
        network_type=network_type,
        zone_ids_by_network={} if zone_id is None else {network_type: zone_id},
        admin_chain=tuple(coverage_queries.admin_chain(admin_unit_id=locality_id)),
        segment=segment,
    )
    resolution = tariff_queries.resolve_price(tariff_id=tariff_id, place=place, on_date=on_date)
    if resolution.version is None:
        raise TariffClosedError()
    if resolution.rule is None:
        raise NotSoldHereError(
            tried=[{"rule": s.rule.id, "why": s.verdict.value} for s in resolution.ladder]
        )
    return resolution


def open_span(
    *,
    subscription: Subscription,
    tariff_id: int,
    resolution: Resolution,
    zone_version_id: int | None,
    from_date: date,
    at: datetime,
    actor: Actor,
) -> PlanSpan:
    """A span without an end that keeps what was sold."""
    assert resolution.rule is not None
    assert resolution.version is not None
    return PlanSpan.objects.create(
        subscription=subscription,
        tariff_id=tariff_id,
        during=DateRange(from_date, None),
        sold_version=resolution.version,
        sold_rule_id=resolution.rule.id,
        sold_zone_version_id=zone_version_id,
        sold_price_kopecks=resolution.rule.price_kopecks,
        created_at=at,
        created_by=actor.label[:150],
    )


def _open_building(*, building_id: int, network_type: str) -> Building:
    if network_type not in NetworkType.values:
        raise NotFoundError(_("There is no such network type."), field="network_type")
    # Locked, so that the building is not merged into another one under the sale.
    rows = Building.objects.select_for_update(no_key=True, of=("self",))
    building = rows.filter(id=building_id).first()
    if building is not None and building.merged_into_id is not None:
        building = rows.filter(id=building.merged_into_id).first()
    if building is None or building.retired_at is not None:
        raise NotFoundError(_("There is no such building."), field="building_id")
    return building


def _columns(standing: _Standing, *, actor: Actor) -> dict[str, Any]:
    is_uncovered = standing.ground.is_uncovered
    return {
        "parent": standing.parent,
        "network_type": standing.network_type,
        "segment": standing.segment,
        "check_made_id": standing.check_id,
        "uncovered_reason": standing.uncovered_reason.strip()[:300] if is_uncovered else "",
        "uncovered_by": actor.label[:150] if is_uncovered else "",
    }


def _begin(
    subscription: Subscription,
    standing: _Standing,
    resolution: Resolution,
    *,
    tariff: Tariff,
    from_date: date,
    at: datetime,
    actor: Actor,
) -> None:
    """The first span of a sold service, its port (or its parent's moves), and the news of it."""
    ground = standing.ground
    open_span(
        subscription=subscription,
        tariff_id=tariff.id,
        resolution=resolution,
        zone_version_id=ground.zone_version_id,
        from_date=from_date,
        at=at,
        actor=actor,
    )
    if standing.parent is None:
        ports.take(
            subscription=subscription,
            must=not ground.is_uncovered,
            zone_id=ground.zone_id,
            actor=actor,
            at=at,
        )
    else:
        rezoning.follow(
            addon=subscription, parent=standing.parent, after=from_date, at=at, actor=actor
        )
    _tell(subscription, ground, tariff=tariff, resolution=resolution, at=at, actor=actor)


def _open_tariff(*, tariff_id: int, at: datetime) -> Tariff:
    tariff = Tariff.objects.filter(id=tariff_id).first()
    if tariff is None:
        raise tariff_queries.TariffNotFoundError(field="tariff_id")
    if tariff.archived_at is not None and tariff.archived_at <= at:
        raise TariffClosedError()
    return tariff


def _price_at(
    building: Building, tariff: Tariff, standing: _Standing, *, on_date: date
) -> Resolution:
    return resolve_for(
        tariff_id=tariff.id,
        network_type=standing.network_type,
        zone_id=standing.ground.zone_id,
        locality_id=building.locality_id,
        segment=standing.segment,
        on_date=on_date,
    )


def _parent_of(
    tariff: Tariff, parent_id: int | None, account_id: int, building_id: int
) -> Subscription | None:
    if tariff.is_addon != (parent_id is not None):
        raise AddonError()
    if parent_id is None:
        return None
    parent = Subscription.objects.filter(id=parent_id).first()
    if (
        parent is None
        or parent.parent_id is not None
        or parent.account_id != account_id
        or parent.building_id != building_id
        or parent.state == Subscription.State.TERMINATED
    ):
        raise AddonError()
    return parent


def _beside(parent: Subscription, *, segment: str, on_date: date) -> _Standing:
    """An add-on's: the parent's network, check and ground."""
    return _Standing(
        parent=parent,
        ground=_ground_of(parent, on_date=on_date),
        network_type=parent.network_type,
        segment=segment or parent.segment,
        check_id=parent.check_made_id,
        uncovered_reason=parent.uncovered_reason,
    )


def _ground_of(parent: Subscription, *, on_date: date) -> Ground:
    spans = parent.spans.select_related("sold_zone_version").defer("sold_zone_version__geometry")
    span = spans.filter(during__contains=on_date).first() or spans.order_by("during").first()
    version = span.sold_zone_version if span else None
    return Ground(
        zone_id=version.zone_id if version else None,
        zone_version_id=version.id if version else None,
        is_uncovered=bool(parent.uncovered_reason),
    )


def current_zone_version(*, zone_id: int | None, at: datetime) -> int | None:
    """The published version of a zone that is in force at that moment."""
    if zone_id is None:
        return None
    return (
        ZoneVersion.objects.filter(zone_id=zone_id, valid__contains=at)
        .exclude(status="DRAFT")
        .values_list("id", flat=True)
        .first()
    )


def _tell(
    subscription: Subscription,
    ground: Ground,
    *,
    tariff: Tariff,
    resolution: Resolution,
    at: datetime,
    actor: Actor,
) -> None:
    version: TariffVersion | None = resolution.version
    assert version is not None
    audit.record(
        at=at,
        actor=actor,
        action="billing.subscription.created",
        obj=("subscription", subscription.id),
        summary=f"{tariff.code} {resolution.price_kopecks}",
        after={
            "account_id": subscription.account_id,
            "tariff": tariff.code,
            "tariff_version": version.version,
            "price_rule_id": resolution.rule.id if resolution.rule else None,
            "price_kopecks": resolution.price_kopecks,
            "zone_id": ground.zone_id,
            "check_id": subscription.check_made_id,
            "uncovered_reason": subscription.uncovered_reason,
        },
    )
    outbox.emit(
        topic="subscription.created",
        payload={"id": subscription.id, "account_id": subscription.account_id},
        at=at,
    )
    hooks.subscriptions_changed(subscription_ids=[subscription.id], at=at)
