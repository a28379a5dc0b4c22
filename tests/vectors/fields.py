"""Reading `key_fields` of an answer: paths of XML with local names, of JSON, of a JWS payload."""

import base64
import json
import re
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from billing.payments import recipes
from billing.payments.wire import documents

MISSING = object()


def value_at(body: bytes, path: str) -> Any:
    """What stands at a path of an answer; MISSING where there is nothing. `body`: all of it."""
    if path == "body":
        return body.decode()
    if path.startswith("/"):
        return _xml(fromstring(body), path)
    if path.startswith("payload"):
        payload = json.loads(body)["payload"]
        return _json(json.loads(recipes.b64url_decode(payload)), path.removeprefix("payload"))
    if match := re.fullmatch(r"(len|base64decode)\((.+)\)", path):
        inner = value_at(body, match[2])
        return len(inner) if match[1] == "len" else base64.b64decode(inner).decode()
    return _json(json.loads(body), path.removeprefix("$"))


def _xml(root: Element, path: str) -> Any:
    names = path.strip("/").split("/")
    if names[0] != documents.local(root.tag):
        return MISSING
    here: Element = root
    for name in names[1:]:
        if name.startswith("@"):
            found = documents.attribute(here, name[1:])
            return found if found else MISSING
        match = re.fullmatch(r"([^\[]+)(?:\[(\d+)\])?", name)
        assert match is not None, path
        same = [one for one in here if documents.local(one.tag) == match[1]]
        place = int(match[2] or 1) - 1
        if place >= len(same):
            return MISSING
        here = same[place]
    return (here.text or "") if len(here) == 0 else here


def _json(here: Any, path: str) -> Any:
    steps = re.findall(r"\.([^.\[\]]+)|\[(\d+)\]|\[([^\]=]+)=([^\]]*)\]", path)
    for name, place, key, value in steps:
        try:
            if key:
                here = next(one for one in here if str(one[key]) == value)
            else:
                here = here[name] if name else here[int(place)]
        except (KeyError, IndexError, TypeError, StopIteration):
            return MISSING
    return here


def wrong_field(told: Any, wanted: Any, earlier: dict[str, bytes]) -> str:
    """What is wrong with a field, "" when it is as expected."""
    if isinstance(wanted, dict) and "present" in wanted:
        return "" if (told is not MISSING) == wanted["present"] else "present or missing"
    if told is MISSING:
        return "missing"
    if isinstance(wanted, dict) and "regex" in wanted:
        return "" if re.search(wanted["regex"], str(told)) else f"{told!r} is not like it"
    if isinstance(wanted, dict) and "same_as" in wanted:
        before = value_at(earlier[wanted["same_as"]], wanted["field"])
        return "" if told == before else f"{told!r}, before {before!r}"
    return "" if told == wanted else f"{told!r}, wanted {wanted!r}"
