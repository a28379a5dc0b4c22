"""The journal of messages: what was on the wire, secrets masked."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote, quote_plus, unquote_plus
from xml.sax.saxutils import escape

from billing.payments.events import json_text
from project.core import prepared

MAX_BODY = 20_000
MASK = "•••"
SECRET_HEADERS = frozenset(
    {"authorization", "x-token", "token", "partnerkey", "cookie", "proxy-authorization"}
)
# What is a secret by its name, whatever is in it: in XML (an element, an attribute, a pair of name
# and value), in JSON, in a form. `pass` and `pin` are whole names, the others may have more before.
_NAMES = (
    r"(?:[\w.-]*(?:password|passwd|secret|token|api_?key|private_?key)|pass|pwd|pin|cvv2?|cvc2?)"
)
_IN_NAMES = ("pass", "secret", "token", "key", "pwd", "pin", "cvv", "cvc")
_ELEMENT = re.compile(
    rf"(<(?:[\w.-]+:)?{_NAMES}(?:\s[^<>]*)?>)(?:\s*<!\[CDATA\[.{{0,2000}}?\]\]>\s*|[^<]*)(</)",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(
    rf"""((?<=\s)(?:[\w.-]+:)?{_NAMES}\s*=\s*)(?:"[^"<]*"|'[^'<]*')""", re.IGNORECASE
)
_NAME_AND_VALUE = re.compile(
    rf"""(name\s*=\s*["']{_NAMES}["']\s+value\s*=\s*)(?:"[^"<]*"|'[^'<]*')""", re.IGNORECASE
)
_JSON = re.compile(
    rf'("{_NAMES}"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|-?[0-9][0-9.]*)', re.IGNORECASE | re.DOTALL
)
_FORM = re.compile(rf"((?:^|[&?]){_NAMES}=)[^&\s]*", re.IGNORECASE)
# A pair of a form with signs that are written as %XX: there may be a document inside.
_ENCODED = re.compile(r"(?<=[=])[^&=\s<>\"]*%[0-9A-Fa-f]{2}[^&=\s<>\"]*")
# A card number in full: 13 to 19 digits that pass the check of card numbers, of a known scheme.
_PAN = re.compile(
    r"(?<![0-9])(?:4[0-9]{12}(?:[0-9]{3})?|(?:5[1-5]|2[2-7]|9[0-9])[0-9]{14})(?![0-9])"
)

_INSERT = """
INSERT INTO billing_payment_message
    (at, direction, merchant_id, endpoint, operation, payment_id, remote_ip, method, address,
     request_headers, request_body, status, reply_body, result, verified, reason, duration_us)
VALUES (%s, %s, %s, %s, %s, %s, %s::inet, %s, %s, %s::jsonb, %s, %s, %s, %s, %s::text[], %s, %s)
"""


def masked(text: str, words: Iterable[str], *, depth: int = 3) -> str:
    """The text without passwords, tokens, the given secrets and full card numbers.

    A secret is found however it is written: plain, as in a form, in XML, in JSON; and a document
    that is a field of a form is read as one (`depth`: forms inside of forms).
    """
    for word in _written(tuple(words)):
        text = text.replace(word, MASK)
    if _is_named(text):
        text = _ELEMENT.sub(rf"\1{MASK}\2", text)
        text = _ATTRIBUTE.sub(rf'\1"{MASK}"', text)
        text = _NAME_AND_VALUE.sub(rf'\1"{MASK}"', text)
        text = _JSON.sub(rf'\1"{MASK}"', text)
        text = _FORM.sub(rf"\1{MASK}", text)
    text = _PAN.sub(_pan, text)
    if depth and "%" in text:
        text = _ENCODED.sub(lambda match: _inside(match[0], words, depth - 1), text)
    return text


def _is_named(text: str) -> bool:
    """Whether there may be a secret by its name in it: most messages have none."""
    small = text.lower()
    return any(part in small for part in _IN_NAMES)


@lru_cache(maxsize=512)
def _written(words: tuple[str, ...]) -> tuple[str, ...]:
    """The secrets as they may stand on the wire, the longest first."""
    found: set[str] = set()
    for word in words:
        found |= {
            word,
            quote(word, safe=""),
            quote_plus(word),
            escape(word, {'"': "&quot;", "'": "&apos;"}),
            escape(word),
            json.dumps(word)[1:-1],
            json.dumps(word, ensure_ascii=False)[1:-1],
        }
    return tuple(sorted((word for word in found if word), key=len, reverse=True))


def _inside(value: str, words: Iterable[str], depth: int) -> str:
    """A field of a form; written anew only when there was something to hide in it."""
    plain = unquote_plus(value)
    if not (
        _is_named(plain)
        or _PAN.search(plain)
        or any(word in plain for word in _written(tuple(words)))
    ):
        return value
    hidden = masked(plain, words, depth=depth) if plain != value else plain
    if hidden == plain:
        return value
    return quote_plus(hidden).replace(quote_plus(MASK), MASK)


def _pan(match: re.Match[str]) -> str:
    digits = match[0]
    total = 0
    for place, sign in enumerate(reversed(digits)):
        value = int(sign) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return f"{digits[:6]}******{digits[-4:]}" if total % 10 == 0 else digits


def shown(body: bytes, words: Iterable[str]) -> str:
    """A body as the journal keeps it: text, masked, at most 20,000 letters."""
    text = body[: MAX_BODY * 4].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return masked(text, words)[:MAX_BODY]


def write(
    *,
    at: datetime,
    direction: str,
    merchant_id: int,
    words: Sequence[str],
    endpoint: str,
    operation: str,
    payment_id: int | None,
    remote_ip: str | None,
    method: str,
    address: str,
    headers: Mapping[str, str],
    body: bytes,
    status: int | None,
    reply: bytes,
    result: str,
    verified: Sequence[str] = (),
    reason: str = "",
    duration_us: int = 0,
) -> None:
    """Keep one exchange, in the transaction that is open."""
    kept = {
        name: MASK if name.lower() in SECRET_HEADERS else masked(value, words)[:500]
        for name, value in headers.items()
    }
    prepared.rows(
        _INSERT,
        [
            at,
            direction,
            merchant_id,
            endpoint[:24],
            operation.replace("\x00", "")[:40],
            payment_id,
            remote_ip,
            method[:8],
            masked(address.replace("\x00", "\ufffd"), words)[:2000],
            json_text(kept).replace("\\u0000", ""),
            shown(body, words),
            status,
            shown(reply, words),
            result[:20],
            list(verified),
            reason.replace("\x00", "\ufffd")[:300],
            min(duration_us, 2_000_000_000),
        ],
    )


def purge_messages(*, before: datetime) -> int:
    """Delete messages before that moment (at least 90 days ago; the database holds it)."""
    ((deleted,),) = prepared.rows("SELECT billing_purge_messages(%s)", [before])
    return int(deleted)
