"""Tariffs, their dated versions, and the rules that price them by place."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from coverage.models import AdminUnit, NetworkType, Zone


class Tariff(models.Model):
    """A sold product ("Дім 300"): what it is changes by version, where and how much by rule."""

    class ServiceType(models.TextChoices):
        """Kind of service."""

        INTERNET = "INTERNET"
        TV = "TV"
        TELEPHONY = "TELEPHONY"
        RENT = "RENT"
        ONE_OFF = "ONE_OFF"
        ADDITIONAL = "ADDITIONAL"

    code = models.SlugField(max_length=40, unique=True)
    service_type = models.CharField(max_length=10, choices=ServiceType.choices)
    name_uk = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    description_uk = models.CharField(max_length=300, blank=True, default="")
    description_en = models.CharField(max_length=300, blank=True, default="")
    is_public = models.BooleanField(default=True)
    sort = models.PositiveSmallIntegerField(default=100)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "billing_tariff"

    def __str__(self) -> str:
        return self.code

    @property
    def is_addon(self) -> bool:
        """Whether it is sold only beside a main service."""
        return self.service_type in {self.ServiceType.ADDITIONAL, self.ServiceType.RENT}


class TariffVersion(models.Model):
    """The terms of a tariff from a date on: how it is charged, its speed, its policy.

    New subscriptions get the newest published version with `applies_from` <= the day; existing
    ones move to it on `applies_existing_from` (null: they keep theirs). Speeds in bit/s.
    """

    class ChargeType(models.TextChoices):
        """R2 and R3 of the ledger rules. DAILY: the month's price in daily parts."""

        DAILY = "DAILY"
        MONTHLY_PREPAID = "MONTHLY_PREPAID"
        ONE_OFF = "ONE_OFF"

    class FundsPolicy(models.TextChoices):
        """What happens when the money is not enough (R6)."""

        BLOCK = "BLOCK"
        ALLOW = "ALLOW"

    class ResumeRule(models.TextChoices):
        """When a blocked monthly service is paid again (R7)."""

        RESUME_CALENDAR = "RESUME_CALENDAR"
        NEW_ANCHOR = "NEW_ANCHOR"

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    applies_from = models.DateField()
    applies_existing_from = models.DateField(null=True)
    charge_type = models.CharField(max_length=15, choices=ChargeType.choices)
    funds_policy = models.CharField(
        max_length=5, choices=FundsPolicy.choices, default=FundsPolicy.BLOCK
    )
    resume_rule = models.CharField(
        max_length=15, choices=ResumeRule.choices, default=ResumeRule.RESUME_CALENDAR
    )
    charge_when_blocked = models.BooleanField(default=False)
    pausable = models.BooleanField(default=True)
    speed_down_bit_s = models.BigIntegerField(null=True)
    speed_up_bit_s = models.BigIntegerField(null=True)
    vat_rate_bp = models.PositiveIntegerField(default=0)
    revenue_account_code = models.CharField(max_length=40)
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "billing_tariff_version"
        constraints = [
            models.UniqueConstraint(
                fields=["tariff", "version"], name="billing_tariff_version_once"
            ),
            models.UniqueConstraint(
                fields=["tariff", "applies_from"],
                name="billing_tariff_version_from",
                condition=Q(published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff_id} v{self.version}"


class PriceRule(models.Model):
    """The price of a tariff in a place: one zone, one administrative unit, or everywhere.

    Resolution: zone > deepest administrative unit > default; inside a level an explicit network
    type beats none, then segment, then the newest `valid` start. No rule: not sold there. The price
    is per calendar month (DAILY and MONTHLY_PREPAID) or for the whole (ONE_OFF), in kopecks.
    """

    class Level(models.TextChoices):
        """How narrow the rule is."""

        ZONE = "ZONE"
        LOCALITY = "LOCALITY"
        DEFAULT = "DEFAULT"

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="price_rules")
    level = models.CharField(max_length=8, choices=Level.choices)
    zone = models.ForeignKey(Zone, null=True, on_delete=models.PROTECT, related_name="+")
    admin_unit = models.ForeignKey(AdminUnit, null=True, on_delete=models.PROTECT, related_name="+")
    network_type = models.CharField(
        max_length=8, choices=NetworkType.choices, blank=True, default=""
    )
    segment = models.CharField(max_length=24, blank=True, default="")
    price_kopecks = models.BigIntegerField()
    connection_fee_kopecks = models.BigIntegerField(default=0)
    valid = DateRangeField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "billing_price_rule"
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(level="ZONE", zone__isnull=False, admin_unit__isnull=True)
                    | Q(level="LOCALITY", zone__isnull=True, admin_unit__isnull=False)
                    | Q(level="DEFAULT", zone__isnull=True, admin_unit__isnull=True)
                ),
                name="billing_price_rule_target",
            ),
            models.CheckConstraint(
                condition=Q(price_kopecks__gt=0, connection_fee_kopecks__gte=0),
                name="billing_price_rule_amount",
            ),
            ExclusionConstraint(
                name="billing_price_rule_no_tie",
                expressions=[
                    ("tariff", RangeOperators.EQUAL),
                    ("level", RangeOperators.EQUAL),
                    (Coalesce("zone", 0), RangeOperators.EQUAL),
                    (Coalesce("admin_unit", 0), RangeOperators.EQUAL),
                    ("network_type", RangeOperators.EQUAL),
                    ("segment", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff_id} {self.level}: {self.price_kopecks}"
