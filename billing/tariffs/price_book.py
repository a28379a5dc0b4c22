"""Many prices at once: rules are read once a tariff, and each place is resolved once."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from billing.tariffs.models import PriceRule, TariffVersion
from billing.tariffs.queries import facts_of
from billing.tariffs.resolution import PricePlace, RuleFacts, climb
from coverage import queries as coverage_queries


@dataclass(frozen=True, slots=True)
class PriceQuestion:
    """A tariff at a place whose winning zone is known."""

    tariff_id: int
    network_type: str
    segment: str
    zone_id: int | None
    locality_id: int


class PriceBook:
    """Prices and terms as they are when the book is opened; for one transaction or one report."""

    def __init__(self) -> None:
        self._rules: dict[int, list[RuleFacts]] = defaultdict(list)
        self._read: set[int] = set()
        self._chains: dict[int, tuple[int, ...]] = {}
        self._versions: dict[int, list[TariffVersion]] = defaultdict(list)
        self._found: dict[tuple[PriceQuestion, date], RuleFacts | None] = {}

    def read(self, tariff_ids: set[int]) -> None:
        """Read the rules and terms of these tariffs, each in one query."""
        missing = tariff_ids - self._read
        if not missing:
            return
        for rule in PriceRule.objects.filter(tariff_id__in=missing):
            self._rules[rule.tariff_id].append(facts_of(rule))
        for version in TariffVersion.objects.filter(
            tariff_id__in=missing, published_at__isnull=False
        ).order_by("applies_from"):
            self._versions[version.tariff_id].append(version)
        self._read |= missing

    def version_id(self, *, tariff_id: int, sold_version_id: int, on_date: date) -> int:
        """The terms by which a service sold on `sold_version_id` is charged on that date."""
        self.read({tariff_id})
        versions = self._versions[tariff_id]
        sold = next((v for v in versions if v.id == sold_version_id), None)
        if sold is None:
            return sold_version_id
        moved = [
            v.id
            for v in versions
            if v.applies_from > sold.applies_from
            and v.applies_existing_from is not None
            and v.applies_existing_from <= on_date
        ]
        return moved[-1] if moved else sold_version_id

    def rule(self, question: PriceQuestion, *, on_date: date) -> RuleFacts | None:
        """The rule that applies there on that date; None: not sold there."""
        key = (question, on_date)
        if key not in self._found:
            self._found[key] = self._resolved(question, on_date)
        return self._found[key]

    def _resolved(self, question: PriceQuestion, on_date: date) -> RuleFacts | None:
        self.read({question.tariff_id})
        locality_id = question.locality_id
        if locality_id not in self._chains:
            chain = coverage_queries.admin_chain(admin_unit_id=locality_id)
            self._chains[locality_id] = tuple(chain)
        zone_id, network_type = question.zone_id, question.network_type
        place = PricePlace(
            network_type=network_type,
            zone_ids_by_network={} if zone_id is None else {network_type: zone_id},
            admin_chain=self._chains[locality_id],
            segment=question.segment,
        )
        winner, _rungs = climb(rules=self._rules[question.tariff_id], place=place, on_date=on_date)
        return winner
