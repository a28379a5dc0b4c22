"""BRAS (NAS) registry and the drivers that were edited here."""

from django.contrib.gis.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL

# `network.vendors.registry.kind_of` reads it. Of the flags only `multi_service` changes what an
# Accept with full access says; guests are never made ready.
KIND_SQL = """vendor || COALESCE('@' || interim_s::text, '') ||
    CASE WHEN capabilities ? 'multi_service' THEN
        CASE capabilities ->> 'multi_service' WHEN 'true' THEN '+' ELSE '-' END || 'multi_service'
    ELSE '' END"""


class Nas(models.Model):
    """A BRAS: the router on which subscriber sessions end, known by the source of its packets.

    `secret_encrypted` is the RADIUS shared secret, Fernet-encrypted with a key kept outside the
    database. `vendor` is the code of its driver. `last_boot_at` is the newest Accounting-On/Off: no
    session that was heard of before it can still be open. `capabilities` overrules single flags of
    the driver ({} : as the driver says). `on_refusal`: what follows a CoA that was refused or never
    answered. `only_watched`: another system still runs it; its sessions are taken in and compared,
    and nothing is ever asked of it. `ends_unknown`: a session on it that is nobody's is ended, so
    that it is asked for anew. `interim_s`: how often its sessions report, seconds (null: as the
    setting says); sessions from before `interim_since` were told up to `interim_was_s`. `kind` is
    what an Accept depends on: the key of the replies that are made ready for it. `checked_*`: the
    last check whether it can be reached, `check_ms` the time it took.
    """

    class OnRefusal(models.TextChoices):
        """DISCONNECT: reconnect the session. KEEP: leave it and make a dead letter."""

        DISCONNECT = "DISCONNECT"
        KEEP = "KEEP"

    class Check(models.TextChoices):
        """STATUS: it answered Status-Server. SESSION: it does not know Status-Server, but answered
        a question about a session that is not there. SILENT: nothing came, or the secret differs.
        """

        NEVER = ""
        STATUS = "STATUS"
        SESSION = "SESSION"
        SILENT = "SILENT"

    name = models.CharField(max_length=80, unique=True)
    address = models.GenericIPAddressField(unique=True)
    vendor = models.CharField(max_length=24)
    secret_encrypted = models.BinaryField()
    coa_port = models.PositiveIntegerField(default=3799)
    requires_message_authenticator = models.BooleanField(default=False)
    capabilities = models.JSONField(default=dict, blank=True)
    on_refusal = models.CharField(
        max_length=10, choices=OnRefusal.choices, default=OnRefusal.DISCONNECT
    )
    in_flight_max = models.PositiveSmallIntegerField(default=200)
    only_watched = models.BooleanField(default=False, db_default=False)
    ends_unknown = models.BooleanField(default=False, db_default=False)
    interim_s = models.PositiveSmallIntegerField(null=True, blank=True)
    interim_was_s = models.PositiveSmallIntegerField(null=True)
    interim_since = models.DateTimeField(null=True)
    kind = models.GeneratedField(
        expression=RawSQL(KIND_SQL, []),  # noqa: S611 (our own text)
        output_field=models.TextField(),
        db_persist=True,
    )
    point = models.PointField(srid=4326, null=True)
    boot_epoch = models.PositiveIntegerField(default=0)
    last_boot_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    check_result = models.CharField(
        max_length=8, choices=Check.choices, blank=True, default=Check.NEVER
    )
    check_ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(in_flight_max__gte=1, in_flight_max__lte=200),
                name="network_nas_in_flight_max",
            ),
            models.CheckConstraint(
                condition=Q(coa_port__gte=1, coa_port__lte=65535), name="network_nas_coa_port"
            ),
            models.CheckConstraint(
                condition=Q(interim_s=None) | Q(interim_s__gte=60, interim_s__lte=3600),
                name="network_nas_interim_s",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BrasDriver(models.Model):
    """The dialect of a kind of BRAS as it is spoken here: it lies over the shipped driver of the
    same code, or is a new one. `declaration` is checked before it is stored
    (`network.vendors.declarations`)."""

    code = models.CharField(max_length=24, unique=True)
    declaration = models.JSONField()
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()
    updated_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        db_table = "network_bras_driver"

    def __str__(self) -> str:
        return self.code
