"""Payments from any channel and what was heard about them."""

from django.db import models
from django.db.models import Q


class Payment(models.Model):
    """Money from a client through one channel.

    CREATED → PENDING → CONFIRMED → REVERSED, or FAILED, CANCELLED.

    `account` null while CONFIRMED is an unallocated payment: its journal credits suspense.
    `transferred_to`: the account that it was moved to afterwards, by the journal beside it.
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
    external_id = models.CharField(max_length=100)
    amount_kopecks = models.BigIntegerField()
    state = models.CharField(max_length=9, choices=State.choices)
    paid_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")
    comment = models.CharField(max_length=300, blank=True, default="")
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
        indexes = [models.Index(fields=["account", "-id"], name="billing_payment_account")]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"], name="billing_payment_external"
            ),
            models.CheckConstraint(
                condition=Q(amount_kopecks__gt=0), name="billing_payment_amount"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["CONFIRMED", "REVERSED"]) | Q(journal_id__isnull=False),
                name="billing_payment_journal",
            ),
            models.CheckConstraint(
                condition=Q(transferred_to__isnull=True, transfer_journal_id__isnull=True)
                | Q(
                    state="CONFIRMED",
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
    def receipt_number(self) -> str:
        """What is printed on the receipt: unique over all channels."""
        return f"{self.id:08d}"


class PaymentEvent(models.Model):
    """One thing heard or done about a payment, raw, in order; append-only."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=24)
    actor = models.CharField(max_length=150)
    details = models.JSONField(default=dict)

    class Meta:
        db_table = "billing_payment_event"

    def __str__(self) -> str:
        return f"{self.payment_id}: {self.kind}"
