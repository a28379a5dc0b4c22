"""Sessions: the open ones in one table, the closed ones in history (partitioned by day later)."""

from django.db import models

from billing.models import Subscription
from network.models.nas import Nas


class SessionFields(models.Model):
    """What is known of a session on a BRAS.

    Octets are 64-bit; "in" is from the user (upload), "out" is to the user (download).
    """

    unique_id = models.CharField(max_length=64)
    acct_session_id = models.CharField(max_length=253)
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+"
    )
    nas = models.ForeignKey(Nas, null=True, on_delete=models.PROTECT, related_name="+")
    nas_address = models.GenericIPAddressField(null=True)
    login = models.CharField(max_length=253, blank=True, default="")
    mac = models.CharField(max_length=12, blank=True, default="")
    circuit_hex = models.CharField(max_length=506, blank=True, default="")
    framed_ip = models.GenericIPAddressField(null=True)
    is_guest = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    in_octets = models.BigIntegerField(default=0)
    out_octets = models.BigIntegerField(default=0)
    session_time_s = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class Session(SessionFields):
    """An open session. OPEN → SUSPECT (no interim for long) → closed into history."""

    class State(models.TextChoices):
        """Whether we still hear of it."""

        OPEN = "OPEN"
        SUSPECT = "SUSPECT"

    state = models.CharField(max_length=7, choices=State.choices, default=State.OPEN)
    suspect_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "network_session"
        constraints = [
            models.UniqueConstraint(fields=["unique_id"], name="network_session_unique_id")
        ]
        indexes = [models.Index(fields=["subscription"], name="network_session_sub")]

    def __str__(self) -> str:
        return self.unique_id


class SessionHistory(SessionFields):
    """A closed session with its end and cause; never reopened."""

    stopped_at = models.DateTimeField()
    terminate_cause = models.CharField(max_length=40)

    class Meta:
        db_table = "network_session_history"
        constraints = [
            models.UniqueConstraint(fields=["unique_id"], name="network_session_history_unique_id")
        ]
        indexes = [models.Index(fields=["subscription", "-stopped_at"], name="network_history_sub")]

    def __str__(self) -> str:
        return self.unique_id
