"""Buildings and the premises inside them."""

from django.contrib.gis.db import models
from django.db.models import Q

from coverage.models.place import AdminUnit, Street


class Building(models.Model):
    """A building: a point where a service can be delivered, with its main address.

    `number` is the canonical house number ("12А", "158 к1", "30Г/1"), null where the building
    has no address yet; `number_sort` orders 2, 2А, 2/1, 10 as people do. `point` lies inside the
    footprint. Other addresses of a corner building are `BuildingAddress`.

    `revision` counts what planners changed and is what a stale write is held against (412).
    `edited_at`: when a planner last set the address or the place; imports leave such a building
    alone. A duplicate that was merged stays, retired, and `merged_into` names the building that
    took over all that hung on it (always in one step: never a building that is merged itself).
    """

    class Wiring(models.TextChoices):
        """Whether our cable is inside the house."""

        UNKNOWN = "UNKNOWN"
        WIRED = "WIRED"
        NOT_WIRED = "NOT_WIRED"

    class LocationSource(models.TextChoices):
        """Where the point comes from."""

        OSM = "OSM"
        REGISTER = "REGISTER"
        SURVEYED = "SURVEYED"
        PIN = "PIN"
        GEOCODER = "GEOCODER"

    locality = models.ForeignKey(AdminUnit, on_delete=models.PROTECT, related_name="buildings")
    street = models.ForeignKey(
        Street, null=True, on_delete=models.PROTECT, related_name="buildings"
    )
    number = models.CharField(max_length=24, null=True)
    number_int = models.PositiveIntegerField(null=True)
    number_sort = models.CharField(max_length=40, blank=True, default="")
    letter = models.CharField(max_length=4, blank=True, default="")
    fraction = models.CharField(max_length=12, blank=True, default="")
    korpus = models.CharField(max_length=8, blank=True, default="")
    point = models.PointField(srid=4326)
    footprint = models.MultiPolygonField(srid=4326, null=True)
    kind = models.CharField(max_length=40, blank=True, default="")
    levels = models.PositiveSmallIntegerField(null=True)
    flats = models.PositiveIntegerField(null=True)
    wiring = models.CharField(max_length=9, choices=Wiring.choices, default=Wiring.UNKNOWN)
    location_source = models.CharField(max_length=8, choices=LocationSource.choices)
    location_accuracy_m = models.PositiveIntegerField(default=5)
    external_ref = models.CharField(max_length=60, null=True, unique=True)
    entrances = models.PositiveSmallIntegerField(null=True)
    access_note = models.CharField(max_length=300, blank=True, default="")
    revision = models.PositiveIntegerField(default=1, db_default=1)
    edited_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True)
                | (Q(retired_at__isnull=False) & ~Q(merged_into=models.F("id"))),
                name="coverage_building_merged_is_retired",
            ),
            models.UniqueConstraint(
                fields=["street", "number"],
                name="coverage_building_address",
                condition=Q(street__isnull=False, number__isnull=False, retired_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["street", "number_sort"], name="coverage_building_sort"),
        ]

    def __str__(self) -> str:
        return f"{self.street_id}: {self.number}"


class BuildingAddress(models.Model):
    """A further address of a building, e.g. the second street of a corner house."""

    building = models.ForeignKey(Building, on_delete=models.CASCADE, related_name="other_addresses")
    street = models.ForeignKey(Street, on_delete=models.PROTECT, related_name="other_buildings")
    number = models.CharField(max_length=24)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["street", "number"], name="coverage_buildingaddress_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.street_id}: {self.number}"


class Premise(models.Model):
    """A flat or unit of a building; it outlives its tenants. "" is the whole house.

    A retired one (walled up, joined with its neighbour) is offered nowhere; a sale brings it back.
    """

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="premises")
    unit = models.CharField(max_length=16, blank=True, default="")
    entrance = models.CharField(max_length=8, blank=True, default="")
    floor = models.SmallIntegerField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["building", "unit"], name="coverage_premise_once")
        ]

    def __str__(self) -> str:
        return f"{self.building_id}/{self.unit}"
