"""Sessions: the open ones in one table, the closed ones in history with a partition a day."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from billing.models import Subscription
from network.models.nas import Nas

TODAY = models.Func(template="CURRENT_DATE", output_field=models.DateField())


class SessionFields(models.Model):
    """What is known of a session on a BRAS.

    Octets are 64-bit; "in" is from the user (upload), "out" is to the user (download).
    `counted_day` is the day in Kyiv of the newest packet and `before_*_octets` what the counters
    had reached before that day, so their difference is the traffic of the day. `wrap_points`:
    see `network.wraps`; empty where the BRAS sends gigawords. `nonce` is the last part of our
    Class: by it an authorization is found again.
    """

    unique_id = models.CharField(max_length=64)
    acct_session_id = models.CharField(max_length=253)
    nas_address = models.GenericIPAddressField(null=True)
    login = models.CharField(max_length=253, blank=True, default="")
    mac = models.CharField(max_length=12, blank=True, default="")
    circuit_hex = models.CharField(max_length=506, blank=True, default="")
    remote_hex = models.CharField(max_length=506, blank=True, default="")
    nas_port_id = models.CharField(max_length=253, blank=True, default="")
    nonce = models.CharField(max_length=40, blank=True, default="")
    framed_ip = models.GenericIPAddressField(null=True)
    is_guest = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    in_octets = models.BigIntegerField(default=0)
    out_octets = models.BigIntegerField(default=0)
    session_time_s = models.BigIntegerField(default=0)
    counted_day = models.DateField(db_default=TODAY)
    before_in_octets = models.BigIntegerField(default=0)
    before_out_octets = models.BigIntegerField(default=0)
    wrap_points = ArrayField(models.BigIntegerField(), default=list, blank=True)

    class Meta:
        abstract = True


class Session(SessionFields):
    """An open session. OPEN → SUSPECT (no interim for long) → closed into history.

    `in_bit_s`, `out_bit_s`: the mean speed between the newest packet and the one before it.
    """

    class State(models.TextChoices):
        """Whether we still hear of it."""

        OPEN = "OPEN"
        SUSPECT = "SUSPECT"

    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    nas = models.ForeignKey(
        Nas, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.OPEN)
    suspect_at = models.DateTimeField(null=True)
    in_bit_s = models.BigIntegerField(null=True)
    out_bit_s = models.BigIntegerField(null=True)
    # What the BRAS said in its newest packet of what it applies, by attribute (`Driver.echo`).
    echo = models.JSONField(null=True)

    class Meta:
        db_table = "network_session"
        constraints = [
            models.UniqueConstraint(fields=["unique_id"], name="network_session_unique_id")
        ]
        # None is of what an interim update changes: it must stay an update of one row in place.
        indexes = [
            models.Index(fields=["subscription"], name="network_session_sub"),
            models.Index(fields=["nas", "id"], name="network_session_nas"),
            models.Index(fields=["id"], name="network_session_guest", condition=Q(is_guest=True)),
            models.Index(
                fields=["id"], name="network_session_suspect", condition=Q(state="SUSPECT")
            ),
            models.Index(
                fields=["id"],
                name="network_session_nobody",
                condition=Q(subscription__isnull=True),
            ),
            models.Index(
                OpClass(Upper("login"), name="text_pattern_ops"), name="network_session_login"
            ),
            models.Index(fields=["mac"], name="network_session_mac", condition=~Q(mac="")),
            models.Index(fields=["framed_ip"], name="network_session_ip"),
        ]

    def __str__(self) -> str:
        return self.unique_id


class SessionHistory(SessionFields):
    """A closed session with its end and cause.

    `is_presumed`: no BRAS said that it ended, we concluded it (silence, a restart); a later word of
    it takes it back among the open ones. One that a stop has closed is never reopened.

    Lies in the partition of `closed_day`, the day in Kyiv on which it was closed first: read with
    bounds of that day. Made and dropped by `network.partitions`.
    """

    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    nas = models.ForeignKey(
        Nas, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    closed_day = models.DateField(db_default=TODAY)
    stopped_at = models.DateTimeField()
    terminate_cause = models.CharField(max_length=40)
    is_presumed = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "network_session_history"
        constraints = [
            models.UniqueConstraint(
                fields=["unique_id", "closed_day"], name="network_session_history_unique_id_day"
            )
        ]
        indexes = [
            models.Index(fields=["subscription", "-stopped_at"], name="network_history_sub"),
            models.Index(fields=["nas", "-stopped_at"], name="network_history_nas"),
        ]

    def __str__(self) -> str:
        return self.unique_id


class SessionClosed(models.Model):
    """That a session is closed, and in which day of the history it lies."""

    unique_id = models.CharField(max_length=64, primary_key=True)
    closed_day = models.DateField()

    class Meta:
        db_table = "network_session_closed"
        indexes = [models.Index(fields=["closed_day"], name="network_session_closed_day")]

    def __str__(self) -> str:
        return self.unique_id


class SessionEvent(models.Model):
    """One thing that happened to a session or to somebody who asked for one, with the packet.

    Written by `network.events.record`; kept for `GEOBILL_SESSION_EVENTS_KEPT_DAYS`.
    """

    at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    session_unique_id = models.CharField(max_length=64, blank=True, default="")
    nonce = models.CharField(max_length=40, blank=True, default="")
    nas = models.ForeignKey(
        Nas, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    attributes = models.JSONField(default=dict)

    class Meta:
        db_table = "network_session_event"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.kind} {self.session_unique_id}"


class TrafficDay(models.Model):
    """What a service's ended days and ended sessions carried on one day (Kyiv), in octets.

    The part of open sessions on their own day is not here yet: it is `in_octets` less
    `before_in_octets` of the session. `network.traffic` adds both up.
    """

    pk = models.CompositePrimaryKey("subscription", "day")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    in_octets = models.BigIntegerField(default=0)
    out_octets = models.BigIntegerField(default=0)

    class Meta:
        db_table = "network_traffic_day"

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.day}"


class AccountingProgress(models.Model):
    """How far a stream of accounting is taken in: the one of a Redis, and so of a FreeRADIUS node.

    `name` is kept in that Redis, so all who read it share the row; `read_by`: who did last, and
    from where. `caught_up_at`: when it was last found read to its end. While that is long ago,
    silence of a session says nothing, and no session is closed for it. `updated_at`: when a worker
    was last seen at it.
    """

    name = models.CharField(max_length=80, primary_key=True)
    read_by = models.CharField(max_length=120, default="", db_default="")
    caught_up_at = models.DateTimeField(null=True)
    packets = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "network_accounting_progress"

    def __str__(self) -> str:
        return f"{self.name} {self.read_by}"
