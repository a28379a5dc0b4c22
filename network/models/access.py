"""How a service proves who it is, and the decision that RADIUS reads."""

from django.db import models

from billing.models import Subscription
from network.models.fields import PrefixField


class AccessCredential(models.Model):
    """Access parameters of one service: login and password, MAC, Option 82 (as hex).

    The password is kept Fernet-encrypted; CHAP needs it in clear text in `RadiusDecision`.
    """

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, related_name="credential"
    )
    login = models.CharField(max_length=64, unique=True)
    password_encrypted = models.BinaryField()
    mac = models.CharField(max_length=12, blank=True, default="", db_index=True)
    circuit_hex = models.CharField(max_length=506, blank=True, default="")
    remote_hex = models.CharField(max_length=506, blank=True, default="")
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.login


class RadiusDecision(models.Model):
    """One row per service: all that an authorization needs, ready made.

    Rewritten in the same database transaction as its causes (tariff, balance, block, pause,
    credentials): `network.provisioning.refresh_decisions`. Vendor forms are rendered when a BRAS
    asks; `profile_hash` sums up what a session would get, so a change of it means news for the
    BRAS.
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
    state = models.CharField(max_length=7, choices=State.choices)
    reason = models.CharField(max_length=24)
    speed_down_bit_s = models.BigIntegerField(null=True)
    speed_up_bit_s = models.BigIntegerField(null=True)
    framed_ip = models.GenericIPAddressField(null=True)
    framed_ipv6_prefix = PrefixField(null=True)
    delegated_ipv6_prefix = PrefixField(null=True)
    profile_hash = models.CharField(max_length=64)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "radius_decision"
        indexes = [
            models.Index(fields=["mac"], name="radius_decision_mac"),
            models.Index(fields=["circuit_hex", "remote_hex"], name="radius_decision_port"),
        ]

    def __str__(self) -> str:
        return f"{self.login}: {self.state} ({self.reason})"


class RejectLog(models.Model):
    """One refused or downgraded authorization with its reason, to answer "why no internet?".

    A device that hammers the server makes one row a minute: `times` counts, `last_at` moves.
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
