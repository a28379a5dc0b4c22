"""Entries of the audit log as rows that lead to the page of their object."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from frontend.workspace.labels import AUDIT_OBJECTS, word
from frontend.workspace.params import as_key
from project.core.models import AuditEntry

PAGES = {
    "customer": "workspace:customer",
    "request": "workspace:request",
    "staff": "workspace:staff-edit",
    "user": "workspace:staff-edit",
    "building": "workspace:building",
    "payment": "workspace:receipt",
    "job": "workspace:job",
}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry as it is shown; `changes` are (field, before, after)."""

    id: int
    entry: AuditEntry
    object_word: Any
    link: str
    changes: tuple[tuple[str, Any, Any], ...]


def with_links(entries: Sequence[AuditEntry]) -> list[AuditRow]:
    """The entries with the page of their object, where it has one, and what changed."""
    return [
        AuditRow(
            id=entry.id,
            entry=entry,
            object_word=word(AUDIT_OBJECTS, entry.object_type),
            link=_link(entry),
            changes=_changes(entry),
        )
        for entry in entries
    ]


def _link(entry: AuditEntry) -> str:
    page = PAGES.get(entry.object_type)
    key = as_key(entry.object_id)
    return reverse(page, args=[key]) if page and key else ""


def _changes(entry: AuditEntry) -> tuple[tuple[str, Any, Any], ...]:
    before = entry.before if isinstance(entry.before, dict) else {}
    after = entry.after if isinstance(entry.after, dict) else {}
    names = [*before, *(name for name in after if name not in before)]
    pairs = ((name, before.get(name), after.get(name)) for name in names)
    return tuple(pair for pair in pairs if pair[1] != pair[2])
