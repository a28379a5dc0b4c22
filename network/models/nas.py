"""BRAS (NAS) registry."""

from django.contrib.gis.db import models


class Nas(models.Model):
    """A BRAS: the router on which subscriber sessions end, known by the source of its packets.

    `secret_encrypted` is the RADIUS shared secret, Fernet-encrypted with a key kept outside the
    database. `vendor` names the driver in `network/vendors/`. `last_boot_at` is the newest
    Accounting-On/Off: no session that was heard of before it can still be open.
    """

    name = models.CharField(max_length=80, unique=True)
    address = models.GenericIPAddressField(unique=True)
    vendor = models.CharField(max_length=24)
    secret_encrypted = models.BinaryField()
    coa_port = models.PositiveIntegerField(default=3799)
    requires_message_authenticator = models.BooleanField(default=False)
    point = models.PointField(srid=4326, null=True)
    boot_epoch = models.PositiveIntegerField(default=0)
    last_boot_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name
