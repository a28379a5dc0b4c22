"""IP pools, the rules that say who draws from which, and who holds what."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q

from billing.models import LedgerAccount, Subscription, Tariff
from coverage.models import AdminUnit, Zone
from network.models.fields import PrefixField


class AddressKind(models.TextChoices):
    """What is given: an IPv4 address, the prefix of the subscriber's link (Framed-IPv6-Prefix),
    or a prefix for the networks behind the subscriber's router (Delegated-IPv6-Prefix).
    """

    IPV4 = "IPV4"
    IPV6_PREFIX = "IPV6_PREFIX"
    DELEGATED = "DELEGATED"


class IpPool(models.Model):
    """A range of addresses or prefixes that is given out in units of one length.

    `first` and `last` are the first and the last unit, both given out; `unit_bits` is 32 for IPv4,
    the length of one prefix for IPv6. `base` is the number of the first unit (IPv4: the address;
    IPv6: the upper 64 bits, as a signed number). Units below `next_index` have been put on the
    list of free ones (`IpFree`) once; the rest never were. An address is kept `hold_s` seconds
    from the Accept until the session starts, `grace_s` after its end, and then rests for
    `quarantine_s` before somebody else gets it. A closed pool gives nothing new.
    """

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=11, choices=AddressKind.choices)
    first = PrefixField()
    last = PrefixField()
    unit_bits = models.PositiveSmallIntegerField()
    base = models.BigIntegerField()
    size = models.BigIntegerField()
    next_index = models.BigIntegerField(default=0)
    is_guest = models.BooleanField(default=False)
    is_open = models.BooleanField(default=True)
    hold_s = models.PositiveIntegerField(default=120)
    grace_s = models.PositiveIntegerField(default=300)
    quarantine_s = models.PositiveIntegerField(default=3_600)
    note = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gte=1), name="network_ippool_range"),
            models.CheckConstraint(
                condition=Q(kind="IPV4", unit_bits=32)
                | (~Q(kind="IPV4") & Q(unit_bits__gte=40, unit_bits__lte=64)),
                name="network_ippool_unit",
            ),
            models.CheckConstraint(
                condition=Q(next_index__gte=0, next_index__lte=F("size")),
                name="network_ippool_next",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class IpRule(models.Model):
    """Who draws from a pool: services of a place, a zone, a subscriber, a tariff, a network.

    Empty fields say "any". Of all rules that fit a service the most specific comes first:
    subscriber, then tariff, then zone, then the deepest administrative unit, then the type of
    network; among equals the higher `priority`, then the older rule. The others follow when its
    pool is used up. PERMANENT: the service keeps the address from its activation to its end.
    DYNAMIC: it is held from an Accept to the end of the session.
    """

    class Mode(models.TextChoices):
        """For how long the address is the service's."""

        PERMANENT = "PERMANENT"
        DYNAMIC = "DYNAMIC"

    pool = models.ForeignKey(IpPool, on_delete=models.CASCADE, related_name="rules")
    mode = models.CharField(max_length=9, choices=Mode.choices, default=Mode.PERMANENT)
    account = models.ForeignKey(
        LedgerAccount, null=True, on_delete=models.PROTECT, related_name="+"
    )
    tariff = models.ForeignKey(Tariff, null=True, on_delete=models.PROTECT, related_name="+")
    zone = models.ForeignKey(Zone, null=True, on_delete=models.PROTECT, related_name="+")
    admin_unit = models.ForeignKey(AdminUnit, null=True, on_delete=models.PROTECT, related_name="+")
    network_type = models.CharField(max_length=8, blank=True, default="")
    priority = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "mode", "account", "tariff", "zone", "admin_unit", "network_type"],
                name="network_iprule_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.pool_id} ({self.mode})"


class IpPlan(models.Model):
    """What the rules say of one service and kind, ready made: its mode, the rule that won, and the
    pools in the order in which they are tried. Rewritten when the service or the rules change.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=11, choices=AddressKind.choices)
    mode = models.CharField(max_length=9, choices=IpRule.Mode.choices)
    rule_id = models.BigIntegerField()
    pool_ids = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "kind"], name="network_ipplan_one_each")
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.kind}: {self.mode}"


class IpBasis(models.Model):
    """What the rules looked at when a service's plans were made; when it differs, they are made
    anew.
    """

    subscription = models.OneToOneField(
        Subscription, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    basis = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.basis}"


class IpReserve(models.Model):
    """Addresses that nobody is given: a gateway, servers, a network of the provider's own."""

    first = PrefixField()
    last = PrefixField()
    note = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["first"], name="network_ipreserve_first")]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"


class IpFree(models.Model):
    """A unit of a pool that may be given out from `ready_at` on (until then it rests).

    `last_subscription_id` is who had it last and gets it first. Taking one is deleting its row
    (SKIP LOCKED), so takers do not wait for each other.
    """

    pool = models.ForeignKey(IpPool, on_delete=models.CASCADE, related_name="+")
    address = PrefixField()
    ready_at = models.DateTimeField()
    last_subscription_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "address"], name="network_ipfree_once")
        ]
        indexes = [
            models.Index(fields=["pool", "ready_at", "address"], name="network_ipfree_next"),
            models.Index(
                fields=["last_subscription_id"],
                name="network_ipfree_last",
                condition=Q(last_subscription_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.address)


class IpAssignment(models.Model):
    """An address or prefix that is taken now; never by two, whatever pool it came from.

    ASSIGNED: a service's own, through blocks and pauses, until its end. The others belong to
    sessions: HELD (an Accept told it, the session has not started), IN_USE, GRACE (the session
    has ended; who comes back gets it again). HELD and GRACE end at `expires_at`. `device` is the
    MAC (or the port) that holds it, "" for a service's own. A guest of nobody has no subscription.
    `pool` is null for an address outside every pool (imported, or given by staff).
    """

    class State(models.TextChoices):
        """How it is held."""

        ASSIGNED = "ASSIGNED"
        HELD = "HELD"
        IN_USE = "IN_USE"
        GRACE = "GRACE"

    class Source(models.TextChoices):
        """Who chose it."""

        RULE = "RULE"
        STAFF = "STAFF"
        IMPORT = "IMPORT"
        SESSION = "SESSION"

    pool = models.ForeignKey(
        IpPool, null=True, on_delete=models.PROTECT, related_name="assignments"
    )
    kind = models.CharField(max_length=11, choices=AddressKind.choices)
    address = PrefixField(unique=True)
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="ip_assignments"
    )
    device = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices)
    source = models.CharField(max_length=7, choices=Source.choices)
    rule_id = models.BigIntegerField(null=True)
    session_unique_id = models.CharField(max_length=64, blank=True, default="")
    since_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="network_ipassignment_no_double",
                expressions=[(OpClass(F("address"), name="inet_ops"), "&&")],
            ),
            models.UniqueConstraint(
                fields=["subscription", "kind"],
                name="network_ipassignment_one_each",
                condition=Q(state="ASSIGNED"),
            ),
            models.UniqueConstraint(
                fields=["subscription", "kind", "device"],
                name="network_ipassignment_one_a_device",
                condition=~Q(state="ASSIGNED"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(state__in=["HELD", "GRACE"], expires_at__isnull=False)
                | Q(state__in=["ASSIGNED", "IN_USE"], expires_at__isnull=True),
                name="network_ipassignment_expiry",
            ),
        ]
        indexes = [
            models.Index(fields=["pool", "state"], name="network_ipassignment_pool"),
            models.Index(
                fields=["expires_at"],
                name="network_ipassignment_expires",
                condition=Q(expires_at__isnull=False),
            ),
            models.Index(
                fields=["session_unique_id"],
                name="network_ipassignment_session",
                condition=~Q(session_unique_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} → {self.subscription_id}"


class IpHistory(models.Model):
    """Who held an address before, and when; for "who was it?" and for the rest before re-use."""

    pool = models.ForeignKey(IpPool, null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=11, choices=AddressKind.choices)
    address = PrefixField()
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+"
    )
    device = models.CharField(max_length=64, blank=True, default="")
    source = models.CharField(max_length=7)
    session_unique_id = models.CharField(max_length=64, blank=True, default="")
    valid = DateTimeRangeField()

    class Meta:
        indexes = [
            models.Index(fields=["address"], name="network_iphistory_address"),
            models.Index(fields=["subscription"], name="network_iphistory_sub"),
        ]

    def __str__(self) -> str:
        return f"{self.address} → {self.subscription_id}"


class IpPoolDay(models.Model):
    """How much of a pool was taken at most on a day; the forecast is drawn from these."""

    pool = models.ForeignKey(IpPool, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    taken = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool", "day"], name="network_ippoolday_once")
        ]

    def __str__(self) -> str:
        return f"{self.pool_id} {self.day}: {self.taken}"


class IpClaim(models.Model):
    """An imported row that wanted an address which another service holds; a person decides."""

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=11, choices=AddressKind.choices)
    address = PrefixField()
    source = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "kind", "address"],
                name="network_ipclaim_once",
                condition=Q(settled_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} wants {self.address}"
