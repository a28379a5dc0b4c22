"""The demonstration's demand: half a year of people who asked in vain, so that there is a map.

Six neighbourhoods outside of what is served; in some of them more people ask every month, in some
fewer. Seeded, and made by the operations that people use: two machines show the same.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from coverage import operations as coverage
from coverage.answers import Answer
from coverage.models import Building
from crm import operations as crm
from project.core.actor import Actor, ActorKind
from project.core.clock import KYIV

WEEKS = 26
SEED = 20260525
NEIGHBOURS = 22  # buildings of a neighbourhood
REQUEST_WEEKS = 9  # who asked longer ago has been called back since
# Households a week at the beginning and at the end of the half year.
NEIGHBOURHOODS = ((0.6, 3.2), (1.2, 1.4), (1.8, 0.4), (0.3, 1.6), (0.5, 0.6), (0.9, 0.2))
NAMES = ("Олег Дорошенко", "Тетяна Сич", "Павло Яременко", "Ніна Кучер", "Ігор Стельмах",
         "Зоя Литвиненко", "Артем Гайовий", "Раїса Пономаренко")  # fmt: skip


@dataclass(frozen=True, slots=True)
class House:
    """A building nobody of ours serves: where it stands, in degrees."""

    building_id: int
    lon: float
    lat: float

    def away(self, other: "House") -> float:
        """How far another one is: good for comparing near one town, not a measure."""
        return (self.lon - other.lon) ** 2 * 0.413 + (self.lat - other.lat) ** 2


def tell(*, at: datetime) -> int:
    """Half a year of questions and some requests up to `at`; how many questions were asked."""
    chance = random.Random(SEED)  # noqa: S311  (a story, not a secret)
    houses = unserved_houses()
    asked = 0
    for place, centre in enumerate(centres(houses, len(NEIGHBOURHOODS))):
        near = sorted(houses, key=lambda house: (house.away(centre), house.building_id))
        first, last = NEIGHBOURHOODS[place]
        for week in range(WEEKS):
            expected = first + (last - first) * week / (WEEKS - 1)
            count = int(expected) + (chance.random() < expected % 1)
            for _n in range(count):
                house = near[min(int(chance.expovariate(0.16)), NEIGHBOURS - 1)]
                moment = at - timedelta(
                    days=7 * (WEEKS - 1 - week) + chance.random() * 6, hours=chance.random() * 12
                )
                asked += _household(chance, house, moment, is_late=week >= WEEKS - REQUEST_WEEKS)
    return asked


def unserved_houses() -> list[House]:
    """Buildings that no zone in service covers."""
    rows = Building.objects.filter(retired_at__isnull=True).exclude(
        coverage__zone_version__status="IN_SERVICE"
    )
    return [
        House(row.id, row.point.x, row.point.y) for row in rows.only("id", "point").order_by("id")
    ]


def centres(houses: list[House], count: int) -> list[House]:
    """So many houses, each as far from the others as can be."""
    found = houses[:1]
    while houses and len(found) < count:
        found.append(max(houses, key=lambda house: min(house.away(each) for each in found)))
    return found


def _household(chance: random.Random, house: House, moment: datetime, *, is_late: bool) -> int:
    """One household asks, perhaps again some days later; some leave a telephone number."""
    number = chance.getrandbits(24)
    address = f"100.{64 + (number >> 18)}.{number >> 10 & 255}.{number >> 2 & 255}"
    client = Actor(kind=ActorKind.CLIENT, label="client", ip=address)
    by_phone = chance.random() < 0.15
    questions = 1 + (chance.random() < 0.35) + (chance.random() < 0.1)
    for _again in range(questions):
        check = coverage.check_availability(
            at=moment,
            channel="OPERATOR" if by_phone else "PUBLIC",
            actor=client,
            building_id=house.building_id,
        )
        moment += timedelta(minutes=chance.randrange(3, 4000))
    if is_late and check.answer is not Answer.AVAILABLE and chance.random() < 0.3:
        filed_at = moment - timedelta(minutes=1)
        crm.file_request(
            at=filed_at,
            on_date=filed_at.astimezone(KYIV).date(),
            actor=client,
            check_public_id=check.public_id,
            contact_name=NAMES[number % len(NAMES)],
            contact_phone=f"050{number % 10_000_000:07d}",
        )
    return questions
