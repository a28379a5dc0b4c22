"""Charge runs, their chunks, and the basis of every charge."""

from django.db import models
from django.db.models import Q

from billing.subscriptions.models import PlanSpan, Subscription
from billing.tariffs.models import Discount, PriceRule, TariffVersion
from coverage.models import ZoneVersion


class ChargeBasis(models.Model):
    """By what a service is charged: the answer to "why this amount?" behind a posting.

    A posting carries its id and points at nothing above the ledger. A plan span has one basis for
    each tariff version it was charged by, and beside it one for each discount that was taken off;
    another price needs another span or another version. `price_kopecks`: with the discount off.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="bases")
    plan_span = models.ForeignKey(PlanSpan, on_delete=models.PROTECT, related_name="bases")
    tariff_version = models.ForeignKey(TariffVersion, on_delete=models.PROTECT, related_name="+")
    price_rule = models.ForeignKey(PriceRule, on_delete=models.PROTECT, related_name="+")
    zone_version = models.ForeignKey(
        ZoneVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    discount = models.ForeignKey(
        Discount, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    price_kopecks = models.BigIntegerField()

    class Meta:
        db_table = "billing_charge_basis"
        indexes = [
            # Not of those without one: most have none, and a planner that knows nothing of that
            # yet would look a basis up among all of them.
            models.Index(
                fields=["discount"],
                name="billing_charge_basis_discount",
                condition=Q(discount__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["plan_span", "tariff_version", "discount"],
                name="billing_charge_basis_version",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id}"


class ChargeRun(models.Model):
    """The charging of one calendar date (Europe/Kyiv)."""

    class State(models.TextChoices):
        """PENDING → RUNNING → DONE, or FAILED (may be started again)."""

        PENDING = "PENDING"
        RUNNING = "RUNNING"
        DONE = "DONE"
        FAILED = "FAILED"

    charge_date = models.DateField(unique=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.PENDING)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    charged_count = models.PositiveIntegerField(default=0)
    charged_kopecks = models.BigIntegerField(default=0)
    blocked_count = models.PositiveIntegerField(default=0)
    resumed_count = models.PositiveIntegerField(default=0)
    started_by = models.CharField(max_length=150, blank=True, default="")
    # Chunks that are done, and those to do when it was started last: how far it has come.
    part_count = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "billing_charge_run"

    def __str__(self) -> str:
        return f"{self.charge_date} {self.state}"


class ChargeRunChunk(models.Model):
    """A part of a run: one database transaction and one journal. A failed one has left nothing."""

    run = models.ForeignKey(ChargeRun, on_delete=models.PROTECT, related_name="chunks")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=7, choices=ChargeRun.State.choices)
    first_account_id = models.BigIntegerField()
    last_account_id = models.BigIntegerField()
    journal_id = models.BigIntegerField(null=True)
    charged_count = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "billing_charge_run_chunk"
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="billing_charge_run_chunk_once"),
            models.CheckConstraint(
                condition=Q(first_account_id__lte=models.F("last_account_id")),
                name="billing_charge_run_chunk_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number} {self.state}"


class ChargeCorrection(models.Model):
    """By which facts a charge is right: one row for each correction of it.

    Written by `corrected.keep` with the journal of the correction; the newest that is not taken
    back counts. A refund of a prepaid month goes by it. `facts`: as `facts.Facts` are stored.
    """

    posting_id = models.BigIntegerField()
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    facts = models.JSONField()
    journal_id = models.BigIntegerField()
    taken_back_journal_id = models.BigIntegerField(null=True)

    class Meta:
        db_table = "billing_charge_correction"
        constraints = [
            models.UniqueConstraint(
                fields=["posting_id", "journal_id"], name="billing_charge_correction_once"
            ),
            models.CheckConstraint(
                condition=Q(taken_back_journal_id__isnull=True)
                | Q(taken_back_journal_id__gt=models.F("journal_id")),
                name="billing_charge_correction_order",
            ),
        ]
        indexes = [models.Index(fields=["journal_id"], name="billing_charge_correction_jrnl")]

    def __str__(self) -> str:
        return f"{self.posting_id} {self.journal_id}"


class GivenBack(models.Model):
    """Prepaid days of a charge that came back: the half-open span, and how much.

    `correction_journal_id` is the correction by whose facts the amount is right (None: as it was
    charged). `journal_id` None: nothing was left to come back, for the days were free already.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    posting_id = models.BigIntegerField()
    from_date = models.DateField()
    until_date = models.DateField()
    amount_kopecks = models.BigIntegerField()
    correction_journal_id = models.BigIntegerField(null=True)
    journal_id = models.BigIntegerField(null=True, unique=True)

    class Meta:
        db_table = "billing_given_back"
        constraints = [
            models.CheckConstraint(
                condition=Q(from_date__lt=models.F("until_date")), name="billing_given_back_days"
            ),
            models.CheckConstraint(
                condition=Q(amount_kopecks__gt=0, journal_id__isnull=False)
                | Q(amount_kopecks=0, journal_id__isnull=True),
                name="billing_given_back_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["correction_journal_id"], name="billing_given_back_by"),
        ]

    def __str__(self) -> str:
        return f"{self.posting_id} {self.from_date} {self.amount_kopecks}"


class FundsNotice(models.Model):
    """A client was told that the money on the account ends in some days.

    `stage_days` is the notice it was (five days before, three, one), `paid_until` the first day
    that is not covered, as it was known then.
    """

    account = models.ForeignKey(
        "billing.LedgerAccount", on_delete=models.PROTECT, related_name="funds_notices"
    )
    stage_days = models.PositiveSmallIntegerField()
    paid_until = models.DateField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "billing_funds_notice"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "paid_until", "stage_days"], name="billing_funds_notice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.paid_until}"
