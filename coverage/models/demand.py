"""Reports about demand that were given out of the house."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class SharedReport(models.Model):
    """A demand map or a what-if as it was when it was shared by a link.

    `content` is what the page is made of: counts only, generalised before it was stored
    (`coverage.demand.privacy`), so that no later fault can give away more. The link works until
    `expires_at` or `revoked_at`; the row stays and tells who gave out what.
    """

    class Kind(models.TextChoices):
        """What the report shows."""

        DEMAND = "DEMAND"
        WHAT_IF = "WHAT_IF"

    public_id = models.UUIDField(unique=True)
    kind = models.CharField(max_length=7, choices=Kind.choices)
    title = models.CharField(max_length=160)
    language = models.CharField(max_length=2, default="uk")
    content = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="coverage_sharedreport_expiry"
            )
        ]
        indexes = [models.Index(fields=["-created_at"], name="coverage_sharedreport_new")]

    def __str__(self) -> str:
        return f"{self.kind} {self.title}"
