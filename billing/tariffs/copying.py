"""The same prices in other places: rules copied to other zones, localities or segments at once.

What is copied goes into the draft, never straight to the clients: it is tried and published there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from billing.tariffs.constructor import (
    WantedPrice,
    ends_by,
    locked_tariff,
    prepare_prices,
)
from billing.tariffs.models import PriceRule
from billing.tariffs.sanity import BadTermsError
from billing.tariffs.targets import PriceTarget
from coverage.models import Zone
from project.core.actor import Actor

MOST_COPIES = 1_000
RAISE_BOUNDS = (-90, 1_000)


class Fate(StrEnum):
    """What copying a rule to a place would do there."""

    NEW = "NEW"
    REPLACES = "REPLACES"
    SAME = "SAME"
    CONFLICT = "CONFLICT"
    OTHER_NETWORK = "OTHER_NETWORK"


@dataclass(frozen=True, slots=True)
class CopyTo:
    """Where to: zones, administrative units, segments. What is empty stays as in each rule.

    `percent`: by how much dearer (or cheaper) the copies are; the price is rounded to `round_to`
    kopecks, half up. The copies begin on `valid_from` and have no end.
    """

    valid_from: date
    zone_ids: tuple[int, ...] = ()
    admin_unit_ids: tuple[int, ...] = ()
    segments: tuple[str, ...] = ()
    percent: int = 0
    round_to: int = 100


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy as it would be, what it would do, and the rule that it replaces or runs into."""

    source: PriceRule
    target: PriceTarget
    price_kopecks: int
    connection_fee_kopecks: int
    fate: Fate
    other: PriceRule | None

    @property
    def is_made(self) -> bool:
        """Whether it would be prepared."""
        return self.fate in {Fate.NEW, Fate.REPLACES}


def preview(*, tariff_id: int, rule_ids: Iterable[int], to: CopyTo) -> list[Copy]:
    """Every copy and what it would do; raises BadTermsError. Nothing is written."""
    if not RAISE_BOUNDS[0] <= to.percent <= RAISE_BOUNDS[1]:
        raise BadTermsError(_("The change is from −90 % to +1000 %."), field="percent")
    if to.round_to not in {1, 10, 100, 500, 1000}:
        raise BadTermsError(field="round_to")
    sources = list(
        PriceRule.objects.filter(tariff_id=tariff_id, id__in=list(rule_ids)).order_by("id")
    )
    if not sources:
        raise BadTermsError(_("Choose the prices to copy."), field="rules")
    if not (to.zone_ids or to.admin_unit_ids or to.segments):
        raise BadTermsError(_("Choose where to copy the prices."), field="targets")
    wanted = [(rule, place) for rule in sources for place in _places(rule, to)]
    if len(wanted) > MOST_COPIES:
        raise BadTermsError(
            _("That would be more than %(most)d prices at once.") % {"most": MOST_COPIES}
        )
    networks = dict(Zone.objects.filter(id__in=to.zone_ids).values_list("id", "network_type"))
    made: dict[PriceTarget, PriceRule] = {}
    return [_copy(rule, place, to, networks, made) for rule, place in wanted]


def _places(rule: PriceRule, to: CopyTo) -> list[PriceTarget]:
    own = PriceTarget.of_row(rule)
    places: list[tuple[int | None, int | None]] = [(own.zone_id, own.admin_unit_id)]
    if to.zone_ids or to.admin_unit_ids:
        places = [(zone_id, None) for zone_id in to.zone_ids]
        places += [(None, unit_id) for unit_id in to.admin_unit_ids]
    return [
        PriceTarget(
            level="ZONE" if zone_id else "LOCALITY" if unit_id else "DEFAULT",
            zone_id=zone_id,
            admin_unit_id=unit_id,
            network_type=own.network_type,
            segment=segment,
        )
        for zone_id, unit_id in places
        for segment in (to.segments or (own.segment,))
    ]


def _copy(
    rule: PriceRule,
    target: PriceTarget,
    to: CopyTo,
    networks: dict[int, str],
    made: dict[PriceTarget, PriceRule],
) -> Copy:
    price = rounded(
        kopecks=rule.price_kopecks * (100 + to.percent), parts=100, round_to=to.round_to
    )
    fate, other = _fate(rule, target, to, price, networks)
    if fate in {Fate.NEW, Fate.REPLACES} and target in made:
        fate, other = Fate.CONFLICT, made[target]
    if fate in {Fate.NEW, Fate.REPLACES}:
        made[target] = rule
    return Copy(rule, target, price, rule.connection_fee_kopecks, fate, other)


def _fate(
    rule: PriceRule, target: PriceTarget, to: CopyTo, price: int, networks: dict[int, str]
) -> tuple[Fate, PriceRule | None]:
    if target.zone_id and rule.network_type not in {"", networks.get(target.zone_id)}:
        return Fate.OTHER_NETWORK, None
    older = ends_by(tariff_id=rule.tariff_id, target=target, valid_from=to.valid_from)
    in_the_way = (
        PriceRule.objects.filter(
            tariff_id=rule.tariff_id,
            valid__overlap=DateRange(to.valid_from, None),
            **target.columns(),
        )
        .exclude(id=older.id if older else 0)
        .order_by("valid")
        .first()
    )
    if in_the_way is not None:
        return Fate.CONFLICT, in_the_way
    if older is None:
        return Fate.NEW, None
    is_same = (older.price_kopecks, older.connection_fee_kopecks) == (
        price, rule.connection_fee_kopecks,
    )  # fmt: skip
    return (Fate.SAME if is_same else Fate.REPLACES), older


def rounded(*, kopecks: int, parts: int, round_to: int) -> int:
    """`kopecks / parts` to the nearest `round_to`, half up; never less than one step."""
    step = parts * round_to
    return max((kopecks + step // 2) // step, 1) * round_to


@transaction.atomic
def copy(
    *, at: datetime, actor: Actor, tariff_id: int, rule_ids: Sequence[int], to: CopyTo
) -> list[int]:
    """Prepare the copies that can be made; those that run into another rule are left out.

    Ids of the prepared prices. Raises BadTermsError.
    """
    locked_tariff(tariff_id=tariff_id)
    made = [
        WantedPrice(
            target=PriceTarget.of(
                zone_id=one.target.zone_id,
                admin_unit_id=one.target.admin_unit_id,
                network_type=one.target.network_type,
                segment=one.target.segment,
            ),
            price_kopecks=one.price_kopecks,
            connection_fee_kopecks=one.connection_fee_kopecks,
            valid_from=to.valid_from,
        )
        for one in preview(tariff_id=tariff_id, rule_ids=rule_ids, to=to)
        if one.is_made
    ]
    return prepare_prices(at=at, actor=actor, tariff_id=tariff_id, prices=made)
