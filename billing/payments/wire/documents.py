"""Reading what comes from outside without being harmed by it: XML, JSON, forms (pure).

No DTD, no entities, nothing fetched, bounded size, depth and number of elements. Whatever is wrong
with a document is `BadDocumentError`, and nothing else.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

MAX_BYTES = 1_000_000
MAX_ELEMENTS = 40_000
MAX_DEPTH = 32
MAX_FIELDS = 200
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
# XML 1.0 has no place for these, not even escaped.
_NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535))
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


class BadDocumentError(ValueError):
    """A body that is no document of the expected kind, or one that tries to do harm."""


def xml(body: bytes) -> Element:
    """The root element of an XML document, namespaces kept in tags. Raises BadDocumentError."""
    if len(body) > MAX_BYTES:
        raise BadDocumentError(f"{len(body)} bytes are too many")
    parser = DefusedXMLParser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(body.strip())
        root: Element = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadDocumentError(f"no XML that is read here: {type(error).__name__}") from error
    _bounded(root)
    return root


def _bounded(root: Element) -> None:
    waiting, seen = [(root, 1)], 0
    while waiting:
        element, depth = waiting.pop()
        seen += 1
        if seen > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise BadDocumentError("too many or too deep elements")
        waiting.extend((child, depth + 1) for child in element)


def local(tag: object) -> str:
    """The name of an element without its namespace."""
    return str(tag).rpartition("}")[2]


def child(element: Element, path: str) -> Element | None:
    """The first element at `A/B/C` by local names, or None."""
    here: Element | None = element
    for name in path.split("/"):
        if here is None:
            return None
        here = next((one for one in here if local(one.tag) == name), None)
    return here


def children(element: Element, path: str) -> list[Element]:
    """All elements at `A/B/C` by local names."""
    found = [element]
    for name in path.split("/"):
        found = [one for parent in found for one in parent if local(one.tag) == name]
    return found


def text(element: Element, path: str = "", default: str = "") -> str:
    """The text at a path, without spaces around; `default` when there is no such element."""
    here = child(element, path) if path else element
    return (here.text or "").strip() if here is not None else default


def attribute(element: Element | None, name: str) -> str:
    """An attribute by its local name, "" when it is missing; `xsi:type` by that name."""
    if element is None:
        return ""
    if name.startswith("xsi:"):
        name = name[4:]
        return (element.get(_XSI + name) or "").rpartition(":")[2]
    for known, value in element.attrib.items():
        if local(known) == name:
            return value
    return ""


def escaped(value: object) -> str:
    """A text inside an element."""
    return escape(str(value).translate(_NOT_XML))


def quoted(value: object) -> str:
    """A text inside an attribute with double quotes."""
    return escape(str(value).translate(_NOT_XML), {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


class Markup(str):
    """XML that is written already."""

    __slots__ = ()


def tag(name: str, /, *inside: object, **attributes: object) -> Markup:
    """An element: `inside` are Markup or texts (escaped); an empty one has both tags.

    An attribute whose name Python cannot write is given as `**{"xsi:type": "…"}`; None leaves one
    out.
    """
    written = "".join(
        f' {key}="{quoted(value)}"' for key, value in attributes.items() if value is not None
    )
    body = "".join(part if isinstance(part, Markup) else escaped(part) for part in inside)
    return Markup(f"<{name}{written}>{body}</{name}>")


def json_document(body: bytes) -> Any:
    """A JSON document; numbers with a fraction are Decimal. Raises BadDocumentError."""
    if len(body) > MAX_BYTES:
        raise BadDocumentError(f"{len(body)} bytes are too many")
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            parse_float=Decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_unique,
        )
    except BadDocumentError:
        raise
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise BadDocumentError(f"no JSON: {type(error).__name__}") from error


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON document that is an object. Raises BadDocumentError."""
    document = json_document(body)
    if not isinstance(document, dict):
        raise BadDocumentError("the JSON is not an object")
    return document


def _no_constant(word: str) -> Any:
    raise BadDocumentError(f"{word} is no JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # One reader takes the first of two equal names, another the last: what is signed is unclear.
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BadDocumentError("a name stands twice in one object")
    return made


def json_bytes(value: object) -> bytes:
    """JSON without spaces, as most providers write it; letters stay letters."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def form(body: bytes, *, encoding: str = "utf-8") -> dict[str, str]:
    """The fields of a form or a query string, each once. Raises BadDocumentError."""
    if len(body) > MAX_BYTES:
        raise BadDocumentError(f"{len(body)} bytes are too many")
    try:
        pairs = parse_qsl(
            body.decode("ascii" if encoding == "utf-8" else "latin-1"),
            keep_blank_values=True,
            encoding=encoding,
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise BadDocumentError(f"no form: {type(error).__name__}") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadDocumentError("a field stands twice in the form")
    if any("\x00" in value for value in fields.values()):
        raise BadDocumentError("a field holds a zero byte")
    return fields


def form_field(body: bytes, name: str) -> bytes:
    """A document that came as a form's field, or raw: `name=<percent-encoded>`, `name=<raw>`, raw.

    Some senders put a backslash before quotes; it is taken away. Raises BadDocumentError.
    """
    stripped = body.strip()
    if stripped.startswith(b"<"):
        return stripped.replace(b'\\"', b'"')
    prefix = name.encode() + b"="
    if stripped.startswith(prefix + b"<"):
        return stripped[len(prefix) :].replace(b'\\"', b'"')
    fields = form(stripped)
    if name not in fields:
        raise BadDocumentError(f"there is no field {name}")
    return fields[name].encode().replace(b'\\"', b'"')


def member(document: Mapping[str, Any], path: str) -> Any:
    """What stands at `a.b.c` in nested objects, or None."""
    here: Any = document
    for name in path.split("."):
        if not isinstance(here, Mapping):
            return None
        here = here.get(name)
    return here


def words(document: Mapping[str, Any], path: str) -> str:
    """A text or number at a path as text; "" when there is none or it is something else."""
    found = member(document, path)
    if isinstance(found, bool) or not isinstance(found, str | int | Decimal):
        return ""
    return str(found).replace("\x00", "").strip()
