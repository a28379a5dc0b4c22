"""What imports of tables of addresses leave behind: columns as chosen, rows that wait for a pin."""

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q

from coverage.models.building import Building
from coverage.models.place import AdminUnit, Street


class ColumnChoice(models.Model):
    """Which column is what in tables with this header, as a person last confirmed it.

    `signature` is the SHA-256 of the header's names; `mapping` is {field: name of a column}.
    """

    signature = models.CharField(max_length=64, unique=True)
    mapping = models.JSONField()
    used_at = models.DateTimeField()
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    def __str__(self) -> str:
        return self.signature[:12]


class UnplacedAddress(models.Model):
    """A row of a table that could not become a building: no place, or nothing sure to place it at.

    It is kept as it was written until a person pins it on the map, or a later import brings a
    building with its address; then `building` says which. `key` tells the same row in another
    run. `reason` is a code of `coverage.importers.report.REASONS`. `point` is where the row said it
    is, where that could not be believed.
    """

    key = models.CharField(max_length=64, unique=True)
    text = models.CharField(max_length=300)
    reason = models.CharField(max_length=30)
    locality = models.ForeignKey(
        AdminUnit, null=True, on_delete=models.PROTECT, related_name="unplaced_addresses"
    )
    street = models.ForeignKey(
        Street, null=True, on_delete=models.PROTECT, related_name="unplaced_addresses"
    )
    number = models.CharField(max_length=24, null=True)
    flats = models.PositiveIntegerField(null=True)
    levels = models.PositiveSmallIntegerField(null=True)
    external_ref = models.CharField(max_length=60, null=True)
    point = models.PointField(srid=4326, null=True)
    source = models.CharField(max_length=200)
    row = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    building = models.ForeignKey(
        Building, null=True, on_delete=models.PROTECT, related_name="unplaced_addresses"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(building__isnull=True) | Q(settled_at__isnull=False),
                name="coverage_unplacedaddress_settled",
            )
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="coverage_unplaced_open",
                condition=Q(settled_at__isnull=True),
            ),
            models.Index(fields=["street", "number"], name="coverage_unplaced_address"),
        ]

    def __str__(self) -> str:
        return self.text
