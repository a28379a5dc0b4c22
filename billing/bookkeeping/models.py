"""What people did, or want to do, with a client's money; and what became of the provider's own."""

from django.db import models
from django.db.models import F, Q

from billing.payments.models import Payment
from billing.subscriptions.models import Subscription
from project.core.models import User

KINDS = ("ADJUSTMENT", "REFUND", "WRITE_OFF", "TRANSFER", "CORRECTION", "REVERSAL")
STATES = ("PENDING", "POSTED", "REFUSED", "WITHDRAWN")


class MoneyOperation(models.Model):
    """One operation of a person with the money of one account, from the asking to its journal.

    PENDING → POSTED, or REFUSED (by a second person), WITHDRAWN (by whoever asked). Small ones are
    POSTED at once. What was asked for never changes; a decided operation never changes at all
    (sql/money_operation_guards.sql). The person who decides is never the one who asked.

    `amount_kopecks` is what it does to `account`: plus is money in. `month` is the first day of the
    month that a CORRECTION is about, `facts` what was right in it. `reverses` is the earlier
    operation that a REVERSAL takes back; a REVERSAL with `payment` alone takes back the payment.
    """

    class Kind(models.TextChoices):
        """What is done."""

        ADJUSTMENT = "ADJUSTMENT"
        REFUND = "REFUND"
        WRITE_OFF = "WRITE_OFF"
        TRANSFER = "TRANSFER"
        CORRECTION = "CORRECTION"
        REVERSAL = "REVERSAL"

    class State(models.TextChoices):
        """How far it has come."""

        PENDING = "PENDING"
        POSTED = "POSTED"
        REFUSED = "REFUSED"
        WITHDRAWN = "WITHDRAWN"

    class Method(models.TextChoices):
        """How a REFUND reaches the client."""

        CASH = "CASH"
        BANK = "BANK"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=9, choices=State.choices)
    account = models.ForeignKey(
        "billing.LedgerAccount", on_delete=models.PROTECT, related_name="money_operations"
    )
    amount_kopecks = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    method = models.CharField(max_length=4, choices=Method.choices, blank=True, default="")
    to_account = models.ForeignKey(
        "billing.LedgerAccount", null=True, on_delete=models.PROTECT, related_name="+"
    )
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="+")
    reverses = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+"
    )
    month = models.DateField(null=True)
    facts = models.JSONField(default=dict)
    idempotency_key = models.CharField(max_length=64, unique=True)
    needs_second_person = models.BooleanField()
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_by_label = models.CharField(max_length=150)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by_label = models.CharField(max_length=150, blank=True, default="")
    decision_comment = models.CharField(max_length=300, blank=True, default="")
    posted_at = models.DateTimeField(null=True)
    journal_id = models.BigIntegerField(null=True, unique=True)

    class Meta:
        db_table = "billing_money_operation"
        indexes = [
            models.Index(fields=["account", "-id"], name="billing_money_op_account"),
            models.Index(
                fields=["id"], name="billing_money_op_pending", condition=Q(state="PENDING")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=KINDS), name="billing_money_operation_kind"
            ),
            models.CheckConstraint(
                condition=Q(state__in=STATES), name="billing_money_operation_state"
            ),
            models.CheckConstraint(
                condition=~Q(amount_kopecks=0), name="billing_money_operation_amount"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="billing_money_operation_reason"),
            models.CheckConstraint(
                condition=Q(state="POSTED", journal_id__isnull=False, posted_at__isnull=False)
                | (~Q(state="POSTED") & Q(journal_id__isnull=True, posted_at__isnull=True)),
                name="billing_money_operation_posted",
            ),
            models.CheckConstraint(
                condition=Q(needs_second_person=True) | Q(state="POSTED", decided_by__isnull=True),
                name="billing_money_operation_small",
            ),
            models.CheckConstraint(
                condition=Q(needs_second_person=False)
                | Q(state__in=["PENDING", "WITHDRAWN"])
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("asked_by"))),
                name="billing_money_operation_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(kind="TRANSFER", to_account__isnull=False, payment__isnull=False)
                | (~Q(kind="TRANSFER") & Q(to_account__isnull=True)),
                name="billing_money_operation_transfer",
            ),
            models.CheckConstraint(
                condition=Q(kind="TRANSFER", reverses__isnull=True)
                | Q(kind="REVERSAL", payment__isnull=False, reverses__isnull=True)
                | Q(kind="REVERSAL", payment__isnull=True, reverses__isnull=False)
                | (
                    ~Q(kind__in=["TRANSFER", "REVERSAL"])
                    & Q(payment__isnull=True, reverses__isnull=True)
                ),
                name="billing_money_operation_what",
            ),
            models.CheckConstraint(
                condition=Q(kind="CORRECTION", month__day=1, subscription__isnull=False)
                | (~Q(kind="CORRECTION") & Q(month__isnull=True, subscription__isnull=True)),
                name="billing_money_operation_month",
            ),
            models.CheckConstraint(
                condition=Q(kind="REFUND", method__in=["CASH", "BANK"], amount_kopecks__lt=0)
                | (~Q(kind="REFUND") & Q(method="")),
                name="billing_money_operation_refund",
            ),
            models.UniqueConstraint(
                fields=["reverses"],
                condition=Q(state__in=["PENDING", "POSTED"]),
                name="billing_money_operation_reversed_once",
            ),
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(state="PENDING"),
                name="billing_money_operation_payment_waits",
            ),
            models.UniqueConstraint(
                fields=["subscription", "month"],
                condition=Q(state="PENDING"),
                name="billing_money_operation_month_waits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.kind} {self.state} {self.amount_kopecks}"


class OwnMove(models.Model):
    """Money that went from one of the provider's own accounts to another, as a paper says.

    REFUND_PAID: a `refund` by bank has left our bank account. CASH_BANKED: the cash of the cash
    desk was taken to the bank; `till_refunds_kopecks` of the cash had gone back to clients before.
    `bank_kopecks` is what it did to our bank account: plus is money in. `reference` is the number
    of the bank's paper, `of_date` its day. One that was wrong is taken back by the reversal of its
    journal, and stays; nothing else of it ever changes (sql/own_move_guards.sql).
    """

    class Kind(models.TextChoices):
        """What happened."""

        REFUND_PAID = "REFUND_PAID"
        CASH_BANKED = "CASH_BANKED"

    kind = models.CharField(max_length=11, choices=Kind.choices)
    refund = models.ForeignKey(
        MoneyOperation, null=True, on_delete=models.PROTECT, related_name="payouts"
    )
    bank_kopecks = models.BigIntegerField()
    till_refunds_kopecks = models.BigIntegerField(default=0)
    reference = models.CharField(max_length=60)
    of_date = models.DateField()
    journal_id = models.BigIntegerField(unique=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    reversal_journal_id = models.BigIntegerField(null=True, unique=True)
    reversed_at = models.DateTimeField(null=True)
    reversed_by = models.CharField(max_length=150, blank=True, default="")
    reversal_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "billing_own_move"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="REFUND_PAID",
                    refund__isnull=False,
                    bank_kopecks__lt=0,
                    till_refunds_kopecks=0,
                )
                | Q(
                    kind="CASH_BANKED",
                    refund__isnull=True,
                    bank_kopecks__gte=0,
                    till_refunds_kopecks__gte=-F("bank_kopecks") + 1,
                ),
                name="billing_own_move_kind",
            ),
            models.CheckConstraint(
                condition=Q(till_refunds_kopecks__gte=0), name="billing_own_move_till"
            ),
            models.CheckConstraint(condition=~Q(reference=""), name="billing_own_move_named"),
            models.CheckConstraint(
                condition=Q(reversal_journal_id__isnull=True, reversed_at__isnull=True)
                | (
                    Q(reversal_journal_id__isnull=False, reversed_at__isnull=False)
                    & ~Q(reversal_reason="")
                ),
                name="billing_own_move_reversal",
            ),
            models.UniqueConstraint(
                fields=["refund"],
                condition=Q(reversal_journal_id__isnull=True),
                name="billing_own_move_paid_once",
            ),
            models.UniqueConstraint(
                fields=["reference", "of_date"],
                condition=Q(kind="CASH_BANKED", reversal_journal_id__isnull=True),
                name="billing_own_move_banked_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.kind} {self.bank_kopecks} {self.reference}"
