"""Answering Access-Requests: one query finds everything, the pure rules decide.

Two more where the port is nobody's as it stands, and there are services whose ports rules can read.

The hot path: no ORM object is made here unless somebody is to be a guest.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from network import confirmations, fastpath, guests, intervals, pools, port_keys, rejects
from network.authorization import AccessState
from network.identity import Factors, Identity, Mode, Problem, Resolution, resolve
from network.option82 import ports
from network.rejects import UNKNOWN_NAS
from network.vendors.driver import Driver, ReplyAttribute
from network.vendors.registry import Card, driver_for
from project.core import prepared

CANDIDATES_MAX = 20
# Where an Accept has addresses, as `raddb/policy/lent` takes them out of an answer from memory.
LENT_IN = {"Framed-IP-Address": "4", "Framed-IPv6-Prefix": "6", "Delegated-IPv6-Prefix": "d"}
OTHERWHERE = "x"
HEAD = 7  # columns about the BRAS, before those of a service

_ASKED = """
SELECT n.vendor, n.retired_at IS NOT NULL, n.id, n.capabilities,
       COALESCE(own.mode, every.mode, 'AUTO'), n.interim_s,
       EXISTS (SELECT FROM radius_decision x WHERE x.port_key <> ''), f.*
FROM (SELECT %(nas)s::inet AS address) one
LEFT JOIN network_nas n ON n.address = one.address
LEFT JOIN network_accessmode own ON own.nas_id = n.id
LEFT JOIN network_accessmode every ON every.nas_id IS NULL AND every.zone_id IS NULL
LEFT JOIN LATERAL (
    SELECT d.subscription_id, d.login, d.mac, d.circuit_hex, d.remote_hex, d.mode, d.password,
           d.state, d.reason, d.profile, host(d.framed_ip), d.zone_id,
           d.sessions_max, d.framed_ipv6_prefix::text, d.delegated_ipv6_prefix::text,
           EXISTS (SELECT FROM network_ipplan p
                   WHERE p.subscription_id = d.subscription_id AND p.mode = 'DYNAMIC'),
           d.replies -> n.kind, d.port_key
    FROM ({by}) d LIMIT %(most)s
) f ON true
"""
# Whose login it is comes first, then whose MAC, then whose line: one look-up each.
_FIND = _ASKED.format(
    by="""
        (SELECT x.* FROM radius_decision x WHERE x.login = %(login)s)
        UNION ALL
        (SELECT x.* FROM radius_decision x
         WHERE x.mac = %(mac)s AND x.mac <> '' AND x.login <> %(login)s LIMIT %(most)s)
        UNION ALL
        (SELECT x.* FROM radius_decision x
         WHERE x.circuit_hex = %(circuit)s AND x.remote_hex = %(remote)s AND x.circuit_hex <> ''
           AND x.login <> %(login)s AND (x.mac <> %(mac)s OR x.mac = '') LIMIT %(most)s)
"""
)
_FIND_READ = _ASKED.format(
    by="""
        SELECT x.* FROM radius_decision x
        WHERE x.port_key = ANY(%(keys)s::text[]) AND x.port_key <> '' LIMIT %(most)s
"""
)

# The same device logging in again is no second one.
_OTHERS_ONLINE = """
SELECT count(*) FROM network_session
WHERE subscription_id = %s AND state = 'OPEN' AND NOT is_guest AND (mac = '' OR mac <> %s)
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of `radius_decision` as an Access-Request meets it."""

    factors: Factors
    password: str
    state: AccessState
    reason: str
    profile: Any
    held: pools.Held
    zone_id: int | None
    sessions_max: int | None
    is_dynamic: bool
    ready: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told to the RADIUS server.

    `reply` is empty for a refusal, whose `reason` is then a code for machines. `password` is what
    the subscriber must prove to know; None: the equipment was proof enough. `reason` is "OK" only
    for full access: with another one it is a guest.
    """

    accepted: bool
    reason: str
    reply: tuple[ReplyAttribute, ...] = ()
    password: str | None = None
    subscription_id: int | None = None
    missed: str = ""
    guest_rule_id: int | None = None
    lent: str = ""


@dataclass(frozen=True, slots=True)
class _Asked:
    """An Access-Request and all that is known about it."""

    identity: Identity
    nas_address: str | None
    nas_id: int
    driver: Driver
    at: datetime
    interim_s: int | None


def authorize(*, identity: Identity, nas_address: str | None, at: datetime) -> Answer:
    """Decide one Access-Request. A refusal, and a guest, is written down with its reason and the
    factors that did not match."""
    rows = prepared.rows(
        _FIND,
        {
            "nas": nas_address,
            "login": identity.login,
            "mac": identity.mac,
            "circuit": identity.circuit_hex,
            "remote": identity.remote_hex,
            "most": CANDIDATES_MAX,
        },
    )
    vendor, is_retired, nas_id, told, mode, interim_s, any_is_read = rows[0][:HEAD]
    if vendor is None or is_retired:
        answer = Answer(accepted=False, reason=UNKNOWN_NAS)
    else:
        found = [row[HEAD:] for row in rows if row[HEAD] is not None]
        decisions = {row[0]: _decision(row, mode) for row in found}
        if any_is_read and not any(identity.stands_at(one.factors) for one in decisions.values()):
            identity = _read(identity, decisions, nas_address=nas_address, mode=mode)
        card = Card(vendor, json.loads(told) if isinstance(told, str) else told)
        asked = _Asked(identity, nas_address, nas_id, driver_for(card), at, interim_s)
        answer = _answer(asked, decisions)
    if answer.reason != "OK":
        rejects.record(
            identity=identity,
            nas_address=nas_address,
            reason=answer.reason,
            missed=answer.missed,
            guest_rule_id=answer.guest_rule_id,
            subscription_id=answer.subscription_id,
            at=at,
        )
    return answer


def _read(
    identity: Identity, decisions: dict[int, Decision], *, nas_address: str | None, mode: str
) -> Identity:
    """The same with its port as rules read it; who is registered there joins the decisions."""
    if not identity.circuit_hex:
        return identity
    rules = port_keys.active()
    told = ports.told(rules, circuit_hex=identity.circuit_hex, remote_hex=identity.remote_hex)
    if not told.keys:
        return identity
    asked = {"nas": nas_address, "keys": list(told.keys), "most": CANDIDATES_MAX}
    for row in prepared.rows(_FIND_READ, asked):
        if row[HEAD] is not None:
            decisions.setdefault(row[HEAD], _decision(row[HEAD:], mode))
    for one, decision in decisions.items():
        factors = decision.factors
        own = ports.told(rules, circuit_hex=factors.circuit_hex, remote_hex=factors.remote_hex)
        # A key may be one of yesterday's rules: what is registered is read by today's.
        if factors.port_key and (own.is_ambiguous or factors.port_key not in own.keys):
            decisions[one] = replace(decision, factors=replace(factors, port_key=""))
    return replace(identity, port_keys=told.keys, is_port_ambiguous=told.is_ambiguous)


def _answer(asked: _Asked, decisions: dict[int, Decision]) -> Answer:
    found = resolve(asked.identity, [one.factors for one in decisions.values()])
    if found.subscription_id is None:
        return _unresolved(asked, found, decisions)
    service = found.subscription_id
    decision = decisions[service]
    password = decision.password if found.check_password else None
    reason = decision.reason
    if decision.state is AccessState.FULL and not _is_full_house(asked, decision):
        lent = _lent(asked, decision)
        class_text = f"s:{service}:{secrets.token_hex(4)}"
        reply = _reply(asked, decision, class_text=class_text, lent=lent)
        return Answer(True, "OK", reply, password, service, lent=lent_in(reply, lent))
    if decision.state is AccessState.FULL:
        reason = guests.TOO_MANY_SESSIONS
    return _guest(
        asked,
        reason=reason,
        subscription_id=found.subscription_id,
        zone_id=decision.zone_id,
        password=password,
        held=pools.NOTHING if reason == guests.TOO_MANY_SESSIONS else decision.held,
    )


def lent_in(reply: Iterable[ReplyAttribute], lent: pools.Held) -> str:
    """Where the reply has what is lent for this session, for the memory of FreeRADIUS, which must
    not give it again later: a letter each of `LENT_IN`, OTHERWHERE for an attribute of which
    FreeRADIUS does not know that addresses are in it (a form of one's own in an edited driver)."""
    values = [one for one in (lent.ipv4, lent.ipv6_prefix, lent.delegated) if one]
    names = [one.name for one in reply if any(value in str(one.value) for value in values)]
    return "".join(sorted({LENT_IN.get(name, OTHERWHERE) for name in names}))


def _reply(
    asked: _Asked, decision: Decision, *, class_text: str, lent: pools.Held
) -> tuple[ReplyAttribute, ...]:
    """The attributes of full access: those made ready with the decision, or rendered now where
    something of this request decides (an address of a pool)."""
    plain = fastpath.has_plain_class(asked.driver)
    if decision.ready and plain and not decision.is_dynamic:
        return fastpath.attributes_of(decision.ready, class_text=class_text)
    service, own = decision.factors.subscription_id, decision.held
    profile = fastpath.profile_of(
        decision.profile,
        held=pools.Held(
            ipv4=own.ipv4 or lent.ipv4,
            ipv6_prefix=own.ipv6_prefix or lent.ipv6_prefix,
            delegated=own.delegated or lent.delegated,
        ),
        interim_s=intervals.of_service_s(asked.interim_s, subscription_id=service),
        class_text=class_text,
    )
    return tuple(asked.driver.accept(profile))


def _unresolved(asked: _Asked, found: Resolution, decisions: dict[int, Decision]) -> Answer:
    """Nobody was found: a guest for some rule, or nobody at all. People are told of what they can
    mend: a new MAC, a conflict."""
    problem = found.problem or Problem.UNKNOWN
    nearest = decisions[found.nearest_id] if found.nearest_id is not None else None
    missed = ",".join(found.missed)
    if problem is Problem.NEW_MAC and found.nearest_id is not None:
        by_port = nearest is not None and asked.identity.stands_at(nearest.factors)
        confirmations.ask_for_mac(
            subscription_id=found.nearest_id,
            mac=asked.identity.mac,
            by_port=by_port,
            nas_address=asked.nas_address,
            at=asked.at,
        )
    if problem is Problem.CONFLICT:
        confirmations.raise_alert(
            identity=asked.identity,
            missed=missed,
            subscription_ids=decisions,
            nas_address=asked.nas_address,
            at=asked.at,
        )
    return _guest(
        asked,
        reason=problem.value,
        missed=missed,
        subscription_id=found.nearest_id,
        zone_id=nearest.zone_id if nearest else None,
        password=nearest.password if nearest and found.check_password else None,
    )


def _guest(
    asked: _Asked,
    *,
    reason: str,
    subscription_id: int | None,
    zone_id: int | None,
    password: str | None,
    held: pools.Held = pools.NOTHING,
    missed: str = "",
) -> Answer:
    """An Accept as a guest, where a rule, its limits and the BRAS allow it; else a refusal."""
    refused = Answer(False, reason, subscription_id=subscription_id, missed=missed)
    if not asked.driver.walls_guests:
        return refused
    rule = guests.rule_of_request(
        reason=reason, identity=asked.identity, zone_id=zone_id, nas_id=asked.nas_id
    )
    if rule is None or not guests.admit(
        rule=rule,
        identity=asked.identity,
        subscription_id=subscription_id,
        reason=reason,
        nas_address=asked.nas_address,
        at=asked.at,
    ):
        return refused
    # Of strangers without a MAC nothing tells one from the other: no two may get the same address.
    is_known = asked.identity.mac or subscription_id is not None
    lent = pools.NOTHING
    if held.ipv4 is None and not rule.pool and is_known:
        address = pools.hold_guest(
            device=asked.identity.mac, subscription_id=subscription_id, at=asked.at
        )
        held, lent = replace(held, ipv4=address), pools.Held(ipv4=address)
    profile = guests.profile_of(
        rule,
        subscription_id=subscription_id,
        held=held,
        interim_s=_interim_s(asked, subscription_id),
    )
    reply = tuple(asked.driver.accept(profile))
    return Answer(
        True, reason, reply, password, subscription_id, missed, rule.id, lent_in(reply, lent)
    )


def _interim_s(asked: _Asked, subscription_id: int | None) -> int:
    if subscription_id is not None:
        return intervals.of_service_s(asked.interim_s, subscription_id=subscription_id)
    one = asked.identity
    return intervals.of_stranger_s(
        asked.interim_s, mac=one.mac, circuit_hex=one.circuit_hex, remote_hex=one.remote_hex
    )


def _lent(asked: _Asked, decision: Decision) -> pools.Held:
    """What the rules of the service give to sessions, held for this one."""
    if not decision.is_dynamic:
        return pools.NOTHING
    service = decision.factors.subscription_id
    return pools.hold(subscription_id=service, device=asked.identity.mac, at=asked.at)


def _is_full_house(asked: _Asked, decision: Decision) -> bool:
    """Whether as many devices of the service are online as it may have."""
    if decision.sessions_max is None:
        return False
    with connection.cursor() as cursor:
        service = decision.factors.subscription_id
        cursor.execute(_OTHERS_ONLINE, [service, asked.identity.mac])
        return bool(cursor.fetchone()[0] >= decision.sessions_max)


def _decision(row: tuple[Any, ...], mode: str) -> Decision:
    return Decision(
        factors=Factors(
            row[0], row[1], row[2], row[3], row[4], Mode(row[5] or mode), port_key=row[17]
        ),
        password=row[6],
        state=AccessState(row[7]),
        reason=row[8],
        profile=row[9],
        held=pools.Held(row[10], row[13], row[14]),
        zone_id=row[11],
        sessions_max=row[12],
        is_dynamic=row[15],
        ready=row[16],
    )
