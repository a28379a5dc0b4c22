"""IP pools and assignments."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models

from billing.models import Subscription
from coverage.models import AdminUnit, Zone


class IpPool(models.Model):
    """A range of IPv4 addresses, given out in a place (zone, locality) or anywhere.

    `next_offset` (from `first_address`) is where the search for a free address goes on, so that a
    released address rests until the others were given out.
    """

    name = models.CharField(max_length=80, unique=True)
    network = models.CharField(max_length=43)
    first_address = models.GenericIPAddressField(protocol="IPv4")
    last_address = models.GenericIPAddressField(protocol="IPv4")
    zone = models.ForeignKey(Zone, null=True, on_delete=models.PROTECT, related_name="+")
    admin_unit = models.ForeignKey(AdminUnit, null=True, on_delete=models.PROTECT, related_name="+")
    is_guest = models.BooleanField(default=False)
    priority = models.SmallIntegerField(default=0)
    next_offset = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_address__gte=models.F("first_address")),
                name="network_ippool_range",
            )
        ]

    def __str__(self) -> str:
        return self.name


class IpAssignment(models.Model):
    """An address that a service holds over a span of time; never two services at once."""

    pool = models.ForeignKey(IpPool, on_delete=models.PROTECT, related_name="assignments")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="ip_assignments"
    )
    address = models.GenericIPAddressField(protocol="IPv4")
    valid = DateTimeRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="network_ipassignment_no_double",
                expressions=[
                    ("address", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="network_ipassignment_one_each",
                expressions=[
                    ("subscription", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} → {self.subscription_id}"
