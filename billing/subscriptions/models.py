"""Subscriptions (sold services) and the dated facts about them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.contrib.postgres.fields.ranges import RangeStartsWith
from django.db import models
from django.db.models import F, Q

from billing.tariffs.models import PriceRule, Tariff, TariffVersion
from coverage.models import (
    AvailabilityCheck,
    Building,
    NetworkType,
    Premise,
    ZoneChangeSet,
    ZoneVersion,
)


class Subscription(models.Model):
    """A sold service of one account at one premise. DRAFT → ACTIVE → TERMINATED.

    It is *on* when ACTIVE with no open Block and no Pause today. How far it is charged is its
    ChargeState. `terminated_date` is the last day of service; `ends_date` that of one that was sold
    for some days (a faster line for a week). The zone it stands in is that of the plan span of the
    day (`queries.zone_on`).
    `connection_fee_kopecks` is what was agreed at the sale, charged once with the first charge.
    Uncovered creation carries a reason and who permitted it.
    """

    class State(models.TextChoices):
        """Life of the sold service."""

        DRAFT = "DRAFT"
        ACTIVE = "ACTIVE"
        TERMINATED = "TERMINATED"

    account = models.ForeignKey(
        "billing.LedgerAccount", on_delete=models.PROTECT, related_name="subscriptions"
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="addons")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="subscriptions")
    premise = models.ForeignKey(
        Premise, null=True, on_delete=models.PROTECT, related_name="subscriptions"
    )
    network_type = models.CharField(max_length=8, choices=NetworkType.choices)
    segment = models.CharField(max_length=24, blank=True, default="")
    check_made = models.ForeignKey(
        AvailabilityCheck, null=True, on_delete=models.PROTECT, related_name="+"
    )
    uncovered_reason = models.CharField(max_length=300, blank=True, default="")
    uncovered_by = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField()
    activated_date = models.DateField(null=True)
    terminated_date = models.DateField(null=True)
    ends_date = models.DateField(null=True)
    connection_fee_kopecks = models.BigIntegerField(default=0)

    class Meta:
        db_table = "billing_subscription"
        indexes = [
            models.Index(
                fields=["terminated_date"],
                name="billing_subscription_ended",
                condition=Q(state="TERMINATED"),
            ),
            models.Index(
                fields=["ends_date"],
                name="billing_subscription_ends",
                condition=Q(state="ACTIVE", ends_date__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="DRAFT") | Q(activated_date__isnull=False),
                name="billing_subscription_activated",
            ),
            models.CheckConstraint(
                condition=~Q(state="TERMINATED") | Q(terminated_date__isnull=False),
                name="billing_subscription_terminated",
            ),
            models.CheckConstraint(
                condition=Q(connection_fee_kopecks__gte=0), name="billing_subscription_fee"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class ChargeState(models.Model):
    """How far a service is charged; apart from it, for this is written anew every night.

    The row is made by the database with the service and names its account (`sql/charge_state.sql`).
    `charged_until` is half-open: all days before it are charged (or were free by rule), the last of
    them by `charged_basis_id`. `anchor_day` is the day of the month on which a prepaid one begins.
    """

    subscription = models.OneToOneField(
        Subscription, primary_key=True, on_delete=models.CASCADE, related_name="charge_state"
    )
    account = models.ForeignKey(
        "billing.LedgerAccount", db_constraint=False, on_delete=models.PROTECT, related_name="+"
    )
    charged_until = models.DateField(null=True)
    charged_basis_id = models.BigIntegerField(null=True)  # charging's own, as on a posting
    anchor_day = models.PositiveSmallIntegerField(default=1)
    connection_charged_date = models.DateField(null=True)

    class Meta:
        db_table = "billing_charge_state"
        constraints = [
            models.CheckConstraint(
                condition=Q(anchor_day__gte=1, anchor_day__lte=31),
                name="billing_charge_state_anchor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.charged_until}"


class PlanSpan(models.Model):
    """A half-open span of dates in which a subscription had one tariff on the same terms.

    Keeps for ever what was *sold* (tariff version, price rule, zone version, price that day). When
    a service moves to the terms of another map, a new span begins: the zones of earlier days stay.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="spans")
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="spans")
    during = DateRangeField()
    sold_version = models.ForeignKey(TariffVersion, on_delete=models.PROTECT, related_name="+")
    sold_rule = models.ForeignKey(PriceRule, on_delete=models.PROTECT, related_name="+")
    sold_zone_version = models.ForeignKey(
        ZoneVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    sold_price_kopecks = models.BigIntegerField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "billing_plan_span"
        constraints = [
            ExclusionConstraint(
                name="billing_plan_span_no_overlap",
                expressions=[
                    ("subscription", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            )
        ]
        # Which plans begin at a midnight is asked at each run, of all clients.
        indexes = [models.Index(RangeStartsWith("during"), name="billing_plan_span_begins")]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.tariff_id} {self.during}"


class Rezoning(models.Model):
    """The moving of existing clients to the terms of one published map, chunk by chunk.

    `after_account_id` is how far it has come (accounts are taken in order of id).
    """

    changeset = models.OneToOneField(ZoneChangeSet, on_delete=models.PROTECT, related_name="+")
    move_on = models.DateField()
    published_at = models.DateTimeField()
    started_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    after_account_id = models.BigIntegerField(default=0)
    moved_count = models.PositiveIntegerField(default=0)
    not_sold_count = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "billing_rezoning"

    def __str__(self) -> str:
        return f"{self.changeset_id} {self.move_on}"


class TermsMove(models.Model):
    """One service that gets new terms on a later day, or not, because nothing is sold there.

    Of a rezoning; without one it is another tariff from a day that was chosen (R5).
    `from_date` is the first day of the new terms. `settled_date`: the day on which what was prepaid
    beyond the move was given back (or there was nothing). SUPERSEDED: a later publication decides.
    """

    class Outcome(models.TextChoices):
        """What became of it."""

        MOVED = "MOVED"
        NOT_SOLD = "NOT_SOLD"
        SUPERSEDED = "SUPERSEDED"

    rezoning = models.ForeignKey(
        Rezoning, null=True, on_delete=models.PROTECT, related_name="moves"
    )
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="moves")
    from_date = models.DateField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    old_zone_version = models.ForeignKey(
        ZoneVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    zone_version = models.ForeignKey(
        ZoneVersion, null=True, on_delete=models.PROTECT, related_name="+"
    )
    old_price_kopecks = models.BigIntegerField()
    price_kopecks = models.BigIntegerField()
    settled_date = models.DateField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "billing_terms_move"
        constraints = [
            models.UniqueConstraint(
                fields=["rezoning", "subscription"], name="billing_terms_move_once"
            ),
            models.CheckConstraint(
                condition=Q(settled_date__isnull=True) | Q(settled_date__gte=F("from_date")),
                name="billing_terms_move_settled",
            ),
        ]
        indexes = [
            models.Index(
                fields=["from_date"],
                name="billing_terms_move_waiting",
                condition=Q(outcome="MOVED", settled_date__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.outcome} {self.from_date}"


class Pause(models.Model):
    """A span of dates in which the client has put the service on hold (R8)."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="pauses")
    during = DateRangeField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "billing_pause"
        constraints = [
            ExclusionConstraint(
                name="billing_pause_no_overlap",
                expressions=[
                    ("subscription", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.during}"


class Block(models.Model):
    """One reason for which a service is off (R7). A service may have several at once."""

    class Reason(models.TextChoices):
        """Why."""

        DEBT = "DEBT"
        ADMIN = "ADMIN"
        ABUSE = "ABUSE"

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="blocks")
    reason = models.CharField(max_length=5, choices=Reason.choices)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    comment = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "billing_block"
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "reason"],
                name="billing_block_one_open",
                condition=Q(until_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="billing_block_span",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.reason}"


class CreditGrant(models.Model):
    """A promised payment: raises the limit of an account for some days and moves no money (R9)."""

    account = models.ForeignKey(
        "billing.LedgerAccount", on_delete=models.PROTECT, related_name="credits"
    )
    amount_kopecks = models.BigIntegerField()
    during = DateRangeField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "billing_credit_grant"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_kopecks__gt=0), name="billing_credit_grant_amount"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.amount_kopecks}"


class PlanBatch(models.Model):
    """Another tariff for many services at once, from a day on: whom it concerns, how far it is.

    `chosen` keeps what was asked for (a zone, a segment, services by number). SCHEDULED → DONE
    when each service has its new plan (or why not), CANCELLED when that was taken back.
    """

    class State(models.TextChoices):
        """PREPARED: a preview. SCHEDULED: being written or waiting for its day."""

        PREPARED = "PREPARED"
        SCHEDULED = "SCHEDULED"
        CANCELLED = "CANCELLED"

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="+")
    from_tariff = models.ForeignKey(Tariff, null=True, on_delete=models.PROTECT, related_name="+")
    from_date = models.DateField()
    chosen = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PREPARED)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")
    scheduled_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "billing_plan_batch"

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class PlanBatchItem(models.Model):
    """One service of a batch and what became of it; `reason` is the code of why not."""

    class Outcome(models.TextChoices):
        """PENDING until its turn."""

        PENDING = "PENDING"
        SCHEDULED = "SCHEDULED"
        REFUSED = "REFUSED"
        CANCELLED = "CANCELLED"

    batch = models.ForeignKey(PlanBatch, on_delete=models.CASCADE, related_name="items")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    account_id = models.BigIntegerField()
    outcome = models.CharField(max_length=9, choices=Outcome.choices, default=Outcome.PENDING)
    reason = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "billing_plan_batch_item"
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "subscription"], name="billing_plan_batch_item_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["batch", "outcome", "account_id"], name="billing_plan_batch_item_next"
            )
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.subscription_id} {self.outcome}"
