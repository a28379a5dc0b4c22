"""The demonstration: a provider in Kharkiv-Saltivka that has been at work for six weeks.

Everything is made by the operations that people and machines use, with the dates passed in: zones
are published, customers connected and charged day by day, payments taken, requests filed. Seeded,
so that two machines show the same; run again, it adds nothing.
"""

import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from billing.charging import operations as charging
from billing.ledger import operations as ledger
from billing.payments import operations as payments
from billing.tariffs import demo as demo_tariffs
from billing.tariffs import queries as tariffs
from coverage import operations as coverage
from coverage.answers import Answer
from coverage.importers import demo as demo_places
from coverage.models import AdminUnit, Building, Zone
from crm import operations as crm
from crm.models import Customer
from network import demo as demo_network
from network.accounting import SessionFacts
from network.models import RadiusDecision
from network.sessions import ingest
from project import demo_demand, demo_payments, demo_plant
from project.core.actor import SYSTEM, Actor, ActorKind
from project.core.clock import KYIV
from project.core.models import RoleAssignment, User
from project.core.roles import Permission, Role

DAYS = 42
CUSTOMERS = 36
SEED = 20261123

STAFF = [
    ("planner", "Ірина", "Левченко", Role.PLANNER),
    ("operator", "Олена", "Ткач", Role.OPERATOR),
    ("cashier", "Марія", "Гнатюк", Role.CASHIER),
    ("accountant", "Світлана", "Дорош", Role.ACCOUNTANT),
    ("engineer", "Андрій", "Рудь", Role.NETWORK_ENGINEER),
    ("admin", "Тарас", "Великий", Role.ADMINISTRATOR),
]
FIRST_NAMES = ["Оксана", "Юрій", "Наталія", "Богдан", "Ганна", "Степан", "Лариса", "Мирон"]
FAMILY_NAMES = [
    "Коваленко", "Бондар", "Шевчук", "Кравець", "Олійник", "Поліщук", "Мельник", "Гончар",
    "Савчук", "Руденко", "Литвин", "Мороз",
]  # fmt: skip
REQUESTS = [
    ("Бучми 30Г/1", "Вікторія Паламар", "095 310 11 22"),
    ("вул. Наталії Ужвій, 90", "Сергій Близнюк", "067 410 33 44"),
    ("Колосистий провулок 5", "Анна Дячук", "050 220 55 66"),
    ("Дружби Народів 238", "Роман Вдовиченко", "093 120 77 88"),
]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Home:
    """A flat that gets a customer: the building, the flat, the network it is served by."""

    building_id: int
    unit: str
    network_type: str


def load(*, at: datetime, fixtures: Path, password: str, site: str, say: Say) -> bool:
    """Make the demonstration as of `at`; False if it was there already. Takes under a minute.

    `site`: where its payment systems are played.
    """
    if Customer.objects.exists():
        return False
    say("places and buildings")
    demo_places.load_demo(fixtures_dir=fixtures / "geo", at=at)
    say("staff")
    staff = {
        username: make_staff(username, first, last, role, password=password)
        for username, first, last, role in STAFF
    }
    first_day = at.astimezone(KYIV).date() - timedelta(days=DAYS)
    ledger.ensure_partitions(from_date=first_day, until_date=first_day + timedelta(days=400))
    say("zones, tariffs, access server")
    opened_at = _moment(first_day, 8)
    zones = publish_zones(
        at=opened_at, author=staff["planner"], file=fixtures / "demo/zones.geojson"
    )
    kharkiv = AdminUnit.objects.get(name="Харків", category=AdminUnit.Category.CITY)
    demo_tariffs.load(at=opened_at, zones=zones, admin_units={"kharkiv": kharkiv.id})
    demo_network.load(at=opened_at, zones=Zone.objects.order_by("id"), admin_units=[kharkiv])
    demo_network.wall(at=opened_at)
    demo_payments.open_accounts(at=opened_at, site=site)
    story = Story(at=at, first_day=first_day, staff=staff, say=say)
    demo_plant.load(
        actor=actor_for(staff["engineer"]),
        at=opened_at,
        homes=[(home.building_id, home.network_type) for home in reversed(story.homes)],
    )
    story.tell()
    say("half a year of demand")
    demo_demand.tell(at=at)
    return True


def make_staff(username: str, first: str, last: str, role: Role, *, password: str) -> User:
    """One member of staff with one role everywhere."""
    user, _created = User.objects.get_or_create(
        username=username, defaults={"first_name": first, "last_name": last}
    )
    user.set_password(password)
    user.save()
    RoleAssignment.objects.get_or_create(user=user, role=role.value, locality_code="")
    return user


def actor_for(user: User) -> Actor:
    """The actor that a member of staff is."""
    return Actor(kind=ActorKind.STAFF, label=user.get_full_name(), user_id=user.id)


def publish_zones(*, at: datetime, author: User, file: Path) -> dict[str, int]:
    """Draw and publish the zones of a GeoJSON file in one change set; code → id."""
    actor = actor_for(author)
    changeset_id: int | None = None
    for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
        values = feature["properties"]
        planned = values.get("planned_for_date")
        draft = coverage.create_zone(
            actor=actor,
            at=at,
            code=values["code"],
            name=values["name"],
            network_type=values["network_type"],
            priority=values["priority"],
            geometry=feature["geometry"],
            status=values["status"],
            planned_for_date=date.fromisoformat(planned) if planned else None,
            comment="Початкове покриття",
        )
        changeset_id = draft.changeset_id
    assert changeset_id is not None
    coverage.publish(changeset_id=changeset_id, actor=actor, at=at)
    return dict(Zone.objects.values_list("code", "id"))


def _moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=KYIV)


class Story:
    """Six weeks of a provider, day by day."""

    def __init__(self, *, at: datetime, first_day: date, staff: dict[str, User], say: Say) -> None:
        self.at = at
        self.first_day = first_day
        self.staff = staff
        self.say = say
        self.chance = random.Random(SEED)  # noqa: S311  (a story, not a secret)
        self.homes = self._homes()
        self.accounts: list[tuple[int, int]] = []  # account id, kopecks a month
        self.terminals = demo_payments.Terminals()

    def tell(self) -> None:
        """Live through all days up to `at`."""
        for number in range(DAYS + 1):
            day = self.first_day + timedelta(days=number)
            self._morning(day)
            if number % 7 == 0:
                self.say(f"day {number} of {DAYS}")
        self._requests()
        self._sessions()

    def _morning(self, day: date) -> None:
        at = min(_moment(day, 0, 5), self.at)
        charging.run(on_date=day, at=at, actor=SYSTEM)
        at = min(_moment(day, 11), self.at)
        arrivals = CUSTOMERS * (day - self.first_day).days // (DAYS - 2)
        while len(self.accounts) < min(arrivals, CUSTOMERS):
            self._arrival(at, day)
        for account_id, monthly in self.accounts:
            if self.chance.random() < 0.03:
                self._pay(at, day, account_id, monthly)

    def _homes(self) -> list[Home]:
        found = []
        rows = Building.objects.filter(
            number__isnull=False,
            street__isnull=False,
            coverage__zone_version__zone__code__in=["saltivka-fttb", "saltivka-gpon"],
        ).values_list("id", "levels", "coverage__zone_version__zone__network_type")
        for building_id, levels, network_type in rows.order_by("id"):
            flats = 1 if (levels or 1) < 3 else 4
            for _n in range(flats):
                unit = "" if flats == 1 else str(self.chance.randrange(1, 4 * (levels or 1)))
                found.append(Home(building_id, unit, network_type))
        self.chance.shuffle(found)
        return found

    def _arrival(self, at: datetime, day: date) -> None:
        offers: list[Any] = []
        while not offers:  # where the last port is taken, nothing is sold
            home = self.homes.pop()
            check = coverage.check_availability(
                at=at, channel="OPERATOR", actor=actor_for(self.staff["operator"]),
                building_id=home.building_id,
            )  # fmt: skip
            offers = [
                o
                for o in tariffs.offers_for_check(check=check, on_date=day)
                if o.network_type == home.network_type and not o.is_planned
            ]
        offer = self.chance.choice(offers)
        number = len(self.accounts)
        name = f"{FAMILY_NAMES[number % 12]} {FIRST_NAMES[number % 8]}"
        with transaction.atomic():
            made = crm.connect(
                at=at,
                on_date=day,
                actor=actor_for(self.staff["operator"]),
                permissions={Permission.SERVICES_CREATE},
                building_id=home.building_id,
                unit=home.unit,
                tariff_id=offer.tariff_id,
                network_type=home.network_type,
                check_id=check.check_id,
                new_customer=crm.NewCustomer(full_name=name, phone=f"067{1000000 + number * 137}"),
            )
        self.accounts.append((made.account_id, offer.price_kopecks))
        self._pay(at, day, made.account_id, offer.price_kopecks + offer.connection_fee_kopecks)

    def _pay(self, at: datetime, day: date, account_id: int, amount_kopecks: int) -> None:
        whole = -(-amount_kopecks // 1000) * 1000
        key = str(uuid.UUID(int=self.chance.getrandbits(128)))
        if account_id % 3 == 0:  # a third of the clients goes to the terminal in the shop
            return self.terminals.pay(at=at, account_id=account_id, amount_kopecks=whole)
        payments.accept_cash(
            at=at,
            on_date=day,
            actor=actor_for(self.staff["cashier"]),
            account_id=account_id,
            amount_kopecks=whole,
            comment="",
            idempotency_key=key,
        )
        return None

    def _sessions(self) -> None:
        """Yesterday's and last night's sessions of everybody who is on: ended, with traffic."""
        facts = []
        for row in RadiusDecision.objects.filter(state="FULL").order_by("subscription_id"):
            for evening in (2, 1):
                began = self.at - timedelta(days=evening, minutes=self.chance.randrange(600))
                seconds = self.chance.randrange(1_800, 36_000)
                ended = began + timedelta(seconds=seconds)
                down = self.chance.randrange(2, 90) * 10**8
                facts.append(
                    SessionFacts(
                        unique_id=f"demo-{row.subscription_id}-{evening}",
                        acct_session_id=f"8{row.subscription_id:05d}{evening}",
                        nas_address="127.0.0.1",
                        login=row.login,
                        mac=f"a4cf12{row.subscription_id:06x}",
                        circuit_hex="",
                        framed_ip=str(row.framed_ip) if row.framed_ip else None,
                        subscription_id=row.subscription_id,
                        is_guest=False,
                        started_at=began,
                        last_seen_at=ended,
                        in_octets=down // self.chance.randrange(6, 14),
                        out_octets=down,
                        session_time_s=seconds,
                        is_stopped=True,
                        stopped_at=ended,
                        terminate_cause=self.chance.choice(["User-Request", "Lost-Carrier"]),
                    )
                )
        ingest(facts)

    def _requests(self) -> None:
        day = self.at.astimezone(KYIV).date()
        client = Actor(kind=ActorKind.CLIENT, label="client")
        for address, name, phone in REQUESTS:
            check = coverage.check_availability(
                at=self.at, channel="PUBLIC", actor=client, text=address
            )
            chosen: dict[str, Any] = {}
            if check.answer is Answer.AVAILABLE:
                offer = tariffs.offers_for_check(check=check, on_date=day)[0]
                chosen = {"tariff_code": offer.tariff_code, "network_type": offer.network_type}
            crm.file_request(
                at=self.at,
                on_date=day,
                actor=client,
                check_public_id=check.public_id,
                contact_name=name,
                contact_phone=phone,
                **chosen,
            )
