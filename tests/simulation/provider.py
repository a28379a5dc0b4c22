"""A provider whose clients live their lives by a seed: the days, and what may happen on one."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from billing.charging import operations as charging
from billing.charging import promises
from billing.ledger import operations as ledger
from billing.ledger import seals, verification
from billing.payments import operations as payments
from billing.payments.models import Payment
from billing.subscriptions import operations as subscriptions
from billing.subscriptions.models import Subscription
from billing.tariffs import discounts
from billing.tariffs import operations as tariffs
from project.core.actor import Actor
from project.core.errors import DomainError
from project.core.roles import Role
from tests.simulation import looks
from tests.simulation.faults import InjectedError, fault_after
from tests.support import zones
from tests.support.billing import CASHIER, World, moment, small_world

# Eighteen months from here hold two changes to summer time, one back, and the 29th of February.
FIRST_DAY = date(2027, 10, 1)
WHOLE_YEAR_DAYS = 365
PROMISES = {"promise_max_kopecks": 30_000, "promise_days": 4, "promises_a_month": 2}
KINDS: list[tuple[str, dict[str, object]]] = [
    ("daily", {"charge_type": "DAILY", "pausable": True, **PROMISES}),
    ("daily-allow", {"charge_type": "DAILY", "funds_policy": "ALLOW", "pausable": True}),
    ("daily-charged", {"charge_type": "DAILY", "charge_when_blocked": True, **PROMISES}),
    ("monthly", {"charge_type": "MONTHLY_PREPAID", "pausable": True, **PROMISES}),
    ("monthly-anew", {"charge_type": "MONTHLY_PREPAID", "resume_rule": "NEW_ANCHOR"}),
]


class NothingToDoError(Exception):
    """Nobody could do this today: nothing waits, nobody owes."""


@dataclass
class Simulation:
    """One run: everything that happens follows from the seed."""

    seed: int
    subscribers: int
    seals_dir: Path
    events: Sequence[tuple["Event", int]]
    chance: random.Random = field(init=False)
    world: World = field(init=False)
    counts: Counter[str] = field(default_factory=Counter)
    mains: list[int] = field(default_factory=list)
    addons: list[int] = field(default_factory=list)
    accounts: list[int] = field(default_factory=list)
    sent: list[tuple[str, int, int]] = field(default_factory=list)
    down_until: date = FIRST_DAY
    check_id: int = 0
    accountant: Actor = field(init=False)
    chief: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def begin(self) -> None:
        """The city, tariffs and the first clients."""
        self.world = small_world()
        self.accountant = zones.actor(zones.planner("iryna", Role.ACCOUNTANT))
        self.chief = zones.actor(zones.planner("olha", Role.ACCOUNTANT))
        ledger.ensure_partitions(from_date=FIRST_DAY, until_date=FIRST_DAY + timedelta(days=800))
        for name, terms in KINDS:
            price = self.chance.randrange(5_000, 60_000)
            fee = self.chance.choice([0, 0, 20_000])
            tariff = self.world.tariff(price=price, fee=fee, code=name, **terms)  # type: ignore[arg-type]
            self.mains.append(tariff)
        for name, service_type in (("tv", "ADDITIONAL"), ("box", "RENT")):
            price = self.chance.randrange(1_000, 9_000)
            self.addons.append(self.world.tariff(price=price, code=name, service_type=service_type))
        self.look_around(FIRST_DAY)
        for _n in range(self.subscribers):
            self.join(FIRST_DAY)

    def day(self, day: date) -> None:
        """The night's run (unless it is down), what people do, and a look at the books."""
        self.look_around(day)
        if day >= self.down_until:
            self.run(day)
            if self.chance.random() < 0.02:
                self.down_until = day + timedelta(days=1 + self.chance.randrange(0, 10))
        for _n in range(max(1, self.subscribers // 8)):
            event, _weight = self.chance.choices(self.events, [w for _e, w in self.events])[0]
            self.attempt(event, day)
        if day >= self.down_until and self.chance.random() < 0.2:
            self.run(day)  # started twice: posts nothing that is posted
        looks.books_are_right(day=day, was_charged=day >= self.down_until, seals_dir=self.seals_dir)
        at = moment(day, 23, 50)
        seals.seal_day(day=day, at=at, directory=self.seals_dir)

    def finish(self, day: date) -> None:
        """The last night, and everything from zero."""
        self.down_until = day
        self.run(day)
        report = verification.verify(seals_dir=self.seals_dir)
        assert report.is_right, [str(problem) for problem in report.problems[:5]]
        looks.balances_are_what_was_paid_and_charged()
        if (day - FIRST_DAY).days >= WHOLE_YEAR_DAYS:
            never = [one.__name__ for one, _weight in self.events if not self.counts[one.__name__]]
            assert never == [], "this never succeeded"

    def run(self, day: date) -> None:
        """The daily run; now and then a statement of it fails, and it is started again."""
        for fault in self.faults(chance=0.1, statements=60):
            try:
                with fault:
                    report = charging.run(
                        on_date=day, at=moment(day), actor=CASHIER, confirm=True, chunk_accounts=50
                    )
            except InjectedError:
                self.counts["runs that broke"] += 1
                continue
            if not any(one.failed_account_count for one in report.days):
                break
            self.counts["runs with a failed account"] += 1
        self.counts["runs"] += 1

    def attempt(self, event: "Event", day: date) -> None:
        """Something that somebody does; a refusal is fine, a broken connection is tried again."""
        before = self.chance.getstate()
        for fault in self.faults(chance=0.05, statements=25):
            self.chance.setstate(before)
            try:
                with fault:
                    event(self, day)
                self.counts[event.__name__] += 1
                return
            except InjectedError:
                self.counts["attempts that broke"] += 1
            except NothingToDoError:
                self.counts["nothing to do"] += 1
                return
            except DomainError as error:
                self.counts[f"refused: {error.code}"] += 1
                return

    def faults(self, *, chance: float, statements: int) -> list:
        """Contexts to try a thing in, one after another; the last one does nothing."""
        if self.chance.random() < chance:
            return [fault_after(self.chance.randrange(statements)), nullcontext()]
        return [nullcontext()]

    def look_around(self, day: date) -> None:
        """A check of the building, without which nothing is sold."""
        self.check_id = self.world.check(self.world.building.id, moment(day, 0, 1))

    def any_service(self) -> Subscription:
        """An active main service."""
        rows = Subscription.objects.filter(state="ACTIVE", parent__isnull=True).order_by("id")
        return self.chance.choice(list(rows))

    def key(self) -> str:
        """The number of a payment at its provider."""
        return f"pay-{len(self.sent)}-{self.chance.randrange(10**9)}"

    def join(self, day: date) -> None:
        """A new client, with or without money, now and then with an add-on."""
        account = self.world.account()
        self.accounts.append(account)
        if self.chance.random() < 0.8:
            self.world.pay(account, self.chance.randrange(1_000, 80_000), day, hour=10)
        values = {"unit": str(account), "check_id": self.check_id, "hour": 11}
        service = self.world.sell(account, self.chance.choice(self.mains), day, **values)
        for tariff in self.addons:
            if self.chance.random() < 0.25:
                self.world.sell(account, tariff, day, **values, parent_id=service)

    def pay(self, day: date) -> None:
        """Cash of any size, told once, twice, or again days later."""
        key, account = self.key(), self.chance.choice(self.accounts)
        kopecks = self.chance.choice([self.chance.randrange(100, 3_000), 20_000, 60_000])
        self._tell_of(key, account, kopecks, day)
        self.sent.append((key, account, kopecks))
        if self.chance.random() < 0.2:
            self._tell_of(key, account, kopecks, day)

    def tell_again(self, day: date) -> None:
        """News of an old payment come again, out of order."""
        if self.sent:
            self._tell_of(*self.chance.choice(self.sent[-60:]), day)

    def _tell_of(self, key: str, account: int, kopecks: int, day: date) -> None:
        payments.accept_cash(
            at=moment(day, 12),
            on_date=day,
            actor=CASHIER,
            account_id=account,
            amount_kopecks=kopecks,
            idempotency_key=key,
        )

    def charge_back(self, day: date) -> None:
        """A payment is taken back."""
        recent = list(Payment.objects.filter(state="CONFIRMED").order_by("-id")[:30])
        payments.reverse_payment(
            at=moment(day, 13),
            on_date=day,
            actor=CASHIER,
            payment_id=self.chance.choice(recent).id,
            reason="помилка",
        )

    def change_plan(self, day: date) -> None:
        """Another tariff, tomorrow or at once."""
        subscriptions.change_plan(
            at=moment(day, 14),
            on_date=day,
            actor=CASHIER,
            subscription_id=self.any_service().id,
            tariff_id=self.chance.choice(self.mains),
            is_immediate=self.chance.random() < 0.4,
        )

    def change_plan_later(self, day: date) -> None:
        """Another tariff from a day to come; now and then it is thought better of."""
        service = self.any_service().id
        who = {"at": moment(day, 14), "on_date": day, "actor": CASHIER, "subscription_id": service}
        if self.chance.random() < 0.3:
            subscriptions.cancel_plan_change(**who)  # type: ignore[arg-type]
            return
        first = day + timedelta(days=self.chance.randrange(2, 40))
        tariff = self.chance.choice(self.mains)
        subscriptions.change_plan(**who, tariff_id=tariff, from_date=first)  # type: ignore[arg-type]

    def discount(self, day: date) -> None:
        """So much off for some weeks, of one tariff or of all."""
        first = day + timedelta(days=self.chance.randrange(1, 10))
        percent = self.chance.choice([None, 1_000, 3_333, 10_000])
        discounts.give(
            at=moment(day, 15),
            on_date=day,
            actor=CASHIER,
            offer=discounts.Offer(
                name_uk="Знижка",
                name_en="Discount",
                valid_from=first,
                valid_until=first + timedelta(days=self.chance.randrange(1, 60)),
                percent_bp=percent,
                amount_kopecks=None if percent else self.chance.randrange(100, 20_000),
                tariff_id=self.chance.choice([None, *self.mains]),
            ),
        )

    def boost(self, day: date) -> None:
        """An add-on for some days."""
        subscriptions.add_for_days(
            at=moment(day, 15),
            on_date=day,
            actor=CASHIER,
            parent_id=self.any_service().id,
            tariff_id=self.addons[0],
            days=self.chance.randrange(1, 12),
        )

    def pause(self, day: date) -> None:
        """A service on hold for some days."""
        first = day + timedelta(days=self.chance.randrange(1, 5))
        subscriptions.pause(
            at=moment(day, 15),
            on_date=day,
            actor=CASHIER,
            subscription_id=self.any_service().id,
            from_date=first,
            until_date=first + timedelta(days=self.chance.randrange(1, 40)),
        )

    def resume(self, day: date) -> None:
        """A pause ends early."""
        paused = Subscription.objects.filter(state="ACTIVE", pauses__during__contains=day)
        ids = list(paused.order_by("id").values_list("id", flat=True))
        if ids:
            subscriptions.resume(
                at=moment(day, 15),
                on_date=day,
                actor=CASHIER,
                subscription_id=self.chance.choice(ids),
            )

    def block_or_unblock(self, day: date) -> None:
        """Staff turn a service off, or on again."""
        service = self.any_service()
        is_blocked = service.blocks.filter(reason="ADMIN", until_at__isnull=True).exists()
        do = subscriptions.unblock if is_blocked else subscriptions.block
        do(at=moment(day, 16), actor=CASHIER, subscription_id=service.id, reason="ADMIN")

    def promise(self, day: date) -> None:
        """A promised payment, as far as the terms allow one."""
        promises.promise(
            at=moment(day, 16),
            on_date=day,
            actor=CASHIER,
            account_id=self.chance.choice(self.accounts),
            amount_kopecks=self.chance.choice([2_000, 30_000]),
        )

    def leave(self, day: date) -> None:
        """A client goes; another comes."""
        subscriptions.terminate(
            at=moment(day, 17), on_date=day, actor=CASHIER, subscription_id=self.any_service().id
        )
        self.join(day)

    def new_terms(self, day: date) -> None:
        """A tariff gets other terms and another price, for existing clients too, later."""
        number = self.chance.randrange(len(self.mains))
        name, terms = KINDS[number]
        first = day + timedelta(days=self.chance.randrange(2, 20))
        tariffs.publish_version(
            at=moment(day, 18),
            actor=CASHIER,
            tariff_id=self.mains[number],
            applies_from=first,
            applies_existing_from=first + timedelta(days=self.chance.choice([0, 3, 30])),
            terms=tariffs.Terms(
                revenue_account_code=f"revenue.{name}",
                speed_down_bit_s=200_000_000,
                vat_rate_bp=self.chance.choice([0, 2_000]),
                **terms,  # type: ignore[arg-type]
            ),
        )


Event = Callable[[Simulation, date], None]
