"""Reading what a person (or an attacker) put into the address line.

A parameter that cannot be understood is treated as absent: a list then shows its first page.
Nothing here raises.
"""

from collections.abc import Iterable
from datetime import date

from django.http import HttpRequest, QueryDict

BIGINT_MAX = 2**63 - 1


def clean(text: str, max_length: int = 200) -> str:
    """The text without control characters (PostgreSQL refuses NUL) and outer spaces."""
    kept = "".join(ch for ch in text if ch.isprintable() or ch == "\n")
    return kept.strip()[:max_length]


def text_of(data: QueryDict, name: str, max_length: int = 200) -> str:
    """A text parameter, cleaned; "" when absent."""
    return clean(data.get(name, ""), max_length)


def own_path(data: QueryDict, name: str) -> str:
    """An address inside the workspace, to go back to; "" for any other."""
    path = clean(data.get(name, ""), 300)
    is_ours = path.startswith("/workspace/") and "//" not in path and "\\" not in path
    return path if is_ours else ""


def int_of(data: QueryDict, name: str) -> int | None:
    """A positive whole number that fits a database key, or None."""
    return as_key(data.get(name, ""))


def as_key(text: str) -> int | None:
    """`text` as a positive whole number that fits a database key, or None."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 19:
        return None
    number = int(text)
    return number if 0 < number <= BIGINT_MAX else None


def choice_of(data: QueryDict, name: str, choices: Iterable[str]) -> str:
    """A parameter that must be one of `choices`; "" otherwise."""
    value = data.get(name, "")
    return value if value in set(choices) else ""


def date_of(data: QueryDict, name: str) -> date | None:
    """A date as a browser's date field sends it (2026-11-22), or None."""
    try:
        return date.fromisoformat(data.get(name, ""))
    except ValueError:
        return None


def query_with(request: HttpRequest, **changes: object) -> str:
    """The present query string with some parameters changed; a None drops the parameter."""
    data = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            data.pop(name, None)
        else:
            data[name] = str(value)
    return data.urlencode()
