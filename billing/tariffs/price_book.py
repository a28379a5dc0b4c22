"""Many prices at once: rules are read once a tariff, and each place is resolved once."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from billing.tariffs.models import PriceRule
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
    """Price rules as they are when the book is opened; for one transaction or one report."""

    def __init__(self) -> None:
        self._rules: dict[int, list[RuleFacts]] = defaultdict(list)
        self._read: set[int] = set()
        self._chains: dict[int, tuple[int, ...]] = {}
        self._found: dict[tuple[PriceQuestion, date], RuleFacts | None] = {}

    def read(self, tariff_ids: set[int]) -> None:
        """Read the rules of these tariffs in one query."""
        missing = tariff_ids - self._read
        for rule in PriceRule.objects.filter(tariff_id__in=missing) if missing else ():
            self._rules[rule.tariff_id].append(facts_of(rule))
        self._read |= missing

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
