"""The drift board: sessions that do not have what they should, those that do, and nobody's.

In a small network all open sessions are compared for each page. In a large one (`network.large`)
only those are that may differ: what `network.standing` found when all were compared last, and
whatever was asked of a BRAS lately, which has indexes. Either way each row is compared as of now.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import connection

from network import large
from network.live_queries import ROWS_MAX, profile_of
from network.models import AccessAction
from network.profile import AccessProfile
from network.strangers import MAY_BE_ASTRAY, OVERSTAYED_BY, STAY_IS_OVER, VISIT

State = AccessAction.State
REASONS = (
    "ACCESS", "PROFILE", "WAITING", "NAK", "TIMEOUT", "NOT_APPLIED", "DEAD", "UNPROVEN", "STALE",
)  # fmt: skip
NOT_TO_MEND = frozenset({"WAITING", "UNPROVEN"})
COUNTED_MAX = 100_000
LOOKED_AT_MAX = 2_000
OF_A_STATE = 1_000
OPEN_STATES = (
    State.DESIRED, State.SENT, State.TIMED_OUT, State.NAK, State.NOT_APPLIED, State.DEAD,
    State.ACKNOWLEDGED,
)  # fmt: skip

_ALL = "network_session s"
_ASKED = "\n    UNION ALL ".join(
    f"(SELECT session_unique_id FROM network_access_action WHERE state = '{state}'"  # noqa: S608
    f" ORDER BY id DESC LIMIT {OF_A_STATE})"
    for state in OPEN_STATES
)
# UNION: a session is compared once, whatever leads to it.
_CANDIDATES = f"""(
    SELECT session_id AS id FROM network_drift_found
    UNION SELECT x.id FROM network_session x JOIN ({_ASKED}) asked
          ON asked.session_unique_id = x.unique_id
    UNION (SELECT x.id FROM network_session x WHERE x.state = 'SUSPECT'
           ORDER BY x.id DESC LIMIT {OF_A_STATE})
) candidate JOIN network_session s ON s.id = candidate.id"""  # noqa: S608

# Each open session with what it shall have and what it has, as far as that is known. A session of
# which nothing was ever asked has what it was accepted with, unless the decision changed since.
_COMPARED = """
SELECT s.id, s.unique_id, s.subscription_id, s.login, host(s.framed_ip), s.mac, s.state, s.is_guest,
       s.started_at, s.last_seen_at, n.id, n.name, n.vendor, d.state, d.reason, d.profile,
       CASE WHEN p.session_unique_id IS NOT NULL THEN p.applied
            WHEN NOT compared.differs AND s.is_guest = (d.state = 'GUEST') THEN d.profile END,
       p.verified_at, a.id, a.kind, a.state, a.cause, a.error_cause, a.created_at, a.answered_at,
       d.felt_at, p.session_unique_id IS NOT NULL, p.acknowledged_at, why.reason
FROM {sessions}
JOIN radius_decision d ON d.subscription_id = s.subscription_id
LEFT JOIN network_nas n ON n.id = s.nas_id
LEFT JOIN network_session_profile p ON p.session_unique_id = s.unique_id
LEFT JOIN LATERAL (
    SELECT x.* FROM network_access_action x WHERE x.session_unique_id = s.unique_id
      AND x.state NOT IN ('OBSOLETE', 'CANCELLED') ORDER BY x.id DESC LIMIT 1
) a ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN p.session_unique_id IS NOT NULL THEN p.applied_mark <> d.profile_hash
                ELSE d.state = 'REFUSED' OR s.started_at < d.felt_at END AS differs
) compared
CROSS JOIN LATERAL (
    SELECT CASE WHEN s.state = 'SUSPECT' AND a.error_cause = 503 THEN 'STALE'
                WHEN a.state IN ('DESIRED', 'SENT') THEN 'WAITING'
                WHEN a.state = 'TIMED_OUT' THEN 'TIMEOUT'
                WHEN a.state IN ('NAK', 'NOT_APPLIED', 'DEAD') AND compared.differs THEN a.state
                WHEN compared.differs AND d.state <> 'FULL' THEN 'ACCESS'
                WHEN compared.differs THEN 'PROFILE'
                WHEN a.state = 'ACKNOWLEDGED' AND NOT a.verified THEN 'UNPROVEN'
           END AS reason
    FROM (SELECT a.*, p.verified_at IS NOT NULL AS verified) a
) why
"""
_DRIFT = f"""{_COMPARED}
WHERE why.reason IS NOT NULL AND (%(reason)s = '' OR why.reason = %(reason)s)
  AND (%(nas)s::bigint IS NULL OR s.nas_id = %(nas)s)
  AND (%(before)s::bigint IS NULL OR s.id < %(before)s)
ORDER BY s.id DESC LIMIT %(most)s
"""

# Who has what he should, among the newest so many: as many are read however few agree. A guest at
# the port of a service that has full access is somebody else's device, of whom no decision speaks.
_LOOKED_AT = """
    SELECT x.* FROM network_session x
    WHERE (%(nas)s::bigint IS NULL OR x.nas_id = %(nas)s)
      AND (%(before)s::bigint IS NULL OR x.id < %(before)s)
    ORDER BY x.id DESC LIMIT %(looked)s
"""
_AGREED = f"""{_COMPARED.format(sessions=f"({_LOOKED_AT}) s")}
WHERE why.reason IS NULL
  AND (p.session_unique_id IS NOT NULL OR s.is_guest = (d.state = 'GUEST'))
  AND (d.framed_ip IS NULL OR s.framed_ip IS NULL OR d.framed_ip = s.framed_ip)
ORDER BY s.id DESC LIMIT %(most)s
"""
_LAST_LOOKED_AT = f"SELECT min(id), count(*) FROM ({_LOOKED_AT}) looked"  # noqa: S608 (our own text)
_OF_ONE = f"{_COMPARED.format(sessions=_ALL)} WHERE s.unique_id = %(session)s"

_NOBODY = f"""
SELECT s.id, s.unique_id, s.acct_session_id, s.login, host(s.framed_ip), s.mac, s.circuit_hex,
       s.nas_port_id, s.started_at, s.last_seen_at, s.in_octets, s.out_octets, n.id,
       n.name, host(s.nas_address), COALESCE(n.only_watched, true), COALESCE(n.ends_unknown, false),
       line.building_id, node.name, rule.id, rule.name, visit.until_at, s.subscription_id,
       why.kind, asked.state
FROM {MAY_BE_ASTRAY}
LEFT JOIN network_nas n ON n.id = s.nas_id
LEFT JOIN network_lineplace line ON s.circuit_hex <> ''
  AND line.circuit_hex = s.circuit_hex AND line.remote_hex = s.remote_hex
LEFT JOIN coverage_plantnode node ON node.id = line.node_id
{VISIT}
LEFT JOIN LATERAL (
    SELECT x.state FROM network_access_action x WHERE x.session_unique_id = s.unique_id
      AND x.state NOT IN ('OBSOLETE', 'CANCELLED') ORDER BY x.id DESC LIMIT 1
) asked ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN NOT s.is_guest THEN 'UNKNOWN' WHEN {STAY_IS_OVER} THEN 'OVERSTAYED'
                WHEN s.subscription_id IS NULL THEN 'GUEST' END AS kind
) why
WHERE why.kind IS NOT NULL AND (%(kind)s = '' OR why.kind = %(kind)s)
  AND (%(nas)s::bigint IS NULL OR s.nas_id = %(nas)s)
  AND (%(before)s::bigint IS NULL OR s.id < %(before)s)
ORDER BY s.id DESC LIMIT %(most)s
"""  # noqa: S608 (our own text)
# UNKNOWN: online with no Class of a guest and of no service. OVERSTAYED: a guest whose time is
# over. GUEST: a stranger behind the wall, as a rule says.
NOBODY_KINDS = ("UNKNOWN", "OVERSTAYED", "GUEST")
NOT_AS_ANY_RULE = frozenset({"UNKNOWN", "OVERSTAYED"})


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One session beside its decision.

    `reason` is one of `REASONS`, "" where they agree; `desired` and `applied` are profiles, None
    for "no session" (or "as a rule of its BRAS says", where the decision is a guest) and "not
    known". `felt_at` is since when the decision is so. `is_told`: something was changed in the
    session itself, acknowledged and verified when the profile's times say; else it has what it was
    let in with.
    """

    id: int
    unique_id: str
    subscription_id: int | None
    login: str
    framed_ip: str | None
    mac: str
    session_state: str
    is_guest: bool
    started_at: datetime
    last_seen_at: datetime
    nas_id: int | None
    nas_name: str
    vendor: str
    decision_state: str
    decision_reason: str
    desired: AccessProfile | None
    applied: AccessProfile | None
    verified_at: datetime | None
    action_id: int | None
    action_kind: str
    action_state: str
    action_cause: str
    error_cause: int | None
    asked_at: datetime | None
    answered_at: datetime | None
    felt_at: datetime | None
    is_told: bool
    acknowledged_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class NobodyRow:
    """One session of nobody; `kind` is one of `NOBODY_KINDS`. Where it is: the building or the node
    of its line. `is_watched`: nothing can be asked of its BRAS; `ends_unknown`: it is ended without
    anybody's doing; `asked_state` is that of the newest wish, "" for none."""

    id: int
    unique_id: str
    acct_session_id: str
    login: str
    framed_ip: str | None
    mac: str
    circuit_hex: str
    nas_port_id: str
    started_at: datetime
    last_seen_at: datetime
    in_octets: int
    out_octets: int
    nas_id: int | None
    nas_name: str
    nas_address: str
    is_watched: bool
    ends_unknown: bool
    building_id: int | None
    node_name: str
    rule_id: int | None
    rule_name: str
    until_at: datetime | None
    subscription_id: int | None
    kind: str
    asked_state: str


# Columns of `_NOBODY` that are texts, never None.
NOBODY_TEXTS = tuple(place for place, one in enumerate(fields(NobodyRow)) if one.type is str)


def drift(
    *, reason: str = "", nas_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[DriftRow]:
    """Sessions that differ from what they should have, newest first."""
    rows = _rows(reason=reason, nas_id=nas_id, before=before, most=min(limit, ROWS_MAX))
    return [DriftRow(*_cells(row)) for row in rows]


def counts(*, nas_id: int | None = None) -> dict[str, int]:
    """How many sessions there are of each reason; in a large network, of those that are compared
    (`FOUND_MAX` of all, `OF_A_STATE` of each state of wishes, the newest)."""
    inner = _DRIFT.format(sessions=_sessions())
    names = ", ".join(f"c{number}" for number in range(1, len(fields(DriftRow))))
    sql = f"SELECT reason, count(*) FROM ({inner}) f({names}, reason) GROUP BY 1"  # noqa: S608
    values: dict[str, Any] = {"reason": "", "nas": nas_id, "before": None, "most": COUNTED_MAX}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return dict(cursor.fetchall())


def agreed(
    *, nas_id: int | None = None, before: int | None = None, limit: int = 50
) -> tuple[list[DriftRow], int | None]:
    """Sessions that have what they should, newest first, and the key to ask for the next ones with
    (None: these were the last). Where most differ a page is short, or empty with a next one."""
    most = min(limit, ROWS_MAX)
    values = {"nas": nas_id, "before": before, "looked": LOOKED_AT_MAX, "most": most + 1}
    with connection.cursor() as cursor:
        cursor.execute(_AGREED, values)
        rows = [DriftRow(*_cells(row)) for row in cursor.fetchall()]
        if len(rows) > most:
            return rows[:most], rows[most - 1].id
        cursor.execute(_LAST_LOOKED_AT, values)
        last, looked = cursor.fetchone()
    return rows, last if looked == LOOKED_AT_MAX else None


def of_session(*, unique_id: str) -> DriftRow | None:
    """One open session beside its decision; None where no decision speaks of it."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_ONE, {"session": unique_id})
        row = cursor.fetchone()
    return DriftRow(*_cells(row)) if row else None


def drifting(*, reason: str, nas_id: int | None, limit: int) -> list[str]:
    """The ids of sessions that "mend all" would ask again; none whose wish waits already."""
    rows = _rows(reason=reason, nas_id=nas_id, before=None, most=limit)
    return [row[1] for row in rows if row[-1] not in NOT_TO_MEND]


def nobody(
    *,
    at: datetime,
    kind: str = "",
    nas_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[NobodyRow]:
    """Sessions of nobody, newest first."""
    values: dict[str, Any] = {
        "over": at - OVERSTAYED_BY,
        "kind": kind,
        "nas": nas_id,
        "before": before,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOBODY, {**values, "most": min(limit, ROWS_MAX)})
        rows: list[list[Any]] = [list(row) for row in cursor.fetchall()]
    for cells in rows:
        for place in NOBODY_TEXTS:
            cells[place] = cells[place] or ""
    return [NobodyRow(*cells) for cells in rows]


def nobody_counts(*, at: datetime, nas_id: int | None = None) -> dict[str, int]:
    """How many there are of each kind."""
    names = ", ".join(f"c{number}" for number in range(1, len(fields(NobodyRow)) - 1))
    sql = f"SELECT kind, count(*) FROM ({_NOBODY}) f({names}, kind, asked) GROUP BY 1"  # noqa: S608
    values: dict[str, Any] = {
        "over": at - OVERSTAYED_BY,
        "kind": "",
        "nas": nas_id,
        "before": None,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, "most": COUNTED_MAX})
        return dict(cursor.fetchall())


def _sessions() -> str:
    return _CANDIDATES if large.is_large() else _ALL


def _rows(
    *, reason: str, nas_id: int | None, before: int | None, most: int
) -> list[tuple[Any, ...]]:
    values: dict[str, Any] = {"reason": reason, "nas": nas_id, "before": before, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(_DRIFT.format(sessions=_sessions()), values)
        return list(cursor.fetchall())


def _cells(row: tuple[Any, ...]) -> list[Any]:
    """The columns of `_DRIFT` in the order of `DriftRow`, texts never None."""
    cells: list[Any] = list(row)
    for number in (11, 12, 19, 20, 21, -1):
        cells[number] = cells[number] or ""
    for number in (15, 16):
        cells[number] = profile_of(cells[number])
    return cells
