"""Payments from any channel, their attempts, refunds, and what was heard about them."""

from django.db import models
from django.db.models import F, Q

from billing.payments.models.merchant import MerchantAccount
from project.core.models import User


class Payment(models.Model):
    """Money from a client through one channel.

    CREATED → PENDING → CONFIRMED → REVERSED, or FAILED, CANCELLED.

    `account` null while CONFIRMED is an unallocated payment: its journal credits suspense.
    `transferred_to`: the account that it was moved to afterwards (out of suspense too), by the
    journal beside it.

    `channel` is the provider as people know it (CASH, IBOX, MONOBANK); `merchant` the account at
    the provider, none for the cash desk. `external_id` is the provider's payment id, unique in the
    merchant's `space`; null until the provider has told one. `order_number` is ours. `request_hash`
    says what was asked with that id, so that a repeat is told from another payment under the same
    id. `amount_kopecks` is what is credited by the commission rule, `told_kopecks` what the
    provider counts (its description's field: its refunds and its lists are in these kopecks),
    `gross_kopecks` what the payer paid, and `fee_kopecks` what the provider keeps.
    `refunded_kopecks` is what its refunds that succeeded took from what was credited, and
    `told_back_kopecks` the same as the provider counts it; all of both means REVERSED.
    """

    class State(models.TextChoices):
        """Life of a payment."""

        CREATED = "CREATED"
        PENDING = "PENDING"
        CONFIRMED = "CONFIRMED"
        REVERSED = "REVERSED"
        FAILED = "FAILED"
        CANCELLED = "CANCELLED"

    account = models.ForeignKey(
        "billing.LedgerAccount", null=True, on_delete=models.PROTECT, related_name="payments"
    )
    channel = models.CharField(max_length=24)
    merchant = models.ForeignKey(
        MerchantAccount, null=True, on_delete=models.PROTECT, related_name="payments"
    )
    endpoint = models.CharField(max_length=24, blank=True, default="")
    space = models.CharField(max_length=24, blank=True, default="")
    external_id = models.CharField(max_length=100, null=True)
    order_number = models.CharField(max_length=40, null=True)
    request_hash = models.BinaryField(max_length=32, default=bytes)
    account_code = models.CharField(max_length=64, blank=True, default="")
    service_code = models.CharField(max_length=40, blank=True, default="")
    amount_kopecks = models.BigIntegerField()
    told_kopecks = models.BigIntegerField()
    gross_kopecks = models.BigIntegerField(null=True)
    fee_kopecks = models.BigIntegerField(default=0)
    refunded_kopecks = models.BigIntegerField(default=0)
    told_back_kopecks = models.BigIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State.choices)
    paid_at = models.DateTimeField()
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    created_by = models.CharField(max_length=150, blank=True, default="")
    comment = models.CharField(max_length=300, blank=True, default="")
    details = models.JSONField(default=dict)
    journal_id = models.BigIntegerField(null=True, unique=True)
    reversal_journal_id = models.BigIntegerField(null=True, unique=True)
    transferred_to = models.ForeignKey(
        "billing.LedgerAccount",
        null=True,
        on_delete=models.PROTECT,
        related_name="payments_moved_here",
    )
    transfer_journal_id = models.BigIntegerField(null=True, unique=True)

    class Meta:
        db_table = "billing_payment"
        indexes = [
            models.Index(fields=["account", "-id"], name="billing_payment_account"),
            models.Index(
                fields=["merchant", "paid_at"],
                name="billing_payment_paid",
                condition=Q(merchant__isnull=False),
            ),
            models.Index(
                fields=["-id"],
                name="billing_payment_unallocated",
                condition=Q(state="CONFIRMED", account__isnull=True, transferred_to__isnull=True),
            ),
            models.Index(
                fields=["created_at"],
                name="billing_payment_open",
                condition=Q(state__in=["CREATED", "PENDING"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                condition=Q(merchant__isnull=True),
                name="billing_payment_external",
            ),
            models.UniqueConstraint(
                fields=["merchant", "space", "external_id"],
                condition=Q(merchant__isnull=False, external_id__isnull=False),
                name="billing_payment_provider_key",
            ),
            models.UniqueConstraint(
                fields=["merchant", "order_number"],
                condition=Q(order_number__isnull=False),
                name="billing_payment_order",
            ),
            models.CheckConstraint(
                condition=Q(amount_kopecks__gt=0), name="billing_payment_amount"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "CREATED",
                        "PENDING",
                        "CONFIRMED",
                        "REVERSED",
                        "FAILED",
                        "CANCELLED",
                    ]
                ),
                name="billing_payment_state",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["CONFIRMED", "REVERSED"])
                | Q(journal_id__isnull=False, external_id__isnull=False),
                name="billing_payment_journal",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["CONFIRMED", "REVERSED"]) | Q(journal_id__isnull=True),
                name="billing_payment_no_journal",
            ),
            models.CheckConstraint(
                condition=Q(state="REVERSED", refunded_kopecks=F("amount_kopecks"))
                | Q(
                    state="CONFIRMED",
                    refunded_kopecks__gte=0,
                    refunded_kopecks__lt=F("amount_kopecks"),
                )
                | Q(state__in=["CREATED", "PENDING", "FAILED", "CANCELLED"], refunded_kopecks=0),
                name="billing_payment_refunded",
            ),
            models.CheckConstraint(
                condition=Q(state="REVERSED", told_back_kopecks=F("told_kopecks"))
                | Q(
                    state="CONFIRMED",
                    told_back_kopecks__gte=0,
                    told_back_kopecks__lt=F("told_kopecks"),
                )
                | Q(
                    state__in=["CREATED", "PENDING", "FAILED", "CANCELLED"],
                    told_kopecks__gt=0,
                    told_back_kopecks=0,
                ),
                name="billing_payment_told_back",
            ),
            models.CheckConstraint(
                condition=Q(transferred_to__isnull=True, transfer_journal_id__isnull=True)
                | Q(
                    state__in=["CONFIRMED", "REVERSED"],
                    transferred_to__isnull=False,
                    transfer_journal_id__isnull=False,
                ),
                name="billing_payment_transfer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.external_id} {self.amount_kopecks}"

    @property
    def holder_id(self) -> int | None:
        """The account on which the money stands now."""
        return self.transferred_to_id or self.account_id

    @property
    def told_left_kopecks(self) -> int:
        """What has not gone back yet, as the provider counts it."""
        return self.told_kopecks - self.told_back_kopecks

    def taken_by(self, told_kopecks: int) -> int:
        """What a part that goes back takes from what was credited, in kopecks.

        In proportion, by the sum of all parts so far, so that no rounding adds up: the last part
        takes the rest, and all parts together are the whole.
        """
        back = self.told_back_kopecks + told_kopecks
        if back == self.told_kopecks:
            return self.amount_kopecks - self.refunded_kopecks
        share = (2 * self.amount_kopecks * back + self.told_kopecks) // (2 * self.told_kopecks)
        return max(0, min(share, self.amount_kopecks - 1) - self.refunded_kopecks)

    @property
    def is_unallocated(self) -> bool:
        """Whether the money is here and nobody knows whose it is."""
        return self.state == self.State.CONFIRMED and self.holder_id is None

    @property
    def receipt_number(self) -> str:
        """What is printed on the receipt: unique over all channels."""
        return f"{self.id:08d}"


class PaymentAttempt(models.Model):
    """One try of a client to pay an order at a provider: an invoice, a form that was given out.

    CREATED → SENT → SUCCEEDED, FAILED, UNKNOWN (asked until it is known). `provider_ref` is the
    provider's id of the invoice. `version_at`: the time of the last message about it that counted.
    `asked_at`: when its provider was asked about it last, `ask_due_at`: when it is to be asked next
    because of a hint.
    """

    class State(models.TextChoices):
        """How it went."""

        CREATED = "CREATED"
        SENT = "SENT"
        SUCCEEDED = "SUCCEEDED"
        FAILED = "FAILED"
        UNKNOWN = "UNKNOWN"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="attempts")
    client = models.CharField(max_length=24)
    state = models.CharField(max_length=9, choices=State.choices)
    provider_ref = models.CharField(max_length=100, blank=True, default="")
    url = models.TextField(blank=True, default="")
    fields = models.JSONField(default=list)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    ask_due_at = models.DateTimeField(null=True)
    version_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "billing_payment_attempt"
        indexes = [
            models.Index(
                fields=["provider_ref"],
                name="billing_attempt_ref",
                condition=~Q(provider_ref=""),
            ),
            models.Index(
                fields=["created_at"],
                name="billing_attempt_open",
                condition=Q(state__in=["CREATED", "SENT", "UNKNOWN"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["CREATED", "SENT", "SUCCEEDED", "FAILED", "UNKNOWN"]),
                name="billing_attempt_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.client} {self.state}"


class Refund(models.Model):
    """Money of a payment that went back, all or part: told by the provider, or asked for by us.

    The idempotency of the other direction: `key` is unique in the merchant's `space`.
    CREATED → SENT → SUCCEEDED, FAILED, UNKNOWN (asked until it is known). WAITS: a large one, until
    a second person lets it be sent; `approved_by` never is `asked_by`. HEARD: told before its
    payment, and posted when that comes. FAILED becomes SUCCEEDED when the provider says so after
    all; SUCCEEDED is the end. `told_kopecks` is what the payer gets back, as the provider counts,
    `amount_kopecks` what of the credited money that takes (nothing, for a part smaller than the
    commission's rounding). Only SUCCEEDED has a journal, always a new one in the open month,
    whatever month the payment is of. `settled_by`: who decided how it ended, when nobody told.
    """

    class Kind(models.TextChoices):
        """Whose wish it was."""

        PROVIDER = "PROVIDER"
        OURS = "OURS"

    class State(models.TextChoices):
        """How it went."""

        CREATED = "CREATED"
        SENT = "SENT"
        SUCCEEDED = "SUCCEEDED"
        FAILED = "FAILED"
        UNKNOWN = "UNKNOWN"
        HEARD = "HEARD"
        WAITS = "WAITS"

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    merchant = models.ForeignKey(
        MerchantAccount, null=True, on_delete=models.PROTECT, related_name="refunds"
    )
    space = models.CharField(max_length=24, blank=True, default="")
    key = models.CharField(max_length=140)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices)
    amount_kopecks = models.BigIntegerField()
    told_kopecks = models.BigIntegerField()
    reason = models.CharField(max_length=300, blank=True, default="")
    external_id = models.CharField(max_length=100, blank=True, default="")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, default="")
    settled_by = models.CharField(max_length=150, blank=True, default="")
    journal_id = models.BigIntegerField(null=True, unique=True)

    class Meta:
        db_table = "billing_payment_refund"
        indexes = [
            models.Index(
                fields=["created_at"],
                name="billing_refund_open",
                condition=Q(state__in=["CREATED", "SENT", "UNKNOWN", "HEARD", "WAITS"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "space", "key"],
                nulls_distinct=False,
                name="billing_refund_key",
            ),
            models.CheckConstraint(
                condition=Q(amount_kopecks__gte=0, told_kopecks__gt=0),
                name="billing_refund_amount",
            ),
            models.CheckConstraint(
                condition=Q(state="SUCCEEDED", journal_id__isnull=False, finished_at__isnull=False)
                | Q(
                    state="SUCCEEDED",
                    amount_kopecks=0,
                    journal_id__isnull=True,
                    finished_at__isnull=False,
                )
                | (
                    Q(state__in=["CREATED", "SENT", "FAILED", "UNKNOWN", "HEARD", "WAITS"])
                    & Q(journal_id__isnull=True)
                ),
                name="billing_refund_journal",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["PROVIDER", "OURS"]), name="billing_refund_kind"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("asked_by")),
                name="billing_refund_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.amount_kopecks} {self.state}"


class PaymentEvent(models.Model):
    """One thing heard or done about a payment, raw, in order; append-only."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=24)
    actor = models.CharField(max_length=150)
    details = models.JSONField(default=dict)

    class Meta:
        db_table = "billing_payment_event"
        indexes = [
            models.Index(
                fields=["payment", "id"],
                name="billing_event_conflict",
                condition=Q(kind__in=["CONFLICT", "CONFLICT_SEEN"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.kind}"
