"""Lists of payments from providers (registers), row by row beside ours."""

from django.db import models
from django.db.models import Q

from billing.payments.models.merchant import MerchantAccount
from billing.payments.models.payment import Payment


class ProviderRegister(models.Model):
    """A list of payments as a provider has them: pushed to us, pulled, served, or from a file.

    `name` is the provider's number of the list, or the span that was asked for: the same list again
    replaces nothing, it is the same register. `is_complete`: what is not in it was not paid.
    `space`: whose payment ids its rows have; empty in old ones, that may name payments of any.
    """

    class Source(models.TextChoices):
        """How it came."""

        PUSHED = "PUSHED"
        PULLED = "PULLED"
        FILE = "FILE"

    merchant = models.ForeignKey(
        MerchantAccount, on_delete=models.PROTECT, related_name="registers"
    )
    name = models.CharField(max_length=100)
    source = models.CharField(max_length=6, choices=Source.choices)
    space = models.CharField(max_length=24, blank=True, default="")
    start_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    total_kopecks = models.BigIntegerField(null=True)
    is_complete = models.BooleanField(default=True)
    received_at = models.DateTimeField()

    class Meta:
        db_table = "billing_provider_register"
        constraints = [
            models.UniqueConstraint(fields=["merchant", "name"], name="billing_register_once"),
            models.CheckConstraint(
                condition=Q(source__in=["PUSHED", "PULLED", "FILE"]),
                name="billing_register_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id}: {self.name}"


class ProviderRegisterRow(models.Model):
    """One payment of a register, and ours that it was matched with.

    `copy`: a list that has one number twice has the second row as copy 1. Which of them is whose
    money, people decide: posted, it is a payment of its own under `payment_key`.
    """

    class Outcome(models.TextChoices):
        """What the comparison says."""

        MATCHED = "MATCHED"
        MISSING_HERE = "MISSING_HERE"
        AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
        ACCOUNT_DIFFERS = "ACCOUNT_DIFFERS"
        NOT_CREDITED = "NOT_CREDITED"

    register = models.ForeignKey(ProviderRegister, on_delete=models.PROTECT, related_name="rows")
    key = models.CharField(max_length=100)
    reference = models.CharField(max_length=100, blank=True, default="")
    account_code = models.CharField(max_length=64, blank=True, default="")
    amount_kopecks = models.BigIntegerField()
    is_reversal = models.BooleanField(default=False)
    copy = models.PositiveSmallIntegerField(default=0)
    paid_at = models.DateTimeField(null=True)
    details = models.JSONField(default=dict)
    outcome = models.CharField(max_length=15, choices=Outcome.choices)
    payment = models.ForeignKey(
        Payment, null=True, on_delete=models.PROTECT, related_name="register_rows"
    )

    class Meta:
        db_table = "billing_provider_register_row"
        constraints = [
            models.UniqueConstraint(
                fields=["register", "key", "is_reversal", "copy"],
                name="billing_register_row_once",
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=[
                        "MATCHED",
                        "MISSING_HERE",
                        "AMOUNT_DIFFERS",
                        "ACCOUNT_DIFFERS",
                        "NOT_CREDITED",
                    ]
                ),
                name="billing_register_row_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment_key}: {self.outcome}"

    @property
    def payment_key(self) -> str:
        """The number under which a payment of this row is credited."""
        return f"{self.key}:{self.copy + 1}" if self.copy else self.key
