"""Makers of internet services, BRASes and pools for tests of provisioning."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from billing.ledger.operations import open_account
from billing.models import Block, Pause, PlanSpan, PriceRule, Subscription, Tariff, TariffVersion
from coverage.models import AdminUnit, Building, Zone, ZoneVersion
from network import guest_rules, operations, provisioning
from network.addressing import editing
from network.models import AccessCredential, IpPool, Nas
from project.core.actor import SYSTEM
from project.core.clock import today

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MBIT = 1_000_000
_number = count(1)


def locality(*, parent: AdminUnit | None = None) -> AdminUnit:
    """A place for buildings and pools."""
    number = next(_number)
    return AdminUnit.objects.create(
        category=AdminUnit.Category.CITY,
        name="Харків",
        search_key="харків",
        parent=parent,
        path=f"{parent.path if parent else '/'}n{number}/",
        depth=parent.depth + 1 if parent else 0,
    )


def building(*, place: AdminUnit | None = None) -> Building:
    """A house without an address."""
    return Building.objects.create(
        locality=place or locality(),
        point=Point(36.23, 49.99, srid=4326),
        location_source=Building.LocationSource.OSM,
    )


def zone() -> Zone:
    """A zone on the map, which is enough to tie a pool to and to sell in."""
    number = next(_number)
    made = Zone.objects.create(
        code=f"net-{number}", name=f"Зона {number}", network_type="FTTB", created_at=AT
    )
    ZoneVersion.objects.create(
        zone=made,
        geometry=MultiPolygon(Polygon.from_bbox((36.2, 49.9, 36.3, 50.0)), srid=4326),
        status="IN_SERVICE",
        valid=(AT - timedelta(days=300), None),
        revision=1,
        area_m2=1.0,
    )
    return made


def tariff(
    *,
    down_bit_s: int | None = 300 * MBIT,
    up_bit_s: int | None = 100 * MBIT,
    service_type: str = "INTERNET",
) -> TariffVersion:
    """A tariff with one published version."""
    number = next(_number)
    return TariffVersion.objects.create(
        tariff=Tariff.objects.create(
            code=f"net-{number}", service_type=service_type, name_uk="Дім", name_en="Home"
        ),
        version=1,
        applies_from=date(2026, 1, 1),
        charge_type="DAILY",
        speed_down_bit_s=down_bit_s,
        speed_up_bit_s=up_bit_s,
        revenue_account_code="revenue",
        published_at=AT - timedelta(days=300),
    )


def plan(
    subscription: Subscription,
    *,
    terms: TariffVersion,
    since: date | None = None,
    of_zone: Zone | None = None,
) -> None:
    """Put the service on a tariff from a date on; the plan before ends there."""
    start = since or date(2026, 1, 1)
    for span in PlanSpan.objects.filter(subscription=subscription, during__endswith=None):
        PlanSpan.objects.filter(id=span.id).update(during=(span.during.lower, start))
    rule, _created = PriceRule.objects.get_or_create(
        tariff=terms.tariff,
        level="DEFAULT",
        defaults={"price_kopecks": 30_000, "valid": (date(2026, 1, 1), None), "created_at": AT},
    )
    PlanSpan.objects.create(
        subscription=subscription,
        tariff=terms.tariff,
        during=(start, None),
        sold_version=terms,
        sold_rule=rule,
        sold_zone_version=of_zone.versions.get() if of_zone else None,
        sold_price_kopecks=30_000,
        created_at=AT,
    )


def service(
    *,
    terms: TariffVersion | None = None,
    house: Building | None = None,
    of_zone: Zone | None = None,
    state: str = "ACTIVE",
    at: datetime = AT,
    refresh: bool = True,
) -> Subscription:
    """A sold service; with `refresh` provisioned as after billing's hook."""
    number = next(_number)
    account_id = open_account(at=at, code=f"N{number:06d}", kind="SUBSCRIBER", holder_name="Тест")
    subscription = Subscription.objects.create(
        account_id=account_id,
        state=state,
        building=house or building(),
        network_type="FTTB",
        created_at=at,
        activated_date=None if state == "DRAFT" else today(at),
        terminated_date=today(at) if state == "TERMINATED" else None,
    )
    plan(subscription, terms=terms or tariff(), of_zone=of_zone)
    if refresh:
        provisioning.refresh_decisions(subscription_ids=[subscription.id], at=at)
    return subscription


def block(subscription: Subscription, *, reason: str = "DEBT", at: datetime = AT) -> Block:
    """Block the service as billing does, and tell provisioning."""
    made = Block.objects.create(subscription=subscription, reason=reason, from_at=at)
    provisioning.refresh_decisions(subscription_ids=[subscription.id], at=at)
    return made


def unblock(made: Block, *, at: datetime = AT) -> None:
    """End a block, and tell provisioning."""
    Block.objects.filter(id=made.id).update(until_at=at)
    provisioning.refresh_decisions(subscription_ids=[made.subscription_id], at=at)


def pause(subscription: Subscription, *, since: date, until: date) -> Pause:
    """A pause; provisioning is not told."""
    return Pause.objects.create(subscription=subscription, during=(since, until), created_at=AT)


def pool(
    *,
    first: str = "10.77.0.2",
    last: str = "10.77.0.254",
    of_zone: Zone | None = None,
    place: AdminUnit | None = None,
    mode: str = "PERMANENT",
    quarantine_s: int = 0,
    links: str = "",
) -> IpPool:
    """A pool of addresses with one rule; `links`: of the /64 prefixes in that network."""
    made = editing.make_pool(
        wish=editing.PoolWish(
            name=f"pool-{next(_number)}",
            range_text=links or f"{first}-{last}",
            kind="IPV6_PREFIX" if links else "IPV4",
            unit_bits=64 if links else None,
            quarantine_s=quarantine_s,
        ),
        at=AT,
        actor=SYSTEM,
    )
    editing.add_rule(
        wish=editing.RuleWish(
            pool_id=made.id,
            mode=mode,
            zone_id=of_zone.id if of_zone else None,
            admin_unit_id=place.id if place else None,
        ),
        at=AT,
        actor=SYSTEM,
    )
    return made


def nas(
    *,
    address: str = "127.0.0.1",
    vendor: str = "mikrotik",
    secret: str = "bras-secret",
    coa_port: int = 3799,
) -> Nas:
    """A registered BRAS."""
    return operations.save_nas(
        name=f"bras-{next(_number)}",
        address=address,
        vendor=vendor,
        secret=secret,
        coa_port=coa_port,
        at=AT,
        actor=SYSTEM,
    )


def guest_rule(*reasons: str, **more: Any) -> int:
    """A guest rule for these reasons; gives its id."""
    values = {"speed_down_bit_s": MBIT, "speed_up_bit_s": MBIT, **more}
    wanted = guest_rules.Wanted(name=f"guests-{next(_number)}", reasons=reasons, **values)
    return guest_rules.save(rule_id=None, wanted=wanted, at=AT, actor=SYSTEM)


def login_of(subscription: Subscription) -> str:
    """The login that provisioning gave."""
    return AccessCredential.objects.get(subscription=subscription).login
