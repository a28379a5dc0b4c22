"""A building for the operator: what serves it and why, prices, services, requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing.models import PlanSpan, Subscription, Tariff
from billing.subscriptions import queries as subscription_queries
from billing.tariffs import queries as tariff_queries
from billing.tariffs import texts
from coverage import queries as coverage_queries
from coverage.answers import NetworkAnswer
from coverage.models import (
    AdminUnit,
    Building,
    BuildingCoverage,
    CoverageOverride,
    PlantPort,
    Zone,
    ZoneVersion,
)
from coverage.plant import queries as plant_queries
from crm import queries as crm_queries
from crm.models import ConnectionRequest
from project.core import clock
from project.core.errors import NotFoundError

SERVICES_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Rival:
    """A zone that covers the building too, and why it does not serve it."""

    name: str
    status: str
    priority: int
    area_m2: float
    zone_version_id: int


@dataclass(frozen=True, slots=True)
class NetworkPart:
    """One network type at the building: the answer, the winning zone, its rivals, the prices."""

    answer: NetworkAnswer
    winner: Rival | None
    rivals: Sequence[Rival]
    offers: Sequence[tariff_queries.Offer]
    addons: Sequence[tariff_queries.Offer]
    override: CoverageOverride | None
    ports: plant_queries.Capacity


@dataclass(frozen=True, slots=True)
class ServiceInBuilding:
    """A sold service of the building."""

    subscription: Subscription
    tariff: Tariff | None
    customer_id: int | None
    customer_name: str
    off_reason: str
    port: PlantPort | None = None


@dataclass(frozen=True, slots=True)
class BuildingPage:
    """All that the building card shows."""

    building: Building
    label: str
    networks: Sequence[NetworkPart]
    services: Sequence[ServiceInBuilding]
    services_count: int
    requests: Sequence[ConnectionRequest]


def building_of(*, building_id: int) -> Building:
    """A building that stands; raises NotFoundError."""
    found = (
        Building.objects.select_related("street", "locality")
        .filter(id=building_id, retired_at__isnull=True)
        .first()
    )
    if found is None:
        raise NotFoundError
    return found


def building_of_service(*, subscription_id: int) -> int:
    """Where a service is; raises NotFoundError."""
    found = Subscription.objects.filter(id=subscription_id).values_list("building_id", flat=True)
    building_id = found.first()
    if building_id is None:
        raise NotFoundError
    return building_id


def label_of(building: Building) -> str:
    """The building's address in words, or its place when it has none."""
    labels = coverage_queries.address_labels(building_ids=[building.id])
    return labels.get(building.id) or f"{building.point.y:.5f}, {building.point.x:.5f}"


def answers_at(*, building: Building, at: datetime) -> tuple[NetworkAnswer, ...]:
    """What each network says of the building at that moment."""
    return coverage_queries.answer_for_point(
        lon=building.point.x, lat=building.point.y, at=at, building_id=building.id
    )


def building_page(*, building_id: int, at: datetime, on_date: date) -> BuildingPage:
    """The building card; raises NotFoundError."""
    building = building_of(building_id=building_id)
    services, count = _services(building_id=building_id, on_date=on_date)
    return BuildingPage(
        building=building,
        label=label_of(building),
        networks=_networks(building=building, at=at, on_date=on_date),
        services=services,
        services_count=count,
        requests=crm_queries.open_requests(building_id=building_id, limit=20),
    )


def _networks(*, building: Building, at: datetime, on_date: date) -> list[NetworkPart]:
    answers = answers_at(building=building, at=at)
    place: dict[str, Any] = {
        "networks": answers,
        "locality_id": building.locality_id,
        "on_date": on_date,
    }
    offers = tariff_queries.offers(**place)
    addons = tariff_queries.addon_offers(**place)
    zones = _zones_over(building_id=building.id, at=at)
    overrides = {
        row.network_type: row
        for row in CoverageOverride.objects.select_related("author").filter(
            building=building, valid__contains=at
        )
    }
    capacities = plant_queries.capacities(
        [
            plant_queries.Place(
                lon=building.point.x,
                lat=building.point.y,
                network_type=answer.network_type,
                building_id=building.id,
                zone_id=answer.zone_id,
            )
            for answer in answers
        ]
    )
    parts = []
    for answer, capacity in zip(answers, capacities, strict=True):
        over = zones.get(answer.network_type, [])
        won = [z for z in over if z.zone_version_id == answer.zone_version_id]
        parts.append(
            NetworkPart(
                answer=answer,
                winner=won[0] if won else None,
                rivals=[z for z in over if z.zone_version_id != answer.zone_version_id],
                offers=[o for o in offers if o.network_type == answer.network_type],
                addons=[o for o in addons if o.network_type == answer.network_type],
                override=overrides.get(answer.network_type),
                ports=capacity,
            )
        )
    return parts


def _zones_over(*, building_id: int, at: datetime) -> dict[str, list[Rival]]:
    rows = (
        BuildingCoverage.objects.filter(building_id=building_id, zone_version__valid__contains=at)
        .exclude(zone_version__status="DRAFT")
        .values_list(
            "zone_version__zone__network_type",
            "zone_version__zone__name",
            "zone_version__status",
            "zone_version__zone__priority",
            "zone_version__area_m2",
            "zone_version_id",
        )
    )
    found: dict[str, list[Rival]] = {}
    for network_type, name, status, priority, area_m2, version_id in rows:
        rival = Rival(name, status, priority, area_m2, version_id)
        found.setdefault(network_type, []).append(rival)
    return found


def _services(*, building_id: int, on_date: date) -> tuple[list[ServiceInBuilding], int]:
    living = Subscription.objects.filter(building_id=building_id, parent__isnull=True).exclude(
        state=Subscription.State.TERMINATED
    )
    shown = list(living.select_related("premise").order_by("premise__unit", "id")[:SERVICES_SHOWN])
    ids = [service.id for service in shown]
    spans = {
        span.subscription_id: span.tariff
        for span in PlanSpan.objects.select_related("tariff").filter(
            subscription_id__in=ids, during__contains=on_date
        )
    }
    holders = crm_queries.customers_of_accounts(account_ids=[s.account_id for s in shown])
    off = off_reasons(subscription_ids=ids, on_date=on_date)
    ports = plant_queries.ports_of_services(subscription_refs=ids)
    rows = []
    for service in shown:
        holder = holders.get(service.account_id)
        rows.append(
            ServiceInBuilding(
                subscription=service,
                tariff=spans.get(service.id),
                customer_id=holder[0] if holder else None,
                customer_name=holder[1] if holder else "",
                off_reason=off.get(service.id, ""),
                port=ports.get(service.id),
            )
        )
    rows.sort(key=lambda row: _unit_order(row.subscription))
    return rows, living.count()


def _unit_order(service: Subscription) -> tuple[int, str]:
    unit = service.premise.unit if service.premise else ""
    digits = "".join(ch for ch in unit if ch.isascii() and ch.isdigit())
    return (int(digits) if digits else 0, unit)


def off_reasons(*, subscription_ids: Sequence[int], on_date: date) -> dict[int, str]:
    """Why services are off: an open block's reason, or PAUSED."""
    rows = Subscription.objects.filter(id__in=subscription_ids)
    paused = rows.filter(pauses__during__contains=on_date).values_list("id", flat=True)
    found = dict.fromkeys(paused, "PAUSED")
    blocked = rows.filter(blocks__reason__isnull=False, blocks__until_at__isnull=True)
    found.update(blocked.order_by("blocks__reason").values_list("id", "blocks__reason"))
    return found


@dataclass(frozen=True, slots=True)
class LadderLine:
    """One candidate rule of a price, in words."""

    step: tariff_queries.LadderStep
    level_text: Any
    place_name: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """Why a tariff costs what it costs at a building."""

    tariff: Tariff
    network_type: str
    resolution: tariff_queries.Resolution
    lines: Sequence[LadderLine]


def ladder(
    *, building_id: int, tariff_id: int, network_type: str, at: datetime, on_date: date
) -> Ladder:
    """All candidate prices with the reason why each won or lost; raises NotFoundError."""
    building = building_of(building_id=building_id)
    tariff = Tariff.objects.filter(id=tariff_id).first()
    if tariff is None:
        raise NotFoundError
    answers = answers_at(building=building, at=at)
    place = tariff_queries.PricePlace(
        network_type=network_type,
        zone_ids_by_network={a.network_type: a.zone_id for a in answers if a.zone_id is not None},
        admin_chain=tuple(coverage_queries.admin_chain(admin_unit_id=building.locality_id)),
    )
    resolution = tariff_queries.resolve_price(tariff_id=tariff_id, place=place, on_date=on_date)
    return Ladder(tariff, network_type, resolution, ladder_lines(resolution.ladder))


def ladder_lines(steps: Sequence[tariff_queries.LadderStep]) -> list[LadderLine]:
    """The steps with the names of their zones and administrative units; two queries."""
    zones = dict(
        Zone.objects.filter(id__in=[s.rule.zone_id for s in steps]).values_list("id", "name")
    )
    units = dict(
        AdminUnit.objects.filter(id__in=[s.rule.admin_unit_id for s in steps]).values_list(
            "id", "name"
        )
    )
    lines = []
    for step in steps:
        rule = step.rule
        name = (
            zones.get(rule.zone_id, "") if rule.zone_id else units.get(rule.admin_unit_id or 0, "")
        )
        lines.append(LadderLine(step, texts.LEVEL_TEXTS.get(rule.level, rule.level), name))
    return lines


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """A zone of the list beside the map."""

    zone: Zone
    status: str
    services_count: int


def zone_lines(*, at: datetime, limit: int = 100) -> list[ZoneLine]:
    """Zones published and in force at that moment, with how many services stand on each."""
    versions = list(
        ZoneVersion.objects.filter(valid__contains=at)
        .exclude(status__in=["DRAFT", "RETIRED"])
        .select_related("zone")
        .defer("geometry")
        .order_by("zone__network_type", "zone__name")[:limit]
    )
    counts = subscription_queries.count_by_zone(
        zone_ids=[version.zone_id for version in versions], on_date=clock.today(at)
    )
    return [
        ZoneLine(version.zone, version.status, counts.get(version.zone_id, 0))
        for version in versions
    ]


def covering_version(*, building_id: int, version_id: int) -> ZoneVersion:
    """A published version that covers (or covered) the building; raises NotFoundError."""
    found = (
        ZoneVersion.objects.filter(id=version_id, buildings__building_id=building_id)
        .exclude(status="DRAFT")
        .select_related("zone")
        .defer("geometry")
        .first()
    )
    if found is None:
        raise NotFoundError
    return found


def map_centre() -> str:
    """Where the map opens: "lat,lon" of the middle of our buildings."""
    middle = Building.objects.filter(retired_at__isnull=True).order_by("id").first()
    if middle is None:
        return ""
    return f"{middle.point.y:.5f},{middle.point.x:.5f}"
