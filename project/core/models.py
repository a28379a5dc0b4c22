"""Staff accounts, their roles, the audit log and the outbox."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from project.core.roles import Permission, Role, permissions_of


class User(AbstractUser):
    """A member of the provider's staff who signs in. Subscribers are not users of this kind."""

    language = models.CharField(
        max_length=2, choices=[("uk", "Українська"), ("en", "English")], default="uk"
    )

    def roles(self) -> frozenset[Role]:
        """Roles of this person, whatever the locality; one query, kept on the instance."""
        if not hasattr(self, "_roles"):
            self._roles = frozenset(Role(row.role) for row in self.role_assignments.all())
        return self._roles

    def may(self, permission: Permission) -> bool:
        """Whether this person may do that. A superuser may do all; an inactive person nothing."""
        if not self.is_active:
            return False
        return self.is_superuser or permission in permissions_of(self.roles())


class RoleAssignment(models.Model):
    """A role that a member of staff has, everywhere or inside one locality (KATOTTG code)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Role])
    locality_code = models.CharField(max_length=19, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "locality_code"], name="core_roleassignment_once"
            ),
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in Role]), name="core_roleassignment_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role} {self.locality_code}".strip()


class AuditEntry(models.Model):
    """One action of a person (or of the system on its own), written in the action's transaction.

    Append-only: a database trigger refuses UPDATE, DELETE and TRUNCATE.
    """

    at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=8)
    actor_label = models.CharField(max_length=150)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    ip = models.GenericIPAddressField(null=True)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=60)
    summary = models.CharField(max_length=500)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="core_audit_object"),
            models.Index(fields=["user", "-id"], name="core_audit_user"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label}: {self.action}"


class OutboxEvent(models.Model):
    """News for the world outside the database transaction that wrote it (CoA, notices, webhooks).

    Claimed by exact id with FOR UPDATE SKIP LOCKED, never by "id greater than the last": commit
    order is not id order.
    """

    topic = models.CharField(max_length=80)
    payload = models.JSONField()
    created_at = models.DateTimeField()
    available_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["available_at", "id"],
                name="core_outbox_waiting",
                condition=Q(done_at__isnull=True, dead_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.topic}"
