"""A promised payment (R9): credit for some days, never a fake payment. It moves no money.

How much, for how long, how often a month, and how long none after a broken one: the terms of the
main service that allow most. A promise is broken when by its end less was paid than promised.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from billing.charging.settling import settle_account
from billing.ledger import operations as ledger
from billing.subscriptions import pauses
from billing.subscriptions.models import CreditGrant, Subscription
from billing.tariffs.models import TariffVersion
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError

# What came in as payments in the days of a promise, to whatever account it was posted first, and
# was neither taken back, nor given back, nor moved to another account.
_PAID = """
    WITH line AS (
        SELECT p.amount_kopecks AS amount, j.kind
        FROM ledger_posting AS p JOIN ledger_journal AS j ON j.id = p.journal_id
        WHERE p.account_id = %(account)s
          AND p.value_date >= %(first)s AND p.value_date < %(until)s
          AND (j.kind IN ('PAYMENT', 'TRANSFER')
               OR j.kind = 'REFUND' AND starts_with(j.source, 'payment:'))
          AND NOT EXISTS (SELECT 1 FROM ledger_journal AS r WHERE r.reverses_id = j.id)
    )
    SELECT COALESCE(sum(amount), 0) FROM line
    WHERE amount > 0 OR kind = 'REFUND'
       -- What moves on was paid before the promise, unless it came within its days.
       OR EXISTS (SELECT 1 FROM line AS came WHERE came.amount = -line.amount)
"""


class PromiseError(DomainError):
    """No credit for a promise as asked."""

    code = "bad_promise"
    http_status = 409
    message = _("A promised payment is not possible now.")


@dataclass(frozen=True, slots=True)
class Promise:
    """What was promised: the credit in kopecks, on in [from_date, until_date)."""

    id: int
    amount_kopecks: int
    from_date: date
    until_date: date


@transaction.atomic
def promise(
    *, at: datetime, on_date: date, actor: Actor, account_id: int, amount_kopecks: int
) -> Promise:
    """Give credit for a promise, and charge what it is enough for: a block for debt goes.

    Raises PromiseError with the limit that is in the way.
    """
    if account_id not in ledger.lock_balances(account_ids=[account_id]):
        raise PromiseError()
    terms = best_terms(account_id=account_id, on_date=on_date)
    if terms is None or not terms.promise_max_kopecks:
        raise PromiseError(_("The tariff gives no promised payments."))
    if not 0 < amount_kopecks <= terms.promise_max_kopecks:
        raise PromiseError(
            _("A promised payment is at most %(most)s ₴.")
            % {"most": f"{terms.promise_max_kopecks / 100:.2f}".replace(".", ",")},
            field="amount",
        )
    _require_allowed(account_id=account_id, terms=terms, on_date=on_date)
    until = on_date + timedelta(days=terms.promise_days)
    row = CreditGrant.objects.create(
        account_id=account_id,
        amount_kopecks=amount_kopecks,
        during=DateRange(on_date, until),
        created_at=at,
        created_by=actor.label[:150],
    )
    audit.record(
        at=at,
        actor=actor,
        action="billing.promise.given",
        obj=("account", account_id),
        summary=f"{amount_kopecks} {until:%d.%m.%Y}",
    )
    outbox.emit(
        topic="promise.given",
        payload={
            "account_id": account_id,
            "amount_kopecks": amount_kopecks,
            "until": until.isoformat(),
        },
        at=at,
    )
    settle_account(account_id=account_id, on_date=on_date, at=at, actor=actor)
    return Promise(row.id, amount_kopecks, on_date, until)


def best_terms(*, account_id: int, on_date: date) -> TariffVersion | None:
    """The terms of the main service that give the largest promise."""
    mains = Subscription.objects.filter(
        account_id=account_id, state=Subscription.State.ACTIVE, parent=None
    )
    found = [
        terms
        for main in mains
        if (terms := pauses.terms_on(subscription_id=main.id, on_date=on_date)) is not None
    ]
    return max(found, key=lambda terms: terms.promise_max_kopecks, default=None)


def _require_allowed(*, account_id: int, terms: TariffVersion, on_date: date) -> None:
    grants = list(CreditGrant.objects.filter(account_id=account_id).order_by("during"))
    if any(one.during.upper > on_date for one in grants):
        raise PromiseError(_("A promised payment is in force already."))
    this_month = [
        one
        for one in grants
        if (one.during.lower.year, one.during.lower.month) == (on_date.year, on_date.month)
    ]
    if len(this_month) >= terms.promises_a_month:
        raise PromiseError(
            _("The promised payments of this month are used up: %(n)d.")
            % {"n": terms.promises_a_month}
        )
    wait = timedelta(days=terms.promise_wait_days)
    for one in grants:
        again = one.during.upper + wait
        if again > on_date and is_broken(one):
            raise PromiseError(
                _("The last promise was not kept: the next one from %(date)s.")
                % {"date": f"{again:%d.%m.%Y}"}
            )


def is_broken(grant: CreditGrant) -> bool:
    """Whether less was paid in the days of a promise that is over than was promised."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PAID,
            {
                "account": grant.account_id,
                "first": grant.during.lower,
                "until": grant.during.upper,
            },
        )
        return int(cursor.fetchone()[0]) < grant.amount_kopecks
