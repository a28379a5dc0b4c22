"""The closed double-entry ledger, written only by the posting function.

Imported by `billing.ledger` only (others refer to accounts by string foreign keys and ids).

Sign: the subscriber's view. Plus is money in, minus is a charge; control accounts carry the
opposite. The tables `ledger_*` are guarded in SQL (see `sql/`): append-only, legs of a journal sum
to zero, per-account hash chain, monthly partitions of `ledger_posting`.
"""

from django.db import models
from django.db.models import Q


class LedgerAccount(models.Model):
    """An account: a subscriber's, or one of the provider's control accounts.

    A subscriber account carries its contract number and holder name (set by crm through
    `billing.operations`), so that payment look-ups need no crm.
    """

    class Kind(models.TextChoices):
        """What stands on the account."""

        SUBSCRIBER = "SUBSCRIBER"
        CLEARING = "CLEARING"
        REVENUE = "REVENUE"
        TAX = "TAX"
        ADJUSTMENT = "ADJUSTMENT"
        SUSPENSE = "SUSPENSE"
        BAD_DEBT = "BAD_DEBT"

    code = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    currency = models.CharField(max_length=3, default="UAH")
    holder_name = models.CharField(max_length=200, blank=True, default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    parked_at = models.DateTimeField(null=True)
    parked_reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "ledger_account"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "SUBSCRIBER",
                        "CLEARING",
                        "REVENUE",
                        "TAX",
                        "ADJUSTMENT",
                        "SUSPENSE",
                        "BAD_DEBT",
                    ]
                ),
                name="ledger_account_kind",
            ),
            models.CheckConstraint(condition=~Q(code=""), name="ledger_account_code"),
            models.CheckConstraint(condition=Q(currency="UAH"), name="ledger_account_currency"),
        ]

    def __str__(self) -> str:
        return self.code


class LedgerBalance(models.Model):
    """The cached balance of one SUBSCRIBER account, changed by the posting statement itself."""

    account = models.OneToOneField(
        LedgerAccount, primary_key=True, on_delete=models.PROTECT, related_name="balance"
    )
    balance_kopecks = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)
    last_hash = models.BinaryField(max_length=32)
    stopped = models.BooleanField(default=False)  # parked or closed: takes no postings

    class Meta:
        db_table = "ledger_balance"

    def __str__(self) -> str:
        return f"{self.account_id}: {self.balance_kopecks}"


class LedgerJournal(models.Model):
    """One event in money: a payment, a chunk of a charge run, an adjustment, a reversal."""

    class Kind(models.TextChoices):
        """What happened."""

        PAYMENT = "PAYMENT"
        CHARGE = "CHARGE"
        REFUND = "REFUND"
        ADJUSTMENT = "ADJUSTMENT"
        REVERSAL = "REVERSAL"
        CORRECTION = "CORRECTION"
        TRANSFER = "TRANSFER"
        WRITE_OFF = "WRITE_OFF"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    value_date = models.DateField()
    posted_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=120)
    request_hash = models.BinaryField(max_length=32)
    actor = models.CharField(max_length=150)
    source = models.CharField(max_length=60)
    reverses = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    narrative = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "ledger_journal"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "PAYMENT",
                        "CHARGE",
                        "REFUND",
                        "ADJUSTMENT",
                        "REVERSAL",
                        "CORRECTION",
                        "TRANSFER",
                        "WRITE_OFF",
                    ]
                ),
                name="ledger_journal_kind",
            ),
            models.CheckConstraint(condition=~Q(idempotency_key=""), name="ledger_journal_key"),
            # Not `unique=True`, which makes a second index for LIKE: every payment would write it.
            models.UniqueConstraint(fields=["idempotency_key"], name="ledger_journal_once"),
            models.CheckConstraint(
                condition=Q(kind="REVERSAL", reverses__isnull=False)
                | (~Q(kind="REVERSAL") & Q(reverses__isnull=True)),
                name="ledger_journal_reverses",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.kind} {self.value_date}"


class LedgerPosting(models.Model):
    """One leg of a journal on one account (table partitioned by month of `value_date`, in SQL)."""

    id = models.BigIntegerField(primary_key=True)
    value_date = models.DateField()
    journal = models.ForeignKey(
        LedgerJournal, on_delete=models.PROTECT, related_name="postings", db_constraint=False
    )
    account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="postings", db_constraint=False
    )
    amount_kopecks = models.BigIntegerField()
    seq = models.BigIntegerField(null=True)
    balance_after_kopecks = models.BigIntegerField(null=True)
    subject_id = models.BigIntegerField(null=True)
    charge_code = models.CharField(max_length=24, null=True)
    occurrence = models.SmallIntegerField(default=0)
    charge_basis_id = models.BigIntegerField(null=True)
    corrects_id = models.BigIntegerField(null=True)
    hash = models.BinaryField(max_length=32, null=True)

    class Meta:
        db_table = "ledger_posting"
        managed = False

    def __str__(self) -> str:
        return f"{self.id}: {self.amount_kopecks}"


class LedgerSeal(models.Model):
    """The daily seal over every journal since the previous one, exported outside the database.

    Roots are chained, so a seal stands for the whole ledger up to `last_journal_id`.
    """

    day = models.DateField(primary_key=True)
    last_journal_id = models.BigIntegerField()
    postings = models.BigIntegerField()
    sum_debit_kopecks = models.BigIntegerField()
    sum_credit_kopecks = models.BigIntegerField()
    chain_root = models.BinaryField(max_length=32)
    previous_root = models.BinaryField(max_length=32)
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_seal"

    def __str__(self) -> str:
        return f"{self.day}"


class LedgerPeriod(models.Model):
    """A closed month: the post function refuses value dates inside it."""

    month = models.DateField(primary_key=True)
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=150)

    class Meta:
        db_table = "ledger_period"
        constraints = [
            models.CheckConstraint(condition=Q(month__day=1), name="ledger_period_first_day")
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
