"""Staff accounts, their roles, the audit log, the outbox and long work (jobs)."""

import uuid

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


class Job(models.Model):
    """Long work that a person started and may leave alone: an import, a qualification of a list.

    The row is the truth, the queue only wakes a worker. What is `done` and `counts` is shown;
    `checkpoint` is from where a worker goes on when the one before it died.
    """

    class State(models.TextChoices):
        """DRAFT: its file is here, its settings are still being chosen. The last three are ends."""

        DRAFT = "DRAFT"
        QUEUED = "QUEUED"
        RUNNING = "RUNNING"
        DONE = "DONE"
        FAILED = "FAILED"
        CANCELLED = "CANCELLED"

    ENDS = (State.DONE, State.FAILED, State.CANCELLED)

    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    created_by_label = models.CharField(max_length=150)
    language = models.CharField(max_length=8, default="uk")
    created_at = models.DateTimeField()
    available_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    claim = models.UUIDField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    done = models.PositiveBigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    params = models.JSONField(default=dict)
    checkpoint = models.JSONField(null=True)
    folder = models.UUIDField(default=uuid.uuid4, unique=True)
    error = models.CharField(max_length=1000, blank=True, default="")
    fault = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["DRAFT", "QUEUED", "RUNNING", "DONE", "FAILED", "CANCELLED"]
                ),
                name="core_job_state",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["DONE", "FAILED", "CANCELLED"], finished_at__isnull=False)
                | Q(state__in=["DRAFT", "QUEUED", "RUNNING"], finished_at__isnull=True),
                name="core_job_finished_at_its_end",
            ),
            models.CheckConstraint(
                condition=Q(state="RUNNING", claim__isnull=False, heartbeat_at__isnull=False)
                | (~Q(state="RUNNING") & Q(claim__isnull=True)),
                name="core_job_claimed_while_running",
            ),
        ]
        indexes = [
            models.Index(fields=["created_by", "-id"], name="core_job_of_person"),
            models.Index(
                fields=["available_at", "id"],
                name="core_job_open",
                condition=Q(state__in=["QUEUED", "RUNNING"]),
            ),
            models.Index(
                fields=["created_by", "seen_at"],
                name="core_job_unseen",
                condition=Q(seen_at__isnull=True) & ~Q(state="DRAFT"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.kind} {self.state}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in self.ENDS

    @property
    def percent(self) -> int | None:
        """How far it is, 0 to 100; None while nobody knows how much there is."""
        if self.state == self.State.DONE:
            return 100
        if not self.total:
            return None
        return min(100, self.done * 100 // self.total)


class JobFile(models.Model):
    """A file that a job was given (INPUT) or has made (RESULT), in the job's private folder."""

    class Role(models.TextChoices):
        """Whether it went in or came out."""

        INPUT = "INPUT"
        RESULT = "RESULT"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="files")
    role = models.CharField(max_length=6, choices=Role.choices)
    name = models.CharField(max_length=200)
    stored_name = models.CharField(max_length=80)
    size_bytes = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "stored_name"], name="core_jobfile_once"),
            models.CheckConstraint(
                condition=Q(role__in=["INPUT", "RESULT"]), name="core_jobfile_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.role} {self.name}"
