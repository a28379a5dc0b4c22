"""The dry run: what a service, or a stranger, would be told on one BRAS. Nothing is sent or kept.

It answers as `network.access_requests` does, by the same rules, for the service's own equipment. An
address of a pool is named by its pool: which one it will be is known when it is given out.
"""

from dataclasses import dataclass, replace
from typing import Any

from network import guests, intervals, pools, steps
from network.addressing import plans
from network.identity import Identity, Problem
from network.models import (
    AccessAction,
    AddressKind,
    GuestRule,
    Nas,
    RadiusDecision,
    Session,
    SessionProfile,
)
from network.profile import AccessProfile
from network.rejects import UNKNOWN_NAS
from network.sender import sessions_of
from network.vendors.driver import Driver

FULL = RadiusDecision.State.FULL
# Stands for an address until its pool is named; nobody has one of these (RFC 5737, RFC 3849).
STAND_INS = {
    AddressKind.IPV4: ("framed_ip", "192.0.2.255"),
    AddressKind.IPV6_PREFIX: ("framed_ipv6_prefix", "2001:db8:ffff:1::/64"),
    AddressKind.DELEGATED: ("delegated_ipv6_prefix", "2001:db8:ffff:2::/64"),
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the Accept. Its value is an address of one of `pools`, the first that has
    one left, where any are named."""

    name: str
    op: str
    value: str | int
    pools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would be told. `accept` is None for a refusal, whose `reason` is a code for machines;
    "OK" goes with full access only.

    `decision` is None for somebody whom no service knows. `rule` lets him in as a guest. `session`
    names the open session, whose change would be `kind` with these `packets`.
    """

    decision: RadiusDecision | None
    accept: list[Attribute] | None
    reason: str
    rule: GuestRule | None = None
    session: Session | None = None
    kind: str = ""
    packets: tuple[Any, ...] = ()


def dry_run(*, text: str, driver: Driver, nas: Nas | None = None) -> DryRun:
    """Find a service by its login or number and render what it would get on this BRAS; without one,
    on any with this driver that has no guest rules of its own."""
    decision = _decision(text.strip().lower())
    if nas is not None and nas.retired_at is not None:
        return DryRun(decision, None, UNKNOWN_NAS)
    told = _told(decision, login=text.strip(), driver=driver, nas=nas)
    session = None
    if decision is not None:
        running = Session.objects.filter(subscription_id=decision.subscription_id)
        session = running.order_by("-id").first()
    if decision is None or session is None:
        return told
    job = _change(decision, session, driver=driver)
    if job is None:
        return told
    return replace(told, session=session, kind=job.kind, packets=tuple(job.packets))


def _decision(wanted: str) -> RadiusDecision | None:
    found = RadiusDecision.objects.filter(login=wanted).first()
    is_number = wanted.isascii() and wanted.isdigit() and len(wanted) < 19
    if found is None and is_number:
        found = RadiusDecision.objects.filter(subscription_id=int(wanted)).first()
    return found


def _told(
    decision: RadiusDecision | None, *, login: str, driver: Driver, nas: Nas | None
) -> DryRun:
    interim_s = nas.interim_s if nas else None
    if decision is None:
        return _guest(None, Identity(login=login), Problem.UNKNOWN.value, driver=driver, nas=nas)
    service = decision.subscription_id
    if decision.state == FULL:
        profile = replace(
            AccessProfile.from_json(decision.profile),
            interim_s=intervals.of_service_s(interim_s, subscription_id=service),
            class_text=f"s:{service}:…",
        )
        lent = plans.dynamic_pools(subscription_id=service)
        return DryRun(decision, _accept(profile, driver=driver, lent=lent), "OK")
    one = decision
    own = Identity(
        login=one.login, mac=one.mac, circuit_hex=one.circuit_hex, remote_hex=one.remote_hex
    )
    return _guest(decision, own, decision.reason, driver=driver, nas=nas)


def _guest(
    decision: RadiusDecision | None,
    identity: Identity,
    reason: str,
    *,
    driver: Driver,
    nas: Nas | None,
) -> DryRun:
    """An Accept as a guest, where the BRAS can wall him in and a rule of it says so."""
    rule = None
    if driver.walls_guests:
        rule = guests.rule_of_request(
            reason=reason,
            identity=identity,
            zone_id=decision.zone_id if decision else None,
            nas_id=nas.id if nas else 0,
        )
    if rule is None:
        return DryRun(decision, None, reason)
    service = decision.subscription_id if decision else None
    interval = nas.interim_s if nas else None
    if service is not None:
        interim_s = intervals.of_service_s(interval, subscription_id=service)
    else:
        interim_s = interval or intervals.usual_s()
    profile = guests.profile_of(
        rule, subscription_id=service, held=_held(decision), interim_s=interim_s
    )
    lent = {} if rule.pool else {AddressKind.IPV4.value: plans.guest_pools()}
    told = replace(profile, class_text=f"g:{rule.id}:{service or 0}:…")
    return DryRun(decision, _accept(told, driver=driver, lent=lent), reason, rule)


def _held(decision: RadiusDecision | None) -> pools.Held:
    if decision is None:
        return pools.NOTHING
    return pools.Held(
        decision.framed_ip, decision.framed_ipv6_prefix, decision.delegated_ipv6_prefix
    )


def _accept(
    profile: AccessProfile, *, driver: Driver, lent: dict[str, tuple[str, ...]]
) -> list[Attribute]:
    """The attributes; what comes of a pool is named by it."""
    fields: dict[str, Any] = {}
    pools_of: dict[str, tuple[str, ...]] = {}
    for kind, (name, value) in STAND_INS.items():
        if lent.get(kind) and getattr(profile, name) is None:
            fields[name] = value
            pools_of[value] = lent[kind]
    told = []
    for name, op, said in driver.accept(replace(profile, **fields)):
        named = next((names for text, names in pools_of.items() if text in str(said)), ())
        told.append(Attribute(name, op, "" if named else said, named))
    return told


def _change(decision: RadiusDecision, session: Session, *, driver: Driver) -> steps.Job | None:
    """The change of this session, planned as the sender would; None when it has just ended."""
    unique_id = session.unique_id
    known = sessions_of([unique_id]).get(unique_id)
    if known is None:
        return None
    if not SessionProfile.objects.filter(session_unique_id=unique_id).exists():
        known = known._replace(applied=_noted(decision, session))
    job = steps.Job(
        id=0,
        session_unique_id=unique_id,
        subscription_id=decision.subscription_id,
        kind=AccessAction.Kind.PENDING,
        cause="",
        desired=decision.profile,
        desired_mark=decision.profile_hash,
        said_before=[],
        attempts=0,
        session=known,
    )
    steps.planned(job, driver=driver)
    return job


def _noted(decision: RadiusDecision, session: Session) -> Any:
    """What `wishes.remember` would note of a session of which nothing is noted yet. The guest of a
    service with full access has another's profile: a stranger's device at its port."""
    is_by_it = decision.felt_at is None or session.started_at >= decision.felt_at
    is_same = session.is_guest is (decision.state == RadiusDecision.State.GUEST)
    return (decision.profile or None) if is_by_it and is_same else None
