"""The kinds of jobs there are; upper apps bring them, `project/wiring.py` registers them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from project.core.jobs.progress import Progress
from project.core.roles import Permission

Handler = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: who may start it, what it is called, and the function that does it."""

    name: str
    handler: Handler
    title: Any
    permission: Permission | None
    is_private: bool = False


_kinds: dict[str, Kind] = {}


def register(
    *,
    kind: str,
    handler: Handler,
    title: Any,
    permission: Permission | None = None,
    is_private: bool = False,
) -> None:
    """Wire the one handler of a kind; `permission` is needed to start it and to see its results.

    `title` is what people call such work, lazily translated. None as permission: any staff.
    Of private work that fails or is cancelled the files that it was given are deleted at once.
    """
    _kinds[kind] = Kind(kind, handler, title, permission, is_private)


def kind_of(name: str) -> Kind | None:
    """The kind of that name; None when it is no longer wired (an old row)."""
    return _kinds.get(name)
