"""A month computed again by other facts: only the difference is posted, in the open month (R13).

The facts are what was right: another price of the month, days on which there was no service. Each
charge of the month is computed again by the same pure rules that charged it, for the days that it
really paid for, less what earlier corrections gave back of it. What came back of a prepaid month at
its end is counted as it came back: by the price that was charged, or that was right by then.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from billing import calendar, money
from billing.charging.corrected import Memory
from billing.charging.facts import AS_CHARGED, Facts, days_between
from billing.charging.models import ChargeBasis
from billing.charging.rules import prepaid_amount
from billing.ledger import queries as ledger_queries
from billing.ledger.queries import Charge
from billing.subscriptions.models import PlanSpan, Subscription
from billing.subscriptions.queries import debt_ends
from billing.tariffs.operations import VAT_ACCOUNT_CODE

SERVICE_CODE = "SERVICE"
PREPAID, ONE_OFF = "MONTHLY_PREPAID", "ONE_OFF"
FIRST_ANCHOR = 1  # months are calendar months until one begins anew


@dataclass(frozen=True, slots=True)
class CorrectedCharge:
    """One charge beside what is right; all in kopecks, charges positive.

    `difference_kopecks` comes back to the client (below zero: is charged in addition).
    """

    posting_id: int
    value_date: date
    charge_basis_id: int
    price_kopecks: int
    charged_kopecks: int
    corrected_kopecks: int
    right_kopecks: int
    revenue_account_code: str
    vat_rate_bp: int

    @property
    def difference_kopecks(self) -> int:
        """Charged, less corrected already, less right."""
        return self.charged_kopecks - self.corrected_kopecks - self.right_kopecks

    @property
    def vat_kopecks(self) -> int:
        """The VAT in the difference: what is left after it is the VAT of the right amount."""
        now = money.split_vat(self.charged_kopecks - self.corrected_kopecks, self.vat_rate_bp)[1]
        return now - money.split_vat(self.right_kopecks, self.vat_rate_bp)[1]


def compute(*, subscription: Subscription, month: date, facts: Facts) -> list[CorrectedCharge]:
    """Every service charge of the month with what is right by the facts, oldest first."""
    first = calendar.month_start(month)
    history = [
        charge
        for charge in ledger_queries.charges_of(
            subject_ids=[subscription.id],
            from_date=min(subscription.activated_date or first, first),
            until_date=calendar.next_month_start(month),
        )
        if charge.charge_code == SERVICE_CODE and charge.charge_basis_id is not None
    ]
    known = _Known.of(subscription, history)
    charges = [charge for charge in history if charge.value_date >= first]
    return [
        CorrectedCharge(
            posting_id=charge.posting_id,
            value_date=charge.value_date,
            charge_basis_id=basis.id,
            price_kopecks=basis.price_kopecks,
            charged_kopecks=-charge.amount_kopecks,
            corrected_kopecks=charge.corrected_kopecks,
            right_kopecks=_right(charge, basis, known=known, facts=facts),
            revenue_account_code=basis.tariff_version.revenue_account_code,
            vat_rate_bp=basis.tariff_version.vat_rate_bp,
        )
        for charge, basis in ((c, known.bases[c.charge_basis_id or 0]) for c in charges)
    ]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the service: its plans, by what they were charged, and by posting of a
    charge the day on which its months began then; what was corrected and given back before.
    """

    subscription: Subscription
    bases: dict[int, ChargeBasis]
    spans: Sequence[PlanSpan]
    anchors: dict[int, int]
    history: Sequence[Charge]
    memory: Memory

    @classmethod
    def of(cls, subscription: Subscription, history: Sequence[Charge]) -> "_Known":
        """Five queries. `history`: all charges of the service from its beginning."""
        rows = ChargeBasis.objects.filter(subscription=subscription)
        bases = {row.id: row for row in rows.select_related("tariff_version", "plan_span")}
        return cls(
            subscription=subscription,
            bases=bases,
            spans=list(PlanSpan.objects.filter(subscription=subscription).order_by("during")),
            anchors=_anchors(history, bases, debt_ends=debt_ends(subscription_id=subscription.id)),
            history=history,
            memory=Memory.of(subscription_id=subscription.id),
        )

    def next_span(self, basis: ChargeBasis) -> PlanSpan | None:
        """The plan that followed."""
        later = [one for one in self.spans if one.during.lower > basis.plan_span.during.lower]
        return later[0] if later else None

    def before(self, charge: Charge, basis: ChargeBasis) -> tuple[int, Facts]:
        """By what a day had been charged when a dearer plan took over at once, and what was right
        of it by then.
        """
        earlier = [
            one
            for one in self.bases.values()
            if one.plan_span.during.lower < basis.plan_span.during.lower
        ]
        newest = max(earlier, key=lambda one: (one.plan_span.during.lower, one.id), default=basis)
        paid = [
            one.posting_id
            for one in self.history
            if one.charge_basis_id == newest.id
            and not one.occurrence
            and one.value_date <= charge.value_date
        ]
        then = self.memory.facts_before(paid[-1] if paid else None, charge.journal_id)
        return newest.price_kopecks, then

    def used_until(self, charge: Charge, basis: ChargeBasis, anchor_day: int) -> date:
        """The first day that a prepaid charge did not pay for, or whose part was given back."""
        first = charge.value_date
        given = self.memory.given_of(charge.posting_id)
        if given:
            return max(min(row.from_date for row in given), first)
        until = calendar.period_of(first, anchor_day)[1]
        ended = self.subscription.terminated_date
        if ended is not None:
            until = min(until, ended + calendar.ONE_DAY)
        following = self.next_span(basis)
        if following is not None:
            begun = following.during.lower
            # Changed at once, the day itself had been paid by the plan before (R5).
            at_once = calendar.kyiv_date(following.created_at) == begun
            until = min(until, begun + calendar.ONE_DAY if at_once else begun)
        return max(until, first)

    def given_otherwise(self, charge: Charge, price_kopecks: int, anchor_day: int) -> int:
        """How much more came back of a prepaid charge than the charged price of those days."""
        return sum(
            row.amount_kopecks
            - AS_CHARGED.part_of_days(
                price_kopecks, days_between(row.from_date, row.until_date), anchor_day
            )
            for row in self.memory.given_of(charge.posting_id)
        )


def _anchors(
    history: Iterable[Charge], bases: dict[int, ChargeBasis], *, debt_ends: Sequence[date]
) -> dict[int, int]:
    """By posting the anchor day that the month was charged by; a later one moved it (R7).

    A whole price on a day that begins no month of the service is how a month begins anew. Where a
    discount left nothing to charge that day, the rest of the month tells: the newest end of a debt
    before it by which its price is right.
    """
    anchor_day = FIRST_ANCHOR
    found: dict[int, int] = {}
    for charge in sorted(history, key=lambda one: (one.value_date, one.occurrence)):
        basis = bases[charge.charge_basis_id or 0]
        day, charged = charge.value_date, -charge.amount_kopecks
        if basis.tariff_version.charge_type == PREPAID and not charge.occurrence:
            rest = prepaid_amount(
                price_kopecks=basis.price_kopecks, on_date=day, anchor_day=anchor_day
            )
            if charged not in {rest, 0} and charged == basis.price_kopecks:
                anchor_day = day.day
            elif charged not in {rest, 0}:
                alike = (
                    end.day
                    for end in reversed(debt_ends)
                    if end < day
                    and charged
                    == prepaid_amount(
                        price_kopecks=basis.price_kopecks, on_date=day, anchor_day=end.day
                    )
                )
                anchor_day = next(alike, anchor_day)
        found[charge.posting_id] = anchor_day
    return found


def _right(charge: Charge, basis: ChargeBasis, *, known: _Known, facts: Facts) -> int:
    charge_type, price = basis.tariff_version.charge_type, basis.price_kopecks
    day, charged = charge.value_date, -charge.amount_kopecks
    anchor = known.anchors[charge.posting_id] if charge_type == PREPAID else 1

    def dearer(by_price: int, on_day: date, right_by: Facts = facts) -> int:
        right = calendar.daily_amount_on(right_by.price_of(by_price), on_day, anchor)
        return right - calendar.daily_amount_on(by_price, on_day, anchor)

    if charge_type == ONE_OFF:
        return 0 if facts.is_free(day) else facts.price_of(price)
    if charge.occurrence:
        before, then = known.before(charge, basis)
        taken_off = dearer(before, day) - dearer(before, day, then)
        return 0 if facts.is_free(day) else charged + dearer(price, day) - taken_off
    if charge_type != PREPAID:
        return 0 if facts.is_free(day) else charged + dearer(price, day)
    used = days_between(day, known.used_until(charge, basis, anchor))
    dearer_by = facts.part_of_days(price, used, anchor) - AS_CHARGED.part_of_days(
        price, used, anchor
    )
    return charged + dearer_by + known.given_otherwise(charge, price, anchor)


@dataclass(frozen=True, slots=True)
class Contra:
    """The other side of a correction, in kopecks, by control account: the opposite sign."""

    code: str
    kind: str
    amount_kopecks: int


def contra_of(lines: Iterable[CorrectedCharge]) -> list[Contra]:
    """Revenue and VAT that the differences take back, summed by account."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        sums[line.revenue_account_code, "REVENUE"] -= line.difference_kopecks - line.vat_kopecks
        sums[VAT_ACCOUNT_CODE, "TAX"] -= line.vat_kopecks
    return [Contra(code, kind, amount) for (code, kind), amount in sorted(sums.items()) if amount]
