"""Who has which zone or change set open at this moment, so that planners see each other.

A browser tells it every quarter of a minute; what is not told again for 40 s is gone. It lives in
Redis only, and nothing depends on it: the revision of a zone is what protects the work of two.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import redis
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from project.core.actor import Actor
from project.core.errors import DomainError

KEY = "coverage:presence"
KEPT_S = 40
TABS_OF_ONE = 20
TIMEOUT_S = 0.5
SUBJECT = re.compile(r"(?:zone|changeset):[0-9]{1,18}", re.ASCII)
TAB = re.compile(r"[0-9a-z]{1,16}", re.ASCII)


class BadPresenceError(DomainError):
    """Neither a zone nor a change set, or no mark of a browser tab."""

    code = "bad_presence"
    message = _("Say which zone or change set is open, e.g. zone:12.")


@dataclass(frozen=True, slots=True)
class Present:
    """Another person who has something open; `edits`: and has begun to change it."""

    user_id: int
    name: str
    subject: str
    edits: bool

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {
            "user_id": self.user_id,
            "name": self.name,
            "subject": self.subject,
            "edits": self.edits,
        }


def tell(*, subject: str, tab: str, edits: bool, actor: Actor, at: datetime) -> list[Present]:
    """Note what this tab has open ("" for nothing) and learn what others have; [] without Redis.

    `subject` is "zone:12" or "changeset:3". Raises BadPresenceError.
    """
    if subject and not SUBJECT.fullmatch(subject):
        raise BadPresenceError(field="subject")
    if not TAB.fullmatch(tab):
        raise BadPresenceError(field="tab")
    assert actor.user_id is not None, "only staff are present"
    mine = f"{actor.user_id}:{tab}"
    entry = {"name": actor.label, "subject": subject, "edits": edits, "at": at.timestamp()}
    try:
        with _redis() as client:
            known = cast(dict[str, str], client.hgetall(KEY))
            live = {key: value for key, value in known.items() if _is_live(value, at)}
            live.pop(mine, None)
            _write(client, mine=mine, entry=entry, gone=_gone(known, live, actor.user_id))
    except redis.RedisError:
        return []
    return _others(live, user_id=actor.user_id)


def _redis() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.GEOBILL_PRESENCE_REDIS_URL,
        decode_responses=True,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
    )


def _write(client: "redis.Redis", *, mine: str, entry: dict[str, Any], gone: list[str]) -> None:
    """One round trip: the key ends by itself when nobody tells anything any more."""
    pipeline = client.pipeline(transaction=False)
    if gone:
        pipeline.hdel(KEY, *gone)
    if entry["subject"]:
        pipeline.hset(KEY, mine, json.dumps(entry))
        pipeline.expire(KEY, KEPT_S)
    else:
        pipeline.hdel(KEY, mine)
    pipeline.execute()


def _gone(known: dict[str, str], live: dict[str, str], user_id: int) -> list[str]:
    """What is too old, and of a person with very many tabs the oldest ones."""
    own = [key for key in live if key.startswith(f"{user_id}:")]
    own.sort(key=lambda key: float(json.loads(live[key])["at"]))
    return [*(known.keys() - live.keys()), *own[: max(0, len(own) - TABS_OF_ONE + 1)]]


def _is_live(value: str, at: datetime) -> bool:
    return bool(at.timestamp() - float(json.loads(value)["at"]) < KEPT_S)


def _others(live: dict[str, str], *, user_id: int) -> list[Present]:
    """Other people, once for each thing that they have open; in one tab drawing is drawing."""
    found: dict[tuple[int, str], Present] = {}
    for key, value in sorted(live.items()):
        entry = json.loads(value)
        who = int(key.partition(":")[0])
        if who == user_id:
            continue
        known = found.get((who, entry["subject"]))
        edits = bool(entry["edits"]) or (known is not None and known.edits)
        found[who, entry["subject"]] = Present(who, entry["name"], entry["subject"], edits)
    return sorted(found.values(), key=lambda each: (each.subject, each.name, each.user_id))
