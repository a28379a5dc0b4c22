"""Coverage zones: the stable zone, its dated versions, a planner's change sets, what derives."""

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce

from coverage.models.building import Building


class KyivDate(Func):
    """The calendar date in Kyiv of a moment, as a check of the database may use it (immutable)."""

    template = "((%(expressions)s) AT TIME ZONE 'Europe/Kyiv')::date"
    output_field = models.DateField()


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
    """A planner's batch of zone changes, published as one transaction.

    `approved_by` is the second person, where review is asked for; an edit takes the approval back.
    `publish_at` is the moment for which publishing is planned; `failure` says why the last planned
    publishing was refused. `any_status`: a rollback, for which the order of statuses is waived.
    `existing_terms`: whether clients who are connected already keep their terms or get those of the
    new map from `move_on` on (a day after that of the publication); coverage only passes it on.
    """

    class ExistingTerms(models.TextChoices):
        """What publishing means for clients who are connected already."""

        KEEP = "KEEP"
        MOVE = "MOVE"

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
    hands = ArrayField(models.BigIntegerField(), default=list)  # users who drew in it
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    impact = models.JSONField(null=True)
    submitted_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    publish_at = models.DateTimeField(null=True)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    failure = models.JSONField(null=True)
    any_status = models.BooleanField(default=False)
    existing_terms = models.CharField(
        max_length=4, choices=ExistingTerms.choices, default=ExistingTerms.KEEP
    )
    move_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(publish_at__isnull=True) | Q(state__in=["DRAFT", "REVIEW"]),
                name="coverage_zonechangeset_schedule",
            ),
            models.CheckConstraint(
                condition=Q(existing_terms="KEEP", move_on__isnull=True)
                | Q(existing_terms="MOVE", move_on__isnull=False),
                name="coverage_zonechangeset_terms",
            ),
            models.CheckConstraint(
                condition=Q(move_on__isnull=True)
                | Q(move_on__gt=KyivDate(Coalesce(F("published_at"), F("created_at")))),
                name="coverage_zonechangeset_move_on",
            ),
        ]
        indexes = [
            models.Index(
                fields=["publish_at"],
                name="coverage_changeset_due",
                condition=Q(publish_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.title or f"#{self.pk}"


class ZoneChangeSetNote(models.Model):
    """One line of a change set's story: a comment, or what was done with it. Never changed."""

    class Kind(models.TextChoices):
        """What the line tells."""

        COMMENT = "COMMENT"
        SUBMITTED = "SUBMITTED"
        APPROVED = "APPROVED"
        SENT_BACK = "SENT_BACK"
        EDITED = "EDITED"
        SCHEDULED = "SCHEDULED"
        UNSCHEDULED = "UNSCHEDULED"
        FAILED = "FAILED"
        PUBLISHED = "PUBLISHED"

    changeset = models.ForeignKey(ZoneChangeSet, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField()
    kind = models.CharField(max_length=11, choices=Kind.choices)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.CharField(max_length=1000, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.changeset_id} {self.kind}: {self.text[:40]}"


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
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

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
    """A surveyed fact that beats geometry: "the fibre ends at no. 7".

    It is never changed: a newer fact or its end closes `valid`, and `end_reason` says why.
    """

    building = models.ForeignKey(Building, on_delete=models.PROTECT, related_name="overrides")
    network_type = models.CharField(max_length=8, choices=NetworkType.choices)
    available = models.BooleanField()
    reason = models.CharField(max_length=300)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    valid = DateTimeRangeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    end_reason = models.CharField(max_length=300, blank=True, default="")

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


class InvariantPolicy(models.Model):
    """How much a standing rule of the map matters to this provider (`coverage.invariants`).

    WARN where there is no row. BLOCK refuses a publication that would break the rule anew.
    """

    class Level(models.TextChoices):
        """What a breach does to a publication."""

        OFF = "OFF"
        WARN = "WARN"
        BLOCK = "BLOCK"

    name = models.CharField(max_length=40, primary_key=True)
    level = models.CharField(max_length=5, choices=Level.choices)

    def __str__(self) -> str:
        return f"{self.name}: {self.level}"
