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
    ones move to it on `applies_existing_from` (null: they keep theirs). Without `published_at` it
    is a draft (one a tariff at most) that nobody is sold or charged by. Speeds in bit/s.

    `night_*`: other speeds between two clock times in Kyiv, which may pass midnight. `burst_*`:
    speeds for the first seconds. `credit_kopecks`: how far below zero an account may go before it
    is out of money, for as long as it has this main service (R6). `pause_*`: limits of R8;
    `promise_*`: limits of R9 (`promise_max_kopecks` 0: none is given).
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
    night_from = models.TimeField(null=True)
    night_until = models.TimeField(null=True)
    night_down_bit_s = models.BigIntegerField(null=True)
    night_up_bit_s = models.BigIntegerField(null=True)
    burst_down_bit_s = models.BigIntegerField(null=True)
    burst_up_bit_s = models.BigIntegerField(null=True)
    burst_s = models.PositiveSmallIntegerField(null=True)
    credit_kopecks = models.BigIntegerField(default=0)
    pause_min_days = models.PositiveSmallIntegerField(default=1)
    pause_max_days = models.PositiveSmallIntegerField(default=183)
    pause_days_a_year = models.PositiveSmallIntegerField(null=True)
    pause_gap_days = models.PositiveSmallIntegerField(default=0)
    pause_fee_kopecks = models.BigIntegerField(default=0)
    promise_max_kopecks = models.BigIntegerField(default=0)
    promise_days = models.PositiveSmallIntegerField(default=5)
    promises_a_month = models.PositiveSmallIntegerField(default=1)
    promise_wait_days = models.PositiveSmallIntegerField(default=30)
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
            models.UniqueConstraint(
                fields=["tariff"],
                name="billing_tariff_version_one_draft",
                condition=Q(published_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(
                    night_from__isnull=True,
                    night_until__isnull=True,
                    night_down_bit_s__isnull=True,
                    night_up_bit_s__isnull=True,
                )
                | Q(
                    night_from__isnull=False,
                    night_until__isnull=False,
                    night_down_bit_s__isnull=False,
                    night_up_bit_s__isnull=False,
                ),
                name="billing_tariff_version_night",
            ),
            models.CheckConstraint(
                condition=Q(credit_kopecks__gte=0, pause_fee_kopecks__gte=0)
                & Q(promise_max_kopecks__gte=0, pause_min_days__gte=1)
                & Q(pause_max_days__gte=models.F("pause_min_days")),
                name="billing_tariff_version_limits",
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


TARGET_CONDITION = (
    Q(level="ZONE", zone__isnull=False, admin_unit__isnull=True)
    | Q(level="LOCALITY", zone__isnull=True, admin_unit__isnull=False)
    | Q(level="DEFAULT", zone__isnull=True, admin_unit__isnull=True)
)


class DraftPrice(models.Model):
    """A price that somebody prepares: tried by a what-if, it becomes a rule when it is published.

    `based_on` is the open rule of the same place that it would end, as it was when this was drawn
    up; another one by the time of publication is a conflict.
    """

    tariff = models.ForeignKey(Tariff, on_delete=models.CASCADE, related_name="draft_prices")
    level = models.CharField(max_length=8, choices=PriceRule.Level.choices)
    zone = models.ForeignKey(Zone, null=True, on_delete=models.PROTECT, related_name="+")
    admin_unit = models.ForeignKey(AdminUnit, null=True, on_delete=models.PROTECT, related_name="+")
    network_type = models.CharField(
        max_length=8, choices=NetworkType.choices, blank=True, default=""
    )
    segment = models.CharField(max_length=24, blank=True, default="")
    price_kopecks = models.BigIntegerField()
    connection_fee_kopecks = models.BigIntegerField(default=0)
    valid = DateRangeField()
    based_on = models.ForeignKey(PriceRule, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "billing_draft_price"
        constraints = [
            models.CheckConstraint(condition=TARGET_CONDITION, name="billing_draft_price_target"),
            models.CheckConstraint(
                condition=Q(price_kopecks__gt=0, connection_fee_kopecks__gte=0),
                name="billing_draft_price_amount",
            ),
            models.UniqueConstraint(
                fields=["tariff", "level", "zone", "admin_unit", "network_type", "segment"],
                name="billing_draft_price_place",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff_id} {self.level}: {self.price_kopecks}"


class Discount(models.Model):
    """So much off the price of one tariff, or of all, for a period, by zone or segment.

    One discount at a time: of those in force on a day the one that is worth most to the client.
    It lowers the month's price; the day's part is then counted by the rules (R2, R3). What it is
    worth never changes, only its last day may be set.
    """

    class Kind(models.TextChoices):
        """Of the price, or from the price."""

        PERCENT = "PERCENT"
        FIXED = "FIXED"

    name_uk = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    tariff = models.ForeignKey(
        Tariff, null=True, on_delete=models.PROTECT, related_name="discounts"
    )
    zone = models.ForeignKey(Zone, null=True, on_delete=models.PROTECT, related_name="+")
    segment = models.CharField(max_length=24, blank=True, default="")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    percent_bp = models.PositiveIntegerField(null=True)
    amount_kopecks = models.BigIntegerField(null=True)
    valid = DateRangeField()
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "billing_discount"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="PERCENT",
                    percent_bp__gt=0,
                    percent_bp__lte=10_000,
                    amount_kopecks__isnull=True,
                )
                | Q(kind="FIXED", percent_bp__isnull=True, amount_kopecks__gt=0),
                name="billing_discount_worth",
            ),
            models.CheckConstraint(
                condition=Q(valid__startswith__isnull=False, valid__endswith__isnull=False)
                & Q(valid__isempty=False),
                name="billing_discount_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.name_en}"
