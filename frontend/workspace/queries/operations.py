"""Operations of people with money, with the subscribers they belong to, and what may be chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing.bookkeeping import posting
from billing.bookkeeping import queries as bookkeeping
from billing.bookkeeping.corrections import CorrectedCharge
from billing.bookkeeping.models import MoneyOperation
from billing.bookkeeping.operations import Effect
from billing.calendar import ONE_DAY
from billing.ledger import queries as ledger_queries
from billing.models import ChargeBasis, LedgerAccount, Payment, Subscription
from billing.payments import queries as payment_queries
from billing.tariffs.models import Tariff
from crm import queries as crm_queries

CHOICES_MOST = 50
MONTHS_BACK = 24


@dataclass(frozen=True, slots=True)
class Row:
    """An operation with whose it is; `holder` is None for an account that crm does not know."""

    operation: MoneyOperation
    holder: tuple[int, str] | None
    to_holder: tuple[int, str] | None

    @property
    def id(self) -> int:
        """The key by which the list pages."""
        return self.operation.id

    @property
    def free_days(self) -> list[tuple[date, date]]:
        """Of a correction: the days without service, first and last."""
        spans = self.operation.facts.get("free", [])
        return [
            (date.fromisoformat(first), date.fromisoformat(until) - ONE_DAY)
            for first, until in spans
        ]

    @property
    def prices(self) -> list[tuple[int, int]]:
        """Of a correction: charged by that price, right was this one."""
        return [(was, right) for was, right in self.operation.facts.get("prices", [])]


def rows(found: Sequence[MoneyOperation]) -> list[Row]:
    """The operations with their subscribers; one query."""
    ids = {o.account_id for o in found} | {o.to_account_id for o in found if o.to_account_id}
    holders = crm_queries.customers_of_accounts(account_ids=sorted(ids))
    return [Row(o, holders.get(o.account_id), holders.get(o.to_account_id or 0)) for o in found]


@dataclass(frozen=True, slots=True)
class Choices:
    """What an operation on this account may be about."""

    payments: Sequence[Payment]
    operations: Sequence[MoneyOperation]
    services: Sequence[tuple[Subscription, Tariff]]
    prices: Sequence[int]


def choices(*, account_id: int, kind: str) -> Choices:
    """Payments, earlier operations or services to choose from, newest first."""
    payments: Sequence[Payment] = ()
    operations: Sequence[MoneyOperation] = ()
    services: Sequence[tuple[Subscription, Tariff]] = ()
    prices: Sequence[int] = ()
    if kind in {"TRANSFER", "REVERSAL"}:
        payments = payment_queries.standing(account_id=account_id, limit=CHOICES_MOST)
    if kind == "REVERSAL":
        operations = bookkeeping.reversible(account_id=account_id, limit=CHOICES_MOST)
    if kind == "CORRECTION":
        found = Subscription.objects.filter(account_id=account_id).order_by("-id")
        services = [
            (one, span.tariff)
            for one in found.prefetch_related("spans__tariff")[:CHOICES_MOST]
            if (span := max(one.spans.all(), key=lambda s: s.during.lower, default=None))
        ]
        bases = ChargeBasis.objects.filter(subscription__account_id=account_id)
        prices = sorted(set(bases.values_list("price_kopecks", flat=True)))
    return Choices(payments, operations, services, prices)


@dataclass(frozen=True, slots=True)
class Shown:
    """An effect as it is drawn: balances by contract, old and new, and corrected charges."""

    effect: Effect
    contracts: Sequence[tuple[LedgerAccount, str, int, int]]
    corrected: Sequence[CorrectedCharge]

    @property
    def amount_kopecks(self) -> int:
        """What it does to the contract."""
        return self.effect.operation.amount_kopecks


def shown(effect: Effect) -> Shown:
    """What is drawn of the effect: the contracts whose balance moves, and days that change."""
    accounts = LedgerAccount.objects.in_bulk(list(effect.before))
    holders = crm_queries.customers_of_accounts(account_ids=sorted(effect.before))
    own = effect.operation.account_id
    ordered = sorted(effect.before, key=lambda one: (one != own, one))
    corrected = []
    if effect.operation.kind == "CORRECTION":
        lines = posting.corrected_lines(effect.operation)
        corrected = [line for line in lines if line.difference_kopecks]
    return Shown(
        effect=effect,
        contracts=[
            (accounts[i], holders.get(i, (0, ""))[1], effect.before[i], effect.after[i])
            for i in ordered
        ],
        corrected=corrected,
    )


def account_by_number(number: str) -> int | None:
    """The account with that contract number, or None."""
    found = ledger_queries.find_account(code=number.strip())
    return found.id if found else None
