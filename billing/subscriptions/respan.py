"""Plan spans on the terms of another map, from a day on (rule R5).

The tariff stays, and the version of its terms that the service is charged by; zone and price are
resolved anew. Spans that wait (another tariff from a later day) are moved as well, each by the
price of its own first day. Where a tariff is not sold any more its span stays as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange

from billing.calendar import ONE_DAY
from billing.subscriptions.models import PlanSpan
from billing.tariffs.price_book import PriceBook, PriceQuestion
from billing.tariffs.resolution import RuleFacts
from coverage.queries import Winner

# By which rule each span was charged last: terms that moved on may have brought another price.
_CHARGED_RULES = """
    SELECT DISTINCT ON (b.plan_span_id) b.plan_span_id, b.price_rule_id
    FROM billing_charge_basis AS b
    JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
    WHERE b.plan_span_id = ANY(%s)
    ORDER BY b.plan_span_id, v.applies_from DESC
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A service and what wins its place; the new terms hold in [from_date, until_date)."""

    subscription_id: int
    network_type: str
    segment: str
    locality_id: int
    winner: Winner
    from_date: date
    until_date: date | None = None


@dataclass
class Changes:
    """Spans to close, drop and make, written together at the end."""

    closed: list[tuple[int, date]] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    made: list[PlanSpan] = field(default_factory=list)

    def write(self) -> None:
        """Write all; the caller holds the locks of the subscriptions."""
        PlanSpan.objects.filter(id__in=self.dropped).delete()
        if self.closed:
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE billing_plan_span AS s"
                    " SET during = daterange(lower(s.during), n.until_date)"
                    " FROM unnest(%s::bigint[], %s::date[]) AS n(id, until_date)"
                    " WHERE s.id = n.id",
                    [[one[0] for one in self.closed], [one[1] for one in self.closed]],
                )
        PlanSpan.objects.bulk_create(self.made, batch_size=1_000)


@dataclass(frozen=True, slots=True)
class Respanned:
    """What was done for a service: the first span that got new terms, and its old one.

    Both None: nothing changes. `is_unsold`: at least one span stays because nothing is sold.
    """

    old: PlanSpan | None
    new: PlanSpan | None
    is_unsold: bool


class Respanner:
    """Moves the spans of many services; queries do not grow with their number."""

    def __init__(
        self, *, subscription_ids: Iterable[int], book: PriceBook, at: datetime, label: str
    ) -> None:
        self.changes = Changes()
        self._book, self._at, self._label = book, at, label[:150]
        self._spans: dict[int, list[PlanSpan]] = {id_: [] for id_ in subscription_ids}
        rows = PlanSpan.objects.filter(subscription_id__in=self._spans)
        rows = rows.select_related("sold_zone_version").defer("sold_zone_version__geometry")
        for span in rows.order_by("during"):
            self._spans[span.subscription_id].append(span)
        self._charged = self._charged_rules()
        book.read({span.tariff_id for spans in self._spans.values() for span in spans})

    def spans(self, subscription_id: int) -> Sequence[PlanSpan]:
        """The spans of a service as they were, oldest first."""
        return self._spans[subscription_id]

    def move(self, target: Target) -> Respanned:
        """Put the spans of one service inside the target's days on its terms."""
        old = new = None
        is_unsold = False
        for span in self._spans[target.subscription_id]:
            first = max(span.during.lower, target.from_date)
            if first == span.during.lower and span.id in self._charged:
                first += ONE_DAY  # its first day is charged already
            until = _earlier(span.during.upper, target.until_date)
            if until is not None and first >= until:
                continue
            rule = self._rule(span, target, on_date=first)
            if rule is None:
                is_unsold = True
            elif not self._is_same(span, rule, target):
                made = self._split(span, rule, target, first=first, until=until)
                old, new = old or span, new or made
        return Respanned(old=old, new=new, is_unsold=is_unsold)

    def _rule(self, span: PlanSpan, target: Target, *, on_date: date) -> RuleFacts | None:
        if not target.winner.is_served:
            return None
        question = PriceQuestion(
            tariff_id=span.tariff_id,
            network_type=target.network_type,
            segment=target.segment,
            zone_id=target.winner.zone_id,
            locality_id=target.locality_id,
        )
        return self._book.rule(question, on_date=on_date)

    def _is_same(self, span: PlanSpan, rule: RuleFacts, target: Target) -> bool:
        zone_id = span.sold_zone_version.zone_id if span.sold_zone_version else None
        rule_id = self._charged.get(span.id, span.sold_rule_id)
        return zone_id == target.winner.zone_id and rule_id == rule.id

    def _split(
        self,
        span: PlanSpan,
        rule: RuleFacts,
        target: Target,
        *,
        first: date,
        until: date | None,
    ) -> PlanSpan:
        if span.during.lower < first:
            self.changes.closed.append((span.id, first))
        else:
            self.changes.dropped.append(span.id)
        made = self._span_like(span, during=DateRange(first, until))
        made.sold_version_id = self._book.version_id(
            tariff_id=span.tariff_id, sold_version_id=span.sold_version_id, on_date=first
        )
        made.sold_rule_id = rule.id
        made.sold_zone_version_id = target.winner.zone_version_id
        made.sold_price_kopecks = rule.price_kopecks
        self.changes.made.append(made)
        if until is not None and (span.during.upper is None or until < span.during.upper):
            rest = self._span_like(span, during=DateRange(until, span.during.upper))
            self.changes.made.append(rest)
        return made

    def _span_like(self, span: PlanSpan, *, during: DateRange) -> PlanSpan:
        return PlanSpan(
            subscription_id=span.subscription_id,
            tariff_id=span.tariff_id,
            during=during,
            sold_version_id=span.sold_version_id,
            sold_rule_id=span.sold_rule_id,
            sold_zone_version_id=span.sold_zone_version_id,
            sold_price_kopecks=span.sold_price_kopecks,
            created_at=self._at,
            created_by=self._label,
        )

    def _charged_rules(self) -> Mapping[int, int]:
        ids = [span.id for spans in self._spans.values() for span in spans]
        with connection.cursor() as cursor:
            cursor.execute(_CHARGED_RULES, [ids])
            return dict(cursor.fetchall())


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)
