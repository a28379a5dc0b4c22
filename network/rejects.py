"""The log of refusals and guests: why, and which factor did not match."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from network.identity import Identity
from network.models import RejectLog

WINDOW = timedelta(minutes=1)
UNKNOWN = "UNKNOWN"
UNKNOWN_NAS = "UNKNOWN_NAS"
WRONG_PASSWORD = "WRONG_PASSWORD"  # noqa: S105
ROWS_MAX = 500
# Who tries names by the thousand fills no disk: of strangers no more are written down.
STRANGERS_A_MINUTE = 1_000

_COUNT = """
UPDATE network_rejectlog SET times = times + 1, last_at = %(at)s
WHERE id = (
    SELECT id FROM network_rejectlog
    WHERE login = %(login)s AND at > %(since)s AND mac = %(mac)s AND reason = %(reason)s
      AND circuit_hex = %(circuit)s AND guest_rule_id IS NOT DISTINCT FROM %(rule)s::bigint
    ORDER BY at DESC LIMIT 1
)
"""

_ADD = """
INSERT INTO network_rejectlog
    (at, subscription_id, login, mac, circuit_hex, nas_address, reason, missed, guest_rule_id,
     details, times, last_at)
SELECT %(at)s, who.id, %(login)s, %(mac)s, %(circuit)s, %(nas)s::inet, %(reason)s, %(missed)s,
       %(rule)s::bigint, '{}', 1, %(at)s
FROM (SELECT COALESCE(%(subscription)s::bigint, (
          SELECT subscription_id FROM radius_decision WHERE login = %(login)s)) AS id) who
WHERE who.id IS NOT NULL OR %(most)s > (
    SELECT count(*) FROM (
        SELECT FROM network_rejectlog WHERE at > %(since)s LIMIT %(most)s) lately)
"""


def record(
    *,
    identity: Identity,
    nas_address: str | None,
    reason: str,
    at: datetime,
    missed: str = "",
    guest_rule_id: int | None = None,
    subscription_id: int | None = None,
) -> None:
    """Write a refusal (or a guest, with its rule) down; the same one within a minute counts up.

    Of those that are no subscriber's at most `STRANGERS_A_MINUTE`."""
    values = {
        "at": at,
        "since": at - WINDOW,
        "subscription": subscription_id,
        "login": identity.login,
        "mac": identity.mac,
        "circuit": identity.circuit_hex,
        "nas": nas_address,
        "reason": reason[:32],
        "missed": missed[:40],
        "rule": guest_rule_id,
        "most": STRANGERS_A_MINUTE,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        if cursor.rowcount == 0:
            cursor.execute(_ADD, values)


def listed(
    *,
    text: str = "",
    reason: str = "",
    guests: bool | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[RejectLog]:
    """Refusals and guests, the newest first; `text` is the beginning of a login or MAC."""
    rows = RejectLog.objects.select_related(
        "subscription__credential", "subscription__account", "guest_rule"
    ).order_by("-id")
    wanted = text.strip().lower()
    if wanted:
        mac = wanted.replace(":", "").replace("-", "").replace(".", "")
        rows = rows.filter(login__startswith=wanted) | rows.filter(mac__startswith=mac)
    if reason:
        rows = rows.filter(reason=reason)
    if guests is not None:
        rows = rows.filter(guest_rule__isnull=not guests)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return list(rows[: min(limit, ROWS_MAX)])


def forget(*, before: datetime) -> int:
    """Delete older rows; gives how many."""
    return RejectLog.objects.filter(at__lt=before).delete()[0]
