"""What was said between providers and us, and salts that were used."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from billing.payments.models.merchant import MerchantAccount
from billing.payments.models.payment import Payment


class PaymentMessage(models.Model):
    """One exchange with a provider as it was on the wire, secrets masked; append-only.

    IN: the provider called us. OUT: we called the provider. `result` is the first answer that is no
    success, else OK; `verified` names the checks that the message passed; `reason` says, for us
    only, why it was refused.
    """

    class Direction(models.TextChoices):
        """Who called."""

        IN = "IN"
        OUT = "OUT"

    at = models.DateTimeField()
    direction = models.CharField(max_length=3, choices=Direction.choices)
    merchant = models.ForeignKey(MerchantAccount, on_delete=models.PROTECT, related_name="messages")
    endpoint = models.CharField(max_length=24)
    operation = models.CharField(max_length=40)
    payment = models.ForeignKey(
        Payment, null=True, on_delete=models.PROTECT, related_name="messages"
    )
    remote_ip = models.GenericIPAddressField(null=True)
    method = models.CharField(max_length=8)
    address = models.TextField()
    request_headers = models.JSONField(default=dict)
    request_body = models.TextField(blank=True, default="")
    status = models.PositiveSmallIntegerField(null=True)
    reply_body = models.TextField(blank=True, default="")
    result = models.CharField(max_length=20)
    verified = ArrayField(models.CharField(max_length=24), default=list)
    reason = models.CharField(max_length=300, blank=True, default="")
    duration_us = models.PositiveIntegerField()

    class Meta:
        db_table = "billing_payment_message"
        indexes = [
            models.Index(
                fields=["payment", "id"],
                name="billing_message_of_payment",
                condition=Q(payment__isnull=False),
            ),
            models.Index(fields=["merchant", "-id"], name="billing_message_of_merchant"),
            # Messages come in the order of their times: a summary of pages finds the last day's.
            BrinIndex(
                fields=["at"],
                name="billing_message_at",
                pages_per_range=32,
                autosummarize=True,
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(direction__in=["IN", "OUT"]), name="billing_message_direction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.merchant_id} {self.operation}: {self.result}"


class UsedNonce(models.Model):
    """A salt that a provider has used: again only in a message that says the same."""

    merchant = models.ForeignKey(
        MerchantAccount, on_delete=models.PROTECT, related_name="used_nonces"
    )
    value = models.CharField(max_length=128)
    says = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        db_table = "billing_used_nonce"
        constraints = [
            models.UniqueConstraint(fields=["merchant", "value"], name="billing_used_nonce_once"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id}: {self.value}"
