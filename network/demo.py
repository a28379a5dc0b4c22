"""Demo data of provisioning: one BRAS on this host, and pools for the given places."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from coverage.models import AdminUnit, Zone
from network import crypto, guest_rules, operations
from network.addressing import editing
from network.models import GuestRule, IpPool, Nas
from project.core.actor import SYSTEM

NAS_NAME = "BRAS Демо"
NAS_ADDRESS = "127.0.0.1"
VENDOR = "mikrotik"
GUEST_RULE = "Борг: лише наші сторінки"
ANYWHERE = ("Харків, загальний", "10.60.0.2-10.60.255.254")
GUESTS = ("Гості", "100.64.0.2-100.64.15.254")
LINKS = ("IPv6, мережа абонента", "2001:db8:4000::/42", 64)
BEHIND = ("IPv6, за роутером", "2001:db8:8000::/36", 56)
ZONE_POOLS_MAX = 64
UNIT_POOLS_MAX = 64


def load(
    *, at: datetime, zones: Iterable[Zone] = (), admin_units: Iterable[AdminUnit] = ()
) -> None:
    """Make what is missing; a second call changes nothing.

    The BRAS has the secret of `GEOBILL_RADIUS_SECRET`, so `radclient` on this host works. Each
    zone gets a /20 of 10.64.0.0/12 and each administrative unit a /19 of 10.32.0.0/12, in the
    order given; the rest draws from 10.60.0.0/16. Everybody gets a /56 to delegate for good and a
    /64 for the session.
    """
    if not Nas.objects.filter(address=NAS_ADDRESS).exists():
        operations.save_nas(
            name=NAS_NAME,
            address=NAS_ADDRESS,
            vendor=VENDOR,
            secret=settings.GEOBILL_RADIUS_SECRET,
            at=at,
            actor=SYSTEM,
        )
    _pool(*ANYWHERE, at=at)
    _pool(*GUESTS, at=at, is_guest=True)
    name, network, bits = LINKS
    _pool(name, network, at=at, kind="IPV6_PREFIX", unit_bits=bits, mode="DYNAMIC")
    name, network, bits = BEHIND
    _pool(name, network, at=at, kind="DELEGATED", unit_bits=bits)
    for number, zone in enumerate(list(zones)[:ZONE_POOLS_MAX]):
        # A /20 is 16 values of the third byte.
        second, third = 64 + number // 16, number % 16 * 16
        _pool(
            f"Зона {zone.code}",
            f"10.{second}.{third}.2-10.{second}.{third + 15}.254",
            at=at,
            zone=zone,
        )
    for number, unit in enumerate(list(admin_units)[:UNIT_POOLS_MAX]):
        second, third = 32 + number // 8, number % 8 * 32
        _pool(
            f"{unit.name} ({unit.id})",
            f"10.{second}.{third}.2-10.{second}.{third + 31}.254",
            at=at,
            unit=unit,
        )


def wall(*, at: datetime) -> None:
    """Who owes money is let in as a guest, slowly and to our pages only; made once."""
    if not GuestRule.objects.exists():
        guest_rules.save(
            rule_id=None,
            wanted=guest_rules.Wanted(
                name=GUEST_RULE,
                reasons=["DEBT"],
                speed_down_bit_s=2_000_000,
                speed_up_bit_s=1_000_000,
            ),
            at=at,
            actor=SYSTEM,
        )


def play(*, coa_port: int, at: datetime) -> str:
    """The name of the demonstration's BRAS, which `simulate_bras` plays at that port from now on.

    "" when somebody has put another one in its place: that one is not ours to play.
    """
    nas = Nas.objects.filter(name=NAS_NAME, address=NAS_ADDRESS, retired_at=None).first()
    if nas is None or nas.vendor != VENDOR:
        return ""
    if nas.coa_port != coa_port:
        operations.save_nas(
            name=nas.name,
            address=NAS_ADDRESS,
            vendor=VENDOR,
            secret=crypto.decrypt(nas.secret_encrypted),
            at=at,
            actor=SYSTEM,
            coa_port=coa_port,
            requires_message_authenticator=nas.requires_message_authenticator,
        )
    return nas.name


def _pool(
    name: str,
    range_text: str,
    *,
    at: datetime,
    zone: Zone | None = None,
    unit: AdminUnit | None = None,
    kind: str = "IPV4",
    unit_bits: int | None = None,
    is_guest: bool = False,
    mode: str = "PERMANENT",
) -> None:
    if IpPool.objects.filter(name=name).exists():
        return
    pool = editing.make_pool(
        wish=editing.PoolWish(
            name=name, range_text=range_text, kind=kind, unit_bits=unit_bits, is_guest=is_guest
        ),
        at=at,
        actor=SYSTEM,
    )
    if not is_guest:
        editing.add_rule(
            wish=editing.RuleWish(
                pool_id=pool.id,
                mode=mode,
                zone_id=zone.id if zone else None,
                admin_unit_id=unit.id if unit else None,
            ),
            at=at,
            actor=SYSTEM,
        )
