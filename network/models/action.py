"""What we want a BRAS to do with a running session, what came of it, and what the session has."""

from django.db import models
from django.db.models import Q

from billing.models import Subscription
from network.models.nas import Nas

WAITING = ("DESIRED", "TIMED_OUT")


class AccessAction(models.Model):
    """One wish for one session (CoA or Disconnect, RFC 5176), from its cause to its proof.

    DESIRED → SENT → ACKNOWLEDGED → VERIFIED, or NAK, or TIMED_OUT → SENT while attempts are left.
    OBSOLETE: the session had ended, nothing had to be changed, or a newer wish replaced this one.
    DEAD: given up, people must look (the dead letters); CANCELLED: they did, and left it.
    NOT_APPLIED: acknowledged, but the session was seen going on as before.

    An acknowledgement is the BRAS's word; VERIFIED is by what was seen later. `desired` is the
    profile asked for ({} for none), `packets` what was said and answered, packet by packet.
    `priority` 0 goes before 1. `baseline`: the session's counters when it was acknowledged.
    """

    class Kind(models.TextChoices):
        """What it took, the cheapest first; PENDING until it is sent."""

        PENDING = "PENDING"
        NOTHING = "NOTHING"
        COA = "COA"
        SERVICE_SWAP = "SERVICE_SWAP"
        DISCONNECT = "DISCONNECT"

    class State(models.TextChoices):
        """How far it came."""

        DESIRED = "DESIRED"
        SENT = "SENT"
        ACKNOWLEDGED = "ACKNOWLEDGED"
        VERIFIED = "VERIFIED"
        NAK = "NAK"
        TIMED_OUT = "TIMED_OUT"
        NOT_APPLIED = "NOT_APPLIED"
        OBSOLETE = "OBSOLETE"
        DEAD = "DEAD"
        CANCELLED = "CANCELLED"

    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+"
    )
    nas = models.ForeignKey(Nas, on_delete=models.PROTECT, related_name="+")
    session_unique_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.PENDING)
    cause = models.CharField(max_length=24)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DESIRED)
    priority = models.PositiveSmallIntegerField(default=1)
    desired = models.JSONField(default=dict)
    desired_profile_hash = models.CharField(max_length=64, blank=True, default="")
    packets = models.JSONField(default=list)
    attempts = models.PositiveSmallIntegerField(default=0)
    error_cause = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    baseline = models.JSONField(default=dict)

    class Meta:
        db_table = "network_access_action"
        constraints = [
            models.UniqueConstraint(
                fields=["session_unique_id"],
                name="network_access_action_one_waiting",
                condition=Q(state__in=WAITING),
            ),
            models.UniqueConstraint(
                fields=["session_unique_id"],
                name="network_access_action_one_sent",
                condition=Q(state="SENT"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["nas", "priority", "next_attempt_at"],
                name="network_access_action_due",
                condition=Q(state__in=WAITING),
            ),
            models.Index(
                fields=["answered_at"],
                name="network_access_action_acked",
                condition=Q(state="ACKNOWLEDGED"),
            ),
            models.Index(fields=["session_unique_id", "-id"], name="network_access_action_session"),
            models.Index(fields=["state", "-id"], name="network_access_action_state"),
            models.Index(fields=["subscription", "-created_at"], name="network_access_action_sub"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.session_unique_id}: {self.state}"

    @property
    def why(self) -> str:
        """What the BRAS said in its last answer, if it refused in words."""
        return next((one["why"] for one in reversed(self.packets) if one.get("why")), "")


class SessionProfile(models.Model):
    """What a running session has, as far as its BRAS told us; made when it is first to change.

    `applied` is the profile that was accepted or acknowledged last, null when that is not known (a
    change broke off half way, or the session began while the decision changed). A session without
    a row has what its Accept said.
    """

    session_unique_id = models.CharField(max_length=64, primary_key=True)
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+"
    )
    applied = models.JSONField(null=True)
    applied_mark = models.CharField(max_length=64, blank=True, default="")
    acknowledged_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "network_session_profile"

    def __str__(self) -> str:
        return self.session_unique_id
