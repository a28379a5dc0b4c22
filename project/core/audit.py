"""The audit log: who did what to which object, written in the action's own transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from project.core.actor import Actor
from project.core.models import AuditEntry

SECRET_FIELDS = frozenset({"password", "secret", "token"})
SUMMARY_LENGTH = 500


def record(
    *,
    at: datetime,
    actor: Actor,
    action: str,
    obj: tuple[str, object],
    summary: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> int:
    """Write one entry and return its id.

    `action` is "app.thing.verb" ("coverage.zone.published"); `obj` is the kind of object and its
    id. Values of secret fields in `before` and `after` are replaced by "•••".
    """
    entry = _entry(at, actor, action, Told(obj, summary, before, after))
    entry.save(force_insert=True)
    return entry.id


@dataclass(frozen=True, slots=True)
class Told:
    """What one of many entries tells, as `record` is given it."""

    obj: tuple[str, object]
    summary: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def record_all(*, at: datetime, actor: Actor, action: str, told: Iterable[Told]) -> None:
    """Write an entry for each of many objects that one action has changed."""
    AuditEntry.objects.bulk_create([_entry(at, actor, action, one) for one in told])


def _entry(at: datetime, actor: Actor, action: str, told: Told) -> AuditEntry:
    assert action.count(".") >= 2, f"an action is named app.thing.verb, not {action}"
    kind, object_id = told.obj
    return AuditEntry(
        at=at,
        actor_kind=actor.kind.value,
        actor_label=actor.label[:150],
        user_id=actor.user_id,
        ip=actor.ip,
        action=action,
        object_type=kind,
        object_id=str(object_id),
        summary=str(told.summary)[:SUMMARY_LENGTH],
        before=_without_secrets(told.before),
        after=_without_secrets(told.after),
    )


def _without_secrets(values: dict[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {k: "•••" if k in SECRET_FIELDS else v for k, v in values.items()}


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for; empty fields do not filter."""

    user_id: int | None = None
    object_type: str = ""
    object_id: str = ""
    action: str = ""


def entries(
    *, wanted: AuditFilter | None = None, before_id: int | None = None, limit: int = 50
) -> Sequence[AuditEntry]:
    """Entries, newest first; pass the last id as `before_id` for the next page."""
    wanted = wanted or AuditFilter()
    rows = AuditEntry.objects.select_related("user").order_by("-id")
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    if wanted.user_id:
        rows = rows.filter(user_id=wanted.user_id)
    if wanted.object_type:
        rows = rows.filter(object_type=wanted.object_type)
    if wanted.object_id:
        rows = rows.filter(object_id=wanted.object_id)
    if wanted.action:
        rows = rows.filter(action__startswith=wanted.action)
    return list(rows[: min(limit, 500)])
