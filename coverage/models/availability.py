"""Availability checks: every question "can I have internet here?" and what was answered."""

from django.conf import settings
from django.contrib.gis.db import models

from coverage.models.building import Building


class AvailabilityCheck(models.Model):
    """One stored check. It explains a tariff later, settles disputes and feeds the demand map.

    `raw_text` is what was typed, kept as it was; `networks` is the answer per network type as JSON:
    [{"network_type", "answer", "reason", "zone_id", "zone_version_id", "distance_m",
    "planned_for_date"}]. `answer`/`reason` are the best of them. `candidates` keeps what the
    look-up found besides: {"label", "old_name", "items": [AddressCandidate, …]}. Values: see
    `coverage.answers`.
    """

    class Channel(models.TextChoices):
        """Who asked."""

        PUBLIC = "PUBLIC"
        API = "API"
        OPERATOR = "OPERATOR"
        SYSTEM = "SYSTEM"

    public_id = models.UUIDField(unique=True)
    at = models.DateTimeField(db_index=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    query_kind = models.CharField(max_length=8)
    raw_text = models.CharField(max_length=300, blank=True, default="")
    match_kind = models.CharField(max_length=12)
    confidence = models.FloatField(default=0)
    building = models.ForeignKey(
        Building, null=True, on_delete=models.PROTECT, related_name="checks"
    )
    point = models.PointField(srid=4326, null=True)
    accuracy_m = models.PositiveIntegerField(null=True)
    answer = models.CharField(max_length=12)
    reason = models.CharField(max_length=24)
    networks = models.JSONField()
    candidates = models.JSONField(default=dict)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    caller_ip = models.GenericIPAddressField(null=True)
    anonymised_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.answer} ({self.reason})"
