"""Who receives the money: legal entities, and their accounts at payment providers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class LegalEntity(models.Model):
    """A company or entrepreneur (ФОП) that provides services and receives their money.

    One is the default: it serves whatever no area says otherwise.
    """

    name = models.CharField(max_length=200)
    edrpou = models.CharField(max_length=10, blank=True, default="")
    iban = models.CharField(max_length=34, blank=True, default="")
    bank_name = models.CharField(max_length=120, blank=True, default="")
    mfo = models.CharField(max_length=6, blank=True, default="")
    is_default = models.BooleanField(default=False)

    class Meta:
        db_table = "billing_legal_entity"
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True),
                name="billing_legal_entity_one_default",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="billing_legal_entity_name"),
        ]

    def __str__(self) -> str:
        return self.name


class LegalEntityArea(models.Model):
    """An administrative unit in which a legal entity serves; the deepest one that is set counts."""

    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="areas")
    admin_unit = models.OneToOneField(
        "coverage.AdminUnit", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        db_table = "billing_legal_entity_area"

    def __str__(self) -> str:
        return f"{self.legal_entity_id}: {self.admin_unit_id}"


class MerchantAccount(models.Model):
    """An account of a legal entity at a payment provider: its address with us, keys and rules.

    `slug` is the last part of the address that the provider calls: `/pay/<provider>/<slug>`; one
    that cannot be guessed protects protocols without a signature. `settings` holds what is no
    secret, `secrets_encrypted` the rest (`project.core.crypto`). `networks`: from where it may be
    called, empty for anywhere. `version` counts changes, so that a process knows when to read the
    secrets anew. What is credited of a payment is `commission`: the amount that the payer paid
    (GROSS), the net field of the message (NET_FIELD), or the amount less `commission_bp` (PERCENT).
    """

    class Commission(models.TextChoices):
        """What is credited."""

        DEFAULT = "DEFAULT"
        GROSS = "GROSS"
        NET_FIELD = "NET_FIELD"
        PERCENT = "PERCENT"

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="merchant_accounts"
    )
    provider = models.CharField(max_length=24)
    slug = models.CharField(max_length=64)
    title = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    settings = models.JSONField(default=dict)
    secrets_encrypted = models.BinaryField(default=bytes)
    networks = ArrayField(models.CharField(max_length=43), default=list)
    base_url = models.CharField(max_length=200, blank=True, default="")
    commission = models.CharField(
        max_length=9, choices=Commission.choices, default=Commission.DEFAULT
    )
    commission_bp = models.PositiveSmallIntegerField(default=0)
    min_kopecks = models.BigIntegerField(default=100)
    max_kopecks = models.BigIntegerField(default=15_000_000)
    keeps_unknown = models.BooleanField(default=False)
    clearing_code = models.CharField(max_length=40, unique=True)
    clearing_account_id = models.BigIntegerField()
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "billing_merchant_account"
        constraints = [
            models.UniqueConstraint(fields=["provider", "slug"], name="billing_merchant_address"),
            models.CheckConstraint(
                condition=Q(min_kopecks__gt=0, max_kopecks__gte=models.F("min_kopecks")),
                name="billing_merchant_limits",
            ),
            models.CheckConstraint(
                condition=Q(commission__in=["DEFAULT", "GROSS", "NET_FIELD", "PERCENT"]),
                name="billing_merchant_commission",
            ),
            models.CheckConstraint(
                condition=Q(commission_bp__lte=5_000), name="billing_merchant_commission_bp"
            ),
            models.CheckConstraint(
                condition=~Q(slug="") & ~Q(provider=""), name="billing_merchant_named"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}/{self.slug}"
