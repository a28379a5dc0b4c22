"""A speed for a while, beside the tariff."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from billing.models import Subscription


class ScheduleMark(models.Model):
    """How far what changes by itself was acted on (`network.dated`): one row, number 1."""

    looked_at = models.DateTimeField()

    class Meta:
        db_table = "network_schedule_mark"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="network_schedule_mark_one")
        ]

    def __str__(self) -> str:
        return f"{self.looked_at:%Y-%m-%d %H:%M:%S}"


class TemporarySpeed(models.Model):
    """Another speed of a service over a span of time, given by staff; it ends by itself.

    Like "an hour of 500 Mbit/s while we look for the fault". The speed is read with the decision,
    so a restart loses nothing. `settled_at`: when the end of the span was acted on.
    """

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="temporary_speeds"
    )
    speed_down_bit_s = models.BigIntegerField()
    speed_up_bit_s = models.BigIntegerField()
    during = DateTimeRangeField()
    reason = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=150, blank=True, default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "network_temporary_speed"
        constraints = [
            ExclusionConstraint(
                name="network_temporary_speed_one_at_a_time",
                expressions=[
                    ("subscription", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=models.Q(speed_down_bit_s__gt=0, speed_up_bit_s__gt=0),
                name="network_temporary_speed_positive",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="network_temporary_speed_open",
                condition=models.Q(settled_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.speed_down_bit_s} / {self.speed_up_bit_s}"
