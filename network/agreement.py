"""One open session: what it should have beside what it has, and how far that is proven."""

from dataclasses import dataclass
from datetime import datetime

from network import drift, guests, pools
from network.addressing import plans
from network.identity import Identity
from network.models import (
    AccessAction,
    AddressKind,
    GuestRule,
    GuestVisit,
    RadiusDecision,
    Session,
)
from network.profile import AccessProfile
from network.vendors.registry import driver_for

State = AccessAction.State
GUEST = RadiusDecision.State.GUEST


@dataclass(frozen=True, slots=True)
class Agreement:
    """`desired` and `applied` are profiles, None for "no session" and "not known".

    `row` compares it with its service's decision; None: no decision speaks of it. `rule` is the
    guest rule that lets it in, or should, `until_at` the end of a stranger's stay by it.
    `is_stranger`: a device of nobody, maybe at a subscriber's port. `action` is the newest wish
    that counts, `pools` those that its address comes from.
    """

    desired: AccessProfile | None
    applied: AccessProfile | None
    row: drift.DriftRow | None = None
    is_stranger: bool = False
    rule: GuestRule | None = None
    until_at: datetime | None = None
    action: AccessAction | None = None
    pools: tuple[str, ...] = ()


def of_session(*, session: Session, at: datetime) -> Agreement:
    """Compare one open session with all that is decided of it."""
    row = drift.of_session(unique_id=session.unique_id)
    action = (
        AccessAction.objects.filter(session_unique_id=session.unique_id)
        .exclude(state__in=(State.OBSOLETE, State.CANCELLED))
        .order_by("-id")
        .first()
    )
    if row is None or (session.is_guest and not row.is_told and row.decision_state != GUEST):
        return _stranger(session, row=row, action=action, at=at)
    desired, applied, rule = row.desired, row.applied, None
    if row.decision_state == GUEST:
        rule = _rule(session)
        if desired is None and rule is not None:
            # Only an authorization tells this: a rule of the session's own BRAS.
            desired = _walled(session, rule)
            has_it = session.is_guest and not row.is_told and not row.reason
            applied = desired if has_it else applied
    return Agreement(desired, applied, row, rule=rule, action=action, pools=_pools(row, rule))


def _walled(session: Session, rule: GuestRule) -> AccessProfile | None:
    """What a new authorization would give by the rule; None where the BRAS has no wall."""
    if session.nas is None or not driver_for(session.nas).walls_guests:
        return None
    assert session.subscription_id is not None
    decision = RadiusDecision.objects.get(subscription_id=session.subscription_id)
    held = pools.Held(
        decision.framed_ip, decision.framed_ipv6_prefix, decision.delegated_ipv6_prefix
    )
    return guests.profile_of(rule, subscription_id=session.subscription_id, held=held)


def _pools(row: drift.DriftRow, rule: GuestRule | None) -> tuple[str, ...]:
    """Where an address that is not its own comes from; a pool that a rule names is the BRAS's."""
    if rule is not None:
        return () if rule.pool else plans.guest_pools()
    if row.subscription_id is None:
        return ()
    return plans.dynamic_pools(subscription_id=row.subscription_id).get(AddressKind.IPV4, ())


def _rule(session: Session) -> GuestRule | None:
    """The rule by which its service is a guest on its BRAS, as an authorization finds it."""
    assert session.subscription_id is not None
    decision = RadiusDecision.objects.get(subscription_id=session.subscription_id)
    return guests.rule_of_request(
        reason=decision.reason,
        identity=Identity(circuit_hex=session.circuit_hex, remote_hex=session.remote_hex),
        zone_id=decision.zone_id,
        nas_id=session.nas_id or 0,
    )


def _stranger(
    session: Session,
    *,
    row: drift.DriftRow | None,
    action: AccessAction | None,
    at: datetime,
) -> Agreement:
    """Nobody's session: a guest has what the rule of its newest visit gives, until that ends."""
    visit = None
    if session.is_guest:
        visit = (
            GuestVisit.objects.select_related("rule")
            .filter(mac=session.mac, circuit_hex=session.circuit_hex, remote_hex=session.remote_hex)
            .order_by("-last_at")
            .first()
        )
    rule = visit.rule if visit else None
    has = guests.profile_of(rule) if rule else None
    stays = visit is not None and rule is not None and rule.is_active and visit.until_at > at
    return Agreement(
        desired=has if stays else None,
        applied=has,
        row=row,
        is_stranger=True,
        rule=rule,
        until_at=visit.until_at if visit else None,
        action=action,
        pools=plans.guest_pools() if rule and not rule.pool else (),
    )
