"""How a service proves who it is, and the decision that RADIUS reads."""

from django.db import models

from billing.models import Subscription
from coverage.models import Zone
from network.models.fields import PrefixField
from network.models.nas import Nas


class Mode(models.TextChoices):
    """How services are told apart (`network.identity.Mode`)."""

    AUTO = "AUTO"
    LOGIN = "LOGIN"
    MAC = "MAC"
    OPTION82 = "OPTION82"
    TWO_OF_THREE = "TWO_OF_THREE"


class AccessMode(models.Model):
    """How the services of a zone, of a BRAS, or all of them (neither is named) are told apart.

    A service's own mode (`AccessCredential.mode`) beats its zone's, that beats the BRAS's.
    """

    zone = models.OneToOneField(Zone, null=True, on_delete=models.PROTECT, related_name="+")
    nas = models.OneToOneField(Nas, null=True, on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(max_length=12, choices=Mode.choices)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(zone__isnull=True) | models.Q(nas__isnull=True),
                name="network_accessmode_one_place",
            ),
            models.UniqueConstraint(
                models.Value(1),
                name="network_accessmode_one_default",
                condition=models.Q(zone__isnull=True, nas__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(mode__in=Mode.values), name="network_accessmode_mode"
            ),
        ]

    def __str__(self) -> str:
        return self.mode


class AccessCredential(models.Model):
    """Access parameters of one service: login and password, MAC, Option 82 (as hex).

    The password is kept Fernet-encrypted; CHAP needs it in clear text in `RadiusDecision`. `mode`
    "" is its zone's or BRAS's. `sessions_max` is how many devices may be online at once; null: what
    `GEOBILL_RADIUS_SESSIONS_MAX` says.
    """

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, related_name="credential"
    )
    login = models.CharField(max_length=64, unique=True)
    password_encrypted = models.BinaryField()
    mac = models.CharField(max_length=12, blank=True, default="", db_index=True)
    circuit_hex = models.CharField(max_length=506, blank=True, default="")
    remote_hex = models.CharField(max_length=506, blank=True, default="")
    mode = models.CharField(max_length=12, choices=Mode.choices, blank=True, default="")
    sessions_max = models.PositiveSmallIntegerField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(mode__in=["", *Mode.values]), name="network_credential_mode"
            )
        ]

    def __str__(self) -> str:
        return self.login


class RadiusDecision(models.Model):
    """One row per service: all that an authorization needs, ready made.

    Rewritten in the same database transaction as its causes (tariff, balance, block, pause,
    credentials): `network.provisioning.refresh_decisions`. Vendor forms are rendered when a BRAS
    asks: `profile` is what a session shall get (`network.profile`, {} for none), `profile_hash` its
    mark, so a change of it means news for the BRAS; `felt_at` is when it changed last.

    `mode`, `zone` and `sessions_max` are what the service's own parameters and its place come to
    ("" and null: not set). `replies` holds the attributes of an Accept, ready for each kind of BRAS
    in use: what the database itself can answer (`sql/radius_authorize.sql`); empty for whoever
    needs a decision of the REST group. `port_key` is the line of the registered port as the rules
    of Option 82 read it (`network.port_keys`), "" for none.
    """

    class State(models.TextChoices):
        """What an authorization gets."""

        FULL = "FULL"
        GUEST = "GUEST"
        REFUSED = "REFUSED"

    subscription = models.OneToOneField(
        Subscription, primary_key=True, on_delete=models.PROTECT, related_name="decision"
    )
    login = models.CharField(max_length=64, unique=True)
    password = models.CharField(max_length=128)
    mac = models.CharField(max_length=12, blank=True, default="")
    circuit_hex = models.CharField(max_length=506, blank=True, default="")
    remote_hex = models.CharField(max_length=506, blank=True, default="")
    port_key = models.CharField(max_length=64, blank=True, default="", db_default="")
    mode = models.CharField(max_length=12, blank=True, default="")
    zone = models.ForeignKey(Zone, null=True, on_delete=models.PROTECT, related_name="+")
    sessions_max = models.PositiveSmallIntegerField(null=True)
    replies = models.JSONField(default=dict)
    state = models.CharField(max_length=7, choices=State.choices)
    reason = models.CharField(max_length=24)
    speed_down_bit_s = models.BigIntegerField(null=True)
    speed_up_bit_s = models.BigIntegerField(null=True)
    framed_ip = models.GenericIPAddressField(null=True)
    framed_ipv6_prefix = PrefixField(null=True)
    delegated_ipv6_prefix = PrefixField(null=True)
    profile_hash = models.CharField(max_length=64)
    profile = models.JSONField(default=dict)
    felt_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "radius_decision"
        indexes = [
            models.Index(fields=["mac"], name="radius_decision_mac"),
            models.Index(fields=["circuit_hex", "remote_hex"], name="radius_decision_port"),
            models.Index(
                fields=["port_key"],
                name="radius_decision_key",
                condition=~models.Q(port_key=""),
            ),
            # Whom a port alone lets in, too: the fast path asks whether there is any.
            models.Index(
                fields=["subscription"],
                name="radius_decision_by_line",
                condition=models.Q(mode="OPTION82") & ~models.Q(port_key=""),
            ),
            # What is looked for each minute: who has no full access, and what changed just now.
            models.Index(
                fields=["subscription"],
                name="radius_decision_closed",
                condition=~models.Q(state="FULL"),
            ),
            models.Index(fields=["felt_at"], name="radius_decision_felt"),
        ]

    def __str__(self) -> str:
        return f"{self.login}: {self.state} ({self.reason})"


class RejectLog(models.Model):
    """One refused or downgraded authorization with its reason, to answer "why no internet?".

    `missed` are the factors that did not match, e.g. "MAC,PORT"; `guest_rule` is by what rule it
    was let in as a guest all the same. A device that hammers the server makes one row a minute:
    `times` counts, `last_at` moves.
    """

    at = models.DateTimeField(db_index=True)
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.SET_NULL, related_name="rejects"
    )
    login = models.CharField(max_length=253, blank=True, default="")
    mac = models.CharField(max_length=12, blank=True, default="")
    circuit_hex = models.CharField(max_length=506, blank=True, default="")
    nas_address = models.GenericIPAddressField(null=True)
    reason = models.CharField(max_length=32)
    missed = models.CharField(max_length=40, blank=True, default="")
    guest_rule = models.ForeignKey(
        "network.GuestRule", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    details = models.JSONField(default=dict)
    times = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["subscription", "-at"], name="network_rejectlog_sub"),
            models.Index(fields=["login", "-at"], name="network_rejectlog_login"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.login}: {self.reason}"
