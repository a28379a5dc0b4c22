"""One chunk of charging: a range of accounts on one date, inside the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from billing.calendar import kyiv_date, midnight
from billing.charging import bases, moves
from billing.charging.models import ChargeRun, ChargeRunChunk
from billing.ledger import operations as ledger
from billing.ledger.errors import ledger_errors
from billing.subscriptions import hooks
from billing.tariffs.models import TariffVersion
from billing.tariffs.operations import VAT_ACCOUNT_CODE
from project.core import outbox
from project.core.actor import Actor

IDS_IN_EVENT = 1_000


@dataclass(frozen=True, slots=True)
class AccountRange:
    """Ledger accounts by id, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """What was done: `journal_id` None when nothing was posted."""

    journal_id: int | None
    charged_count: int
    charged_kopecks: int
    blocked_ids: tuple[int, ...]
    resumed_ids: tuple[int, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was changed."""
        return not (self.journal_id or self.blocked_ids or self.resumed_ids)


def charge(
    *,
    on_date: date,
    at: datetime,
    actor: Actor,
    part: AccountRange,
    key: str,
    source: str = "charge-run",
    skip: Sequence[int] = (),
    tell: bool = True,
) -> ChunkResult:
    """Charge what is due in these accounts on that date; must run inside a transaction.

    Takes the locks of the accounts' balances; gives back what is prepaid beyond a move to new terms
    (each in a journal of its own); posts one journal; sets and lifts blocks for debt;
    tells the hook and the outbox (unless `tell` is False: a dry run, to be rolled back).
    """
    is_today = on_date == kyiv_date(at)
    moves.settle(
        on_date=on_date,
        is_today=is_today,
        first_account=part.first,
        last_account=part.last,
        skip=skip,
        at=at,
        actor=actor,
    )
    bases.fix_moved_prices(
        on_date=on_date, is_today=is_today, first_account=part.first, last_account=part.last
    )
    with ledger_errors(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT journal_id, charged_count, charged_kopecks, blocked_ids, resumed_ids"
            " FROM billing_charge_chunk(%s, %s, %s, %s, %s, %s, %s::bigint[], %s, %s, %s)",
            [
                on_date,
                midnight(on_date),
                is_today,
                at,
                part.first,
                part.last,
                list(skip),
                key,
                actor.label[:150],
                source,
            ],
        )
        journal_id, count, kopecks, blocked, resumed = cursor.fetchone()
    result = ChunkResult(journal_id, count, kopecks, tuple(blocked), tuple(resumed))
    if tell:
        _tell(result, at=at)
    return result


def _tell(result: ChunkResult, *, at: datetime) -> None:
    hooks.subscriptions_changed(subscription_ids=[*result.blocked_ids, *result.resumed_ids], at=at)
    for topic, ids in (
        ("subscriptions.debt_blocked", result.blocked_ids),
        ("subscriptions.debt_lifted", result.resumed_ids),
    ):
        for start in range(0, len(ids), IDS_IN_EVENT):
            outbox.emit(
                topic=topic, payload={"ids": list(ids[start : start + IDS_IN_EVENT])}, at=at
            )


def ranges(*, first_date: date, last_date: date, size: int) -> list[AccountRange]:
    """The accounts with something to charge in these dates, in ranges of about `size` accounts.

    Accounts are counted by fiftieths of a range: sorting a million of them takes a second, in which
    nothing is charged yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT min(first), max(last) FROM (
                SELECT first, last,
                       (sum(accounts) OVER (ORDER BY first)::bigint - 1) / %(size)s AS n
                FROM (
                    -- An account stands here once for each of its services.
                    SELECT min(account_id) AS first, max(account_id) AS last,
                           LEAST(count(*), %(step)s) AS accounts
                    FROM (SELECT account_id
                          FROM billing_due_accounts(%(from)s, %(to)s) AS due (account_id)
                          -- When a day is asked for again nothing is due, and the statistics, of
                          -- before it was charged, say that all is: seen first, by one look along
                          -- the states, no services are read and joined for it.
                          WHERE (SELECT EXISTS (
                              SELECT FROM billing_charge_state
                              WHERE charged_until IS NULL OR charged_until <= %(to)s))
                          UNION ALL
                          -- Prepaid beyond a move to new terms: nothing is due before it is
                          -- given back.
                          SELECT s.account_id FROM billing_terms_move AS m
                          JOIN billing_subscription AS s ON s.id = m.subscription_id
                          WHERE m.outcome = 'MOVED' AND m.settled_date IS NULL
                            AND m.from_date <= %(to)s AND s.state = 'ACTIVE') AS due
                    GROUP BY account_id / %(step)s) AS step) AS numbered
            GROUP BY n ORDER BY n
            """,
            {"size": size, "step": max(1, size // 50), "from": first_date, "to": last_date},
        )
        return [AccountRange(first, last) for first, last in cursor.fetchall()]


def halves(*, part: AccountRange, on_date: date) -> list[AccountRange]:
    """The range cut in two at its middle account; one account when there is only one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT min(account_id), max(account_id) FROM (
                SELECT account_id, ntile(2) OVER (ORDER BY account_id) AS n
                FROM (SELECT DISTINCT account_id
                      FROM billing_due_accounts(%s, %s) AS due (account_id)
                      WHERE account_id BETWEEN %s AND %s) AS due) AS numbered
            GROUP BY n ORDER BY n
            """,
            [on_date, on_date, part.first, part.last],
        )
        return [AccountRange(first, last) for first, last in cursor.fetchall()]


def changed_at_midnight(*, day: date) -> list[int]:
    """Services (with their add-ons) whose pause begins or ends or whose plan begins that day."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH changed AS (
                SELECT subscription_id AS id FROM billing_pause
                WHERE lower(during) = %(day)s OR upper(during) = %(day)s
                UNION
                SELECT subscription_id FROM billing_plan_span
                WHERE lower(during) = %(day)s
            )
            -- Two looks by index, for by one with OR all services are read.
            SELECT s.id FROM billing_subscription AS s JOIN changed AS c ON c.id = s.id
            WHERE s.state = 'ACTIVE'
            UNION
            SELECT s.id FROM billing_subscription AS s JOIN changed AS c ON c.id = s.parent_id
            WHERE s.state = 'ACTIVE'
            ORDER BY id
            """,
            {"day": day},
        )
        return [row[0] for row in cursor.fetchall()]


def open_revenue_accounts(*, at: datetime) -> None:
    """Open the accounts that charges are posted to, where they do not exist yet."""
    codes = TariffVersion.objects.filter(published_at__isnull=False).values_list(
        "revenue_account_code", flat=True
    )
    for code in sorted(set(codes)):
        ledger.ensure_control_account(at=at, kind="REVENUE", code=code)
    ledger.ensure_control_account(at=at, kind="TAX", code=VAT_ACCOUNT_CODE)


def accounts_that_wait(*, day: date) -> list[int]:
    """Accounts that failed on an earlier date, not made good yet: oldest first, so they wait."""
    return list(
        ChargeRunChunk.objects.filter(
            state=ChargeRun.State.FAILED, run__charge_date__lt=day
        ).values_list("first_account_id", flat=True)
    )
