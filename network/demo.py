"""Demo data of provisioning: one BRAS on this host, and pools for the given places."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from coverage.models import AdminUnit, Zone
from network import operations
from network.models import IpPool, Nas
from project.core.actor import SYSTEM

NAS_NAME = "BRAS Демо"
NAS_ADDRESS = "127.0.0.1"
ANYWHERE = ("Харків, загальний", "10.60.0.0/16", "10.60.0.2", "10.60.255.254")
ZONE_POOLS_MAX = 64
UNIT_POOLS_MAX = 64


def load(
    *, at: datetime, zones: Iterable[Zone] = (), admin_units: Iterable[AdminUnit] = ()
) -> None:
    """Make what is missing; a second call changes nothing.

    The BRAS has the secret of `GEOBILL_RADIUS_SECRET`, so `radclient` on this host works. Each
    zone gets a /20 of 10.64.0.0/12 and each administrative unit a /19 of 10.32.0.0/12, in the
    order given; the rest draws from 10.60.0.0/16.
    """
    if not Nas.objects.filter(address=NAS_ADDRESS).exists():
        operations.save_nas(
            name=NAS_NAME,
            address=NAS_ADDRESS,
            vendor="mikrotik",
            secret=settings.GEOBILL_RADIUS_SECRET,
            at=at,
            actor=SYSTEM,
        )
    _pool(*ANYWHERE)
    for number, zone in enumerate(list(zones)[:ZONE_POOLS_MAX]):
        # A /20 is 16 values of the third byte.
        second, third = 64 + number // 16, number % 16 * 16
        _pool(
            f"Зона {zone.code}",
            f"10.{second}.{third}.0/20",
            f"10.{second}.{third}.2",
            f"10.{second}.{third + 15}.254",
            zone=zone,
        )
    for number, unit in enumerate(list(admin_units)[:UNIT_POOLS_MAX]):
        second, third = 32 + number // 8, number % 8 * 32
        _pool(
            f"{unit.name} ({unit.id})",
            f"10.{second}.{third}.0/19",
            f"10.{second}.{third}.2",
            f"10.{second}.{third + 31}.254",
            unit=unit,
        )


def _pool(
    name: str,
    network: str,
    first: str,
    last: str,
    *,
    zone: Zone | None = None,
    unit: AdminUnit | None = None,
) -> None:
    IpPool.objects.get_or_create(
        name=name,
        defaults={
            "network": network,
            "first_address": first,
            "last_address": last,
            "zone": zone,
            "admin_unit": unit,
        },
    )
