"""What corrections had right of a charge, and what was given back of it: charging's own memory.

Corrections are made above charging (`billing.bookkeeping`). Whoever posts one says here by which
facts each charge was computed again, so that a refund of the rest of a prepaid month, which
charging posts itself, returns the right price of those days and not the charged one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection

from billing.charging.facts import AS_CHARGED, Facts
from billing.charging.models import ChargeCorrection, GivenBack

LONGEST_MONTH = timedelta(days=31)

# The charge that paid for the days before `until`; that it is of the last month prunes partitions.
_PAID_BY = """
    SELECT id FROM ledger_posting
    WHERE subject_id = %(service)s AND charge_basis_id = %(basis)s AND charge_code = 'SERVICE'
      AND occurrence = 0 AND corrects_id IS NULL
      AND value_date >= %(first)s AND value_date < %(until)s
    ORDER BY value_date DESC LIMIT 1
"""


def keep(
    *, posting_ids: Iterable[int], subscription_id: int, facts: Facts, journal_id: int
) -> None:
    """A correction was posted in that journal: by these facts these charges are right from now."""
    ChargeCorrection.objects.bulk_create(
        ChargeCorrection(
            posting_id=posting_id,
            subscription_id=subscription_id,
            facts=facts.as_json(),
            journal_id=journal_id,
        )
        for posting_id in posting_ids
    )


def take_back(*, journal_id: int, by_journal_id: int) -> None:
    """The correction of that journal was reversed: what it had right counts no more."""
    ChargeCorrection.objects.filter(journal_id=journal_id, taken_back_journal_id=None).update(
        taken_back_journal_id=by_journal_id
    )


def was_given_back_by(*, journal_id: int) -> bool:
    """Whether prepaid days came back by what this correction had right."""
    return GivenBack.objects.filter(correction_journal_id=journal_id).exists()


@dataclass(frozen=True, slots=True)
class PaidBy:
    """The charge that days were paid by, with what is right of it now.

    `correction_journal_id` None: it was not corrected, `facts` are those it was charged by.
    """

    posting_id: int | None
    facts: Facts = AS_CHARGED
    correction_journal_id: int | None = None


def paid_by(*, subscription_id: int, basis_id: int, until: date) -> PaidBy:
    """The charge by that basis that paid for the day before `until`."""
    with connection.cursor() as cursor:
        cursor.execute(
            _PAID_BY,
            {
                "service": subscription_id,
                "basis": basis_id,
                "first": until - LONGEST_MONTH,
                "until": until,
            },
        )
        posting_id = (cursor.fetchone() or (None,))[0]
    if posting_id is None:
        return PaidBy(None)
    newest = (
        ChargeCorrection.objects.filter(posting_id=posting_id, taken_back_journal_id=None)
        .order_by("-journal_id")
        .first()
    )
    if newest is None:
        return PaidBy(posting_id)
    return PaidBy(posting_id, Facts.from_json(newest.facts), newest.journal_id)


@dataclass(frozen=True, slots=True)
class Memory:
    """All that is known of the corrected and given back charges of one service; two queries."""

    corrections: tuple[ChargeCorrection, ...]
    given: tuple[GivenBack, ...]

    @classmethod
    def of(cls, *, subscription_id: int) -> "Memory":
        """Of that service, oldest first."""
        return cls(
            corrections=tuple(
                ChargeCorrection.objects.filter(subscription_id=subscription_id).order_by(
                    "journal_id"
                )
            ),
            given=tuple(GivenBack.objects.filter(subscription_id=subscription_id).order_by("id")),
        )

    def given_of(self, posting_id: int) -> list[GivenBack]:
        """What came back of a charge, oldest first."""
        return [row for row in self.given if row.posting_id == posting_id]

    def facts_before(self, posting_id: int | None, journal_id: int) -> Facts:
        """What was right of a charge when a later journal was posted."""
        known = [
            row
            for row in self.corrections
            if row.posting_id == posting_id
            and row.journal_id < journal_id
            and (row.taken_back_journal_id is None or row.taken_back_journal_id > journal_id)
        ]
        return Facts.from_json(known[-1].facts) if known else AS_CHARGED


def note_given_back(
    *,
    subscription_id: int,
    paid: PaidBy,
    from_date: date,
    until: date,
    amount_kopecks: int,
    journal_id: int | None,
) -> None:
    """Prepaid days came back, for so much; nothing is posted for days that were free already."""
    if paid.posting_id is None:
        return
    GivenBack.objects.create(
        subscription_id=subscription_id,
        posting_id=paid.posting_id,
        from_date=from_date,
        until_date=until,
        amount_kopecks=amount_kopecks,
        correction_journal_id=paid.correction_journal_id,
        journal_id=journal_id,
    )
