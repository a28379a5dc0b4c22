"""What a payment system has brought to the bank, and what we dispute with it."""

from django.db import models
from django.db.models import F, Q

from billing.payments.models.merchant import MerchantAccount
from billing.payments.models.payment import Payment
from billing.payments.models.register import ProviderRegisterRow


class Settlement(models.Model):
    """One transfer of a payment system to our bank: what came, and what it kept as its fee.

    Its journal takes both off the clearing account of the merchant account. `reference` is the
    bank's number of the transfer; the same one is posted once. `bank_kopecks` below zero: more went
    back to payers than came in, and the payment system took the rest from us. One that was wrong is
    taken back by the reversal of its journal, and stays.
    """

    merchant = models.ForeignKey(
        MerchantAccount, on_delete=models.PROTECT, related_name="settlements"
    )
    on_date = models.DateField()
    reference = models.CharField(max_length=60)
    bank_kopecks = models.BigIntegerField()
    fee_kopecks = models.BigIntegerField(default=0)
    journal_id = models.BigIntegerField(unique=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    reversal_journal_id = models.BigIntegerField(null=True, unique=True)
    reversed_at = models.DateTimeField(null=True)
    reversed_by = models.CharField(max_length=150, blank=True, default="")
    reversal_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "billing_settlement"
        constraints = [
            models.UniqueConstraint(
                fields=["merchant", "reference"],
                condition=Q(reversal_journal_id__isnull=True),
                name="billing_settlement_once",
            ),
            models.CheckConstraint(
                condition=Q(fee_kopecks__gte=0) & ~Q(bank_kopecks=-F("fee_kopecks")),
                name="billing_settlement_amounts",
            ),
            models.CheckConstraint(
                condition=Q(reversal_journal_id__isnull=True, reversed_at__isnull=True)
                | (
                    Q(reversal_journal_id__isnull=False, reversed_at__isnull=False)
                    & ~Q(reversal_reason="")
                ),
                name="billing_settlement_reversal",
            ),
            models.CheckConstraint(condition=~Q(reference=""), name="billing_settlement_named"),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.on_date}: {self.bank_kopecks}"


class ProviderDispute(models.Model):
    """A difference that is being cleared up with a payment system; of a row, or of a payment."""

    merchant = models.ForeignKey(MerchantAccount, on_delete=models.PROTECT, related_name="disputes")
    on_date = models.DateField()
    row = models.ForeignKey(
        ProviderRegisterRow, null=True, on_delete=models.PROTECT, related_name="disputes"
    )
    payment = models.ForeignKey(
        Payment, null=True, on_delete=models.PROTECT, related_name="disputes"
    )
    outcome = models.CharField(max_length=15)
    comment = models.CharField(max_length=300)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=150)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=150, blank=True, default="")
    resolution = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "billing_provider_dispute"
        constraints = [
            models.UniqueConstraint(
                fields=["row"],
                condition=Q(row__isnull=False, closed_at__isnull=True),
                name="billing_dispute_of_row",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(row__isnull=True, closed_at__isnull=True),
                name="billing_dispute_of_payment",
            ),
            models.CheckConstraint(
                condition=Q(row__isnull=False) | Q(payment__isnull=False),
                name="billing_dispute_about",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} {self.on_date}: {self.outcome}"
