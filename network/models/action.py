"""What we want a BRAS to do with a running session, and what came of it."""

from django.db import models
from django.db.models import Q

from billing.models import Subscription
from network.models.nas import Nas


class AccessAction(models.Model):
    """One CoA or Disconnect for one session (RFC 5176), from the wish to the BRAS's answer.

    DESIRED → SENT → ACKNOWLEDGED, NAK or TIMED_OUT; TIMED_OUT goes back to SENT while attempts are
    left. OBSOLETE: the session had ended, or a newer wish replaced this one. An acknowledgement is
    the BRAS's word, not proof: what it really applied is seen from the next interim update.
    """

    class Kind(models.TextChoices):
        """What is asked for."""

        RATE = "RATE"
        DISCONNECT = "DISCONNECT"

    class State(models.TextChoices):
        """How far it came."""

        DESIRED = "DESIRED"
        SENT = "SENT"
        ACKNOWLEDGED = "ACKNOWLEDGED"
        NAK = "NAK"
        TIMED_OUT = "TIMED_OUT"
        OBSOLETE = "OBSOLETE"

    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+"
    )
    nas = models.ForeignKey(Nas, on_delete=models.PROTECT, related_name="+")
    session_unique_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    cause = models.CharField(max_length=24)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DESIRED)
    desired_profile_hash = models.CharField(max_length=64, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    error_cause = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "network_access_action"
        constraints = [
            models.UniqueConstraint(
                fields=["session_unique_id"],
                name="network_access_action_one_open",
                condition=Q(state__in=["DESIRED", "SENT", "TIMED_OUT"]),
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="network_access_action_due",
                condition=Q(state__in=["DESIRED", "SENT", "TIMED_OUT"]),
            ),
            models.Index(fields=["subscription", "-created_at"], name="network_access_action_sub"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.session_unique_id}: {self.state}"
