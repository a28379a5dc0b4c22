"""Coverage zones: the stable zone, its dated versions, a planner's change sets, what derives."""

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db.models import Q

from coverage.models.building import Building


class NetworkType(models.TextChoices):
    """The access technology of a zone or a service."""

    FTTB = "FTTB"
    GPON = "GPON"
    DOCSIS = "DOCSIS"
    WIRELESS = "WIRELESS"


class ZoneStatus(models.TextChoices):
    """State of a zone version: DRAFT → PLANNED → BUILDING → IN_SERVICE ⇄ SUSPENDED → RETIRED."""

    DRAFT = "DRAFT"
    PLANNED = "PLANNED"
    BUILDING = "BUILDING"
    IN_SERVICE = "IN_SERVICE"
    SUSPENDED = "SUSPENDED"
    RETIRED = "RETIRED"


class Zone(models.Model):
    """A coverage zone. It keeps its id for ever: tariffs, services and reports refer to it.

    `revision` counts every saved change (draft or published) and is what a stale write is held
    against (412). Priority: higher wins; name and priority are those of the newest publication
    (what a draft would make of them is in `ZoneChange`). The network type is fixed from the first
    publication on, because services are sold on it. Archived: retired, or given up as a draft.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    network_type = models.CharField(max_length=8, choices=NetworkType.choices)
    priority = models.SmallIntegerField(default=0)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class ZoneChangeSet(models.Model):
    """A planner's batch of zone changes, published as one transaction."""

    class State(models.TextChoices):
        """DRAFT → REVIEW → PUBLISHED, or CANCELLED."""

        DRAFT = "DRAFT"
        REVIEW = "REVIEW"
        PUBLISHED = "PUBLISHED"
        CANCELLED = "CANCELLED"

    title = models.CharField(max_length=160, blank=True, default="")
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    impact = models.JSONField(null=True)

    def __str__(self) -> str:
        return self.title or f"#{self.pk}"


class ZoneChange(models.Model):
    """One zone's draft inside a change set: what the zone shall become when it is published.

    `base_revision` is the revision of the zone that this draft made; once the zone has moved on,
    the draft is stale and can't be published.
    """

    changeset = models.ForeignKey(ZoneChangeSet, on_delete=models.CASCADE, related_name="changes")
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="changes")
    base_revision = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    network_type = models.CharField(max_length=8, choices=NetworkType.choices)
    priority = models.SmallIntegerField(default=0)
    geometry = models.MultiPolygonField(srid=4326)
    status = models.CharField(max_length=10, choices=ZoneStatus.choices)
    planned_for_date = models.DateField(null=True)
    comment = models.CharField(max_length=300, blank=True, default="")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["changeset", "zone"], name="coverage_zonechange_once")
        ]

    def __str__(self) -> str:
        return f"{self.changeset_id}: {self.zone_id}"


class ZoneVersion(models.Model):
    """The published geometry and status of a zone over a half-open span of time.

    Immutable once published, except that publishing the next version closes `upper(valid)`;
    a database trigger holds that. Geometry checks live in the database too: valid, not empty, at
    most 50,000 points, inside the world, at least 100 m² (`sql/zone_guards.sql`). `priority` is
    the zone's at that time, so that the winner of any past date can be told.
    """

    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="versions")
    geometry = models.MultiPolygonField(srid=4326)
    status = models.CharField(max_length=10, choices=ZoneStatus.choices)
    priority = models.SmallIntegerField(default=0)
    valid = DateTimeRangeField()
    revision = models.PositiveIntegerField()
    area_m2 = models.FloatField()
    changeset = models.ForeignKey(
        ZoneChangeSet, null=True, on_delete=models.PROTECT, related_name="versions"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    comment = models.CharField(max_length=300, blank=True, default="")
    planned_for_date = models.DateField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="coverage_zoneversion_no_overlap",
                expressions=[
                    ("zone", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                condition=~Q(status="DRAFT"),
            ),
            models.UniqueConstraint(
                fields=["zone", "revision"], name="coverage_zoneversion_revision"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zone_id} v{self.revision} {self.status}"


class BuildingCoverage(models.Model):
    """Derived: this zone version covers this building. Rebuildable; never edited by hand."""

    building = models.ForeignKey(Building, on_delete=models.CASCADE, related_name="coverage")
    zone_version = models.ForeignKey(
        ZoneVersion, on_delete=models.CASCADE, related_name="buildings"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["building", "zone_version"], name="coverage_buildingcoverage_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.building_id} in {self.zone_version_id}"


class CoverageOverride(models.Model):
    """A surveyed fact that beats geometry: "the fibre ends at no. 7"."""

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="overrides")
    network_type = models.CharField(max_length=8, choices=NetworkType.choices)
    available = models.BooleanField()
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    valid = DateTimeRangeField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="coverage_override_no_overlap",
                expressions=[
                    ("building", RangeOperators.EQUAL),
                    ("network_type", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return f"{self.building_id} {self.network_type}: {self.available}"
