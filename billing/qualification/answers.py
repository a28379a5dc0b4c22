"""The answer for each of many typed addresses: match, availability, offers. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from billing.tariffs.queries import Offer, offers
from coverage.answers import AddressMatch, Answer, MatchKind, NetworkAnswer, Reason
from coverage.availability import answers_for_places, best_of, place_of_building
from coverage.checks import reason_without_building
from coverage.labels import address_labels
from coverage.lookup import match_addresses
from coverage.models import Building
from coverage.places import BadTextError, checked_text

MATCHED = frozenset({MatchKind.EXACT, MatchKind.ALIAS})


@dataclass(frozen=True, slots=True)
class Qualified:
    """What is known about one address; `networks` best first, `offers` cheapest first of each."""

    match: AddressMatch
    answer: Answer
    reason: Reason
    address: str = ""
    networks: tuple[NetworkAnswer, ...] = ()
    offers: tuple[Offer, ...] = ()

    @property
    def is_matched(self) -> bool:
        """Whether the address was tied to one building."""
        return self.match.kind in MATCHED

    @property
    def best_network(self) -> NetworkAnswer | None:
        """The network that decided the answer."""
        return self.networks[0] if self.networks else None

    @property
    def best_offer(self) -> Offer | None:
        """The cheapest tariff that can be had now, else the cheapest of what is planned."""
        return min(self.offers, key=lambda o: (o.is_planned, o.price_kopecks), default=None)


class Qualifier:
    """Answers chunks of addresses as of one moment, by the same code as a check of one address."""

    def __init__(self, *, at: datetime, on_date: date, segment: str = "") -> None:
        self.at, self.on_date, self.segment = at, on_date, segment
        self._offers: dict[Any, tuple[Offer, ...]] = {}

    def qualify(self, texts: Sequence[str]) -> list[Qualified]:
        """One answer for each text, in their order; some thousands at a time.

        A text that is no line of text (too long, unprintable) is an address that is not known.
        """
        readable = [text if _is_readable(text) else "" for text in texts]
        matches = match_addresses(texts=readable)
        buildings = self._buildings({m.building_id for m in matches if m.building_id is not None})
        return [self._qualified(match, buildings) for match in matches]

    def _buildings(
        self, ids: set[int]
    ) -> dict[int, tuple[Building, tuple[NetworkAnswer, ...], str]]:
        standing = [
            building
            for building in Building.objects.filter(id__in=ids).defer("footprint").order_by("id")
            if building.retired_at is None or building.retired_at > self.at
        ]
        places = [place_of_building(building) for building in standing]
        networks = answers_for_places(places=places, at=self.at)
        labels = address_labels(building_ids=ids, with_locality=True)
        return {
            building.id: (building, answers, labels[building.id])
            for building, answers in zip(standing, networks, strict=True)
        }

    def _qualified(
        self,
        match: AddressMatch,
        buildings: dict[int, tuple[Building, tuple[NetworkAnswer, ...], str]],
    ) -> Qualified:
        found = buildings.get(match.building_id or 0)
        if found is None:
            kind = match.kind if match.kind not in MATCHED else MatchKind.NONE
            match = replace(match, kind=kind, building_id=None)
            reason = reason_without_building(kind)
            return Qualified(match, Answer.NEEDS_SURVEY, reason, address=match.label)
        building, networks, label = found
        answer, reason = best_of(networks)
        sold = self._offers_at(building.locality_id, networks)
        return Qualified(match, answer, reason, label, networks, sold)

    def _offers_at(
        self, locality_id: int, networks: tuple[NetworkAnswer, ...]
    ) -> tuple[Offer, ...]:
        """Offers depend on the zones and the settlement, so there are few different shelves."""
        shelf = tuple(replace(network, distance_m=None) for network in networks)
        key = (locality_id, shelf)
        if key not in self._offers:
            self._offers[key] = tuple(
                offers(
                    networks=shelf,
                    locality_id=locality_id,
                    on_date=self.on_date,
                    segment=self.segment,
                )
            )
        return self._offers[key]


def _is_readable(text: str) -> bool:
    try:
        checked_text(text)
    except BadTextError:
        return False
    return True
