"""Guests: who is let in behind a wall, those who are, and what operators must look at."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from billing.models import Subscription
from coverage.models import Zone
from network.models.nas import Nas

TIMEOUT_S = (60, 86_400)


class GuestRule(models.Model):
    """Who gets in as a guest, where, and what a guest gets.

    The first active rule in the order of `position` that names the reason and the place is used; no
    rule, no guest. `per_port_max`: guests with different MACs at one switch port at the same time;
    `per_mac_day_max`: guest sessions of one MAC in a day (Europe/Kyiv). Speeds in bit/s.
    """

    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=100)
    reasons = ArrayField(models.CharField(max_length=24), size=16)
    zone = models.ForeignKey(Zone, null=True, on_delete=models.PROTECT, related_name="+")
    nas = models.ForeignKey(Nas, null=True, on_delete=models.PROTECT, related_name="+")
    speed_down_bit_s = models.BigIntegerField()
    speed_up_bit_s = models.BigIntegerField()
    session_timeout_s = models.PositiveIntegerField(default=300)
    per_port_max = models.PositiveSmallIntegerField(null=True)
    per_mac_day_max = models.PositiveSmallIntegerField(null=True)
    pool = models.CharField(max_length=64, blank=True, default="")
    redirect_url = models.CharField(max_length=240, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(session_timeout_s__range=TIMEOUT_S), name="network_guestrule_time"
            ),
            models.CheckConstraint(
                condition=Q(speed_down_bit_s__gt=0, speed_up_bit_s__gt=0),
                name="network_guestrule_speed",
            ),
            models.CheckConstraint(
                condition=~Q(reasons=[]) & Q(reasons__isnull=False),
                name="network_guestrule_reasons",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GuestVisit(models.Model):
    """One device that was let in as a guest: the last time, and how often that day.

    It is one row for each login, MAC and port; the limits of the rules are counted here, since a
    session may never report. `subscription` is whose line or login it is, when that is known.
    """

    rule = models.ForeignKey(GuestRule, null=True, on_delete=models.SET_NULL, related_name="visits")
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    login = models.CharField(max_length=253, blank=True, default="")
    mac = models.CharField(max_length=12, blank=True, default="")
    circuit_hex = models.CharField(max_length=506, blank=True, default="")
    remote_hex = models.CharField(max_length=506, blank=True, default="")
    nas_address = models.GenericIPAddressField(null=True)
    reason = models.CharField(max_length=24)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    until_at = models.DateTimeField()
    day = models.DateField()
    times_day = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mac", "circuit_hex", "remote_hex", "login"],
                name="network_guestvisit_device",
            )
        ]
        indexes = [
            models.Index(fields=["circuit_hex", "remote_hex"], name="network_guestvisit_port"),
            models.Index(fields=["-last_at"], name="network_guestvisit_last"),
        ]

    def __str__(self) -> str:
        return f"{self.mac or self.login}: {self.reason}"


class MacRequest(models.Model):
    """A new MAC that showed up on a known line or login: is it the subscriber's new router?

    WAITING until somebody says so (an operator, or the subscriber) or declines; a MAC that is
    registered by other means is CONFIRMED too. `by_port`: it came from the service's own switch
    port; without that only a login was given, which anybody can type.
    """

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "WAITING"
        CONFIRMED = "CONFIRMED"
        DECLINED = "DECLINED"

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="mac_requests"
    )
    mac = models.CharField(max_length=12)
    by_port = models.BooleanField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    nas_address = models.GenericIPAddressField(null=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "mac"], name="network_macrequest_once"),
            models.CheckConstraint(
                condition=Q(state="WAITING", decided_at__isnull=True)
                | ~Q(state="WAITING") & Q(decided_at__isnull=False),
                name="network_macrequest_decided",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-last_at"], name="network_macrequest_wait", condition=Q(state="WAITING")
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.mac} {self.state}"


class AccessAlert(models.Model):
    """Something about access that a person must look at: factors that lead to several services.

    One open row for the same factors; closed by a person, or by itself when it has not come back
    for a week.
    """

    kind = models.CharField(max_length=24)
    login = models.CharField(max_length=253, blank=True, default="")
    mac = models.CharField(max_length=12, blank=True, default="")
    circuit_hex = models.CharField(max_length=506, blank=True, default="")
    remote_hex = models.CharField(max_length=506, blank=True, default="")
    nas_address = models.GenericIPAddressField(null=True)
    missed = models.CharField(max_length=40, blank=True, default="")
    subscriptions = models.ManyToManyField(Subscription, related_name="access_alerts")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "login", "mac", "circuit_hex", "remote_hex"],
                name="network_accessalert_open",
                condition=Q(closed_at__isnull=True),
            )
        ]
        indexes = [models.Index(fields=["-last_at"], name="network_accessalert_last")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.login or self.mac}"
