"""Reading Option 82 by patterns (pure: no Django, no clock).

A rule has a pattern for the circuit id and one for the remote id; either may be empty. A pattern is
matched with the whole value, as lower-case hex digits or as text, and its named groups are the
fields. Modifiers then change a field's text, in order:

| modifier | does |
|---|---|
| `hex2ascii` | "6770" → "gp" |
| `decimal` | hex digits to a number: "0064" → "100" |
| `+1` … `+64`, `-1` … `-64` | adds: ports that count from 0 |
| `lower`, `upper` | letters |
| `mac` | twelve hex digits from any way of writing a MAC |
| `strip0` | leading zeros off: "007" → "7" |
"""

import re
import re._constants as sre  # what a pattern is made of; stable since 3.11
import re._parser as sre_parser
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FIELDS = ("switch", "port", "vlan", "mac")
FORMS = ("HEX", "TEXT")
PATTERN_MAX = 200
# Each repeat without an end can cost the length of the value once more.
ENDLESS_REPEATS_MAX = 3
ENDLESS = 64
WAYS_MAX = 16
VALUE_BYTES_MAX = 253
MODIFIERS_MAX = 6
_ADD = re.compile(r"[+-](?:[1-9]|[1-5][0-9]|6[0-4])\Z")
_WORDS = ("hex2ascii", "decimal", "lower", "upper", "mac", "strip0")
LETTERS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "strip0": lambda text: text.lstrip("0") or "0",
}
_HEX = re.compile(r"(?:[0-9a-f]{2})*\Z")


TWICE = "the same group in both patterns"
NO_GROUP = "(?P<port>…)"


class BadPatternError(ValueError):
    """A pattern or modifier that cannot be used; the text says why, for people.

    `field` is the field of the rule that it is about.
    """

    field = "circuit_pattern"


class ModifierError(ValueError):
    """A modifier does not fit the text it was given."""


@dataclass(frozen=True, slots=True)
class Part:
    """A pattern over one of the two ids. An empty one takes anything and reads nothing."""

    form: str = "HEX"
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one make of switch writes Option 82."""

    name: str
    circuit: Part = Part()
    remote: Part = Part()
    modifiers: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule read. "" and None: it says nothing of that.

    `rest` is what it took without reading it, where that may differ between two lines (a module, an
    id that it does not look at): "" where the rule has a name for all that varies.
    """

    rule: str
    switch: str = ""
    port: int | None = None
    vlan: int | None = None
    mac: str = ""
    rest: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Trial:
    """One rule tried on a value, for the test box: what it read, or why not."""

    rule: str
    reading: Reading | None
    reason: str = ""


def read(rules: Iterable[Rule], *, circuit_hex: str, remote_hex: str) -> Reading | None:
    """What the first rule says that fits both ids; None when none does."""
    for rule in rules:
        found = attempt(rule, circuit_hex=circuit_hex, remote_hex=remote_hex).reading
        if found is not None:
            return found
    return None


def attempt(rule: Rule, *, circuit_hex: str, remote_hex: str) -> Trial:
    """Try one rule; it never raises on values, whatever they are."""
    texts: dict[str, str] = {}
    rest = ""
    for name, part, value in (
        ("circuit", rule.circuit, circuit_hex),
        ("remote", rule.remote, remote_hex),
    ):
        if not part.pattern:
            rest += f"{name}={value}\n" if value else ""
            continue
        told = _in_form(value, part.form)
        if told is None:
            return Trial(rule.name, None, f"{name}-text")
        match = compiled(part.pattern).fullmatch(told)
        if match is None:
            return Trial(rule.name, None, name)
        texts |= {key: text for key, text in match.groupdict().items() if text}
        rest += f"{name}~{part.pattern}={_without_groups(match)}\n"
    try:
        texts = {key: modified(text, rule.modifiers.get(key, ())) for key, text in texts.items()}
        return Trial(rule.name, _reading(rule.name, texts, rest=rest))
    except ModifierError as error:
        return Trial(rule.name, None, str(error))


def as_text(value_hex: str) -> str | None:
    """The bytes as text, if they are text."""
    return _in_form(value_hex, "TEXT")


def modified(text: str, modifiers: Sequence[str]) -> str:
    """The text after all modifiers; ModifierError when one does not fit."""
    for one in modifiers:
        text = _modified(text, one)
    return text


def check(rule: Rule) -> None:
    """BadPatternError unless the rule can be used: patterns, their groups, modifiers."""
    groups: list[str] = []
    for part, where in ((rule.circuit, "circuit_pattern"), (rule.remote, "remote_pattern")):
        if part.form not in FORMS:
            raise BadPatternError(part.form)
        try:
            groups += _checked(part.pattern) if part.pattern else []
        except BadPatternError as error:
            error.field = where
            raise
    if not groups:
        raise BadPatternError(NO_GROUP)
    if len(groups) > len(set(groups)):
        twice = BadPatternError(TWICE)
        twice.field = "remote_pattern"
        raise twice
    try:
        _check_modifiers(rule, groups)
    except BadPatternError as error:
        error.field = "modifiers"
        raise


def _check_modifiers(rule: Rule, groups: Sequence[str]) -> None:
    for name, modifiers in rule.modifiers.items():
        if name not in FIELDS or name not in groups:
            raise BadPatternError(name)
        if len(modifiers) > MODIFIERS_MAX:
            raise BadPatternError(name)
        for one in modifiers:
            if one not in _WORDS and not _ADD.match(one):
                raise BadPatternError(one)


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, read once (`re` keeps it); capital and small letters are alike."""
    return re.compile(pattern, re.IGNORECASE | re.ASCII | re.DOTALL)


def _checked(pattern: str) -> list[str]:
    """The groups of a pattern that cannot hold up a worker."""
    if len(pattern) > PATTERN_MAX:
        raise BadPatternError(f"> {PATTERN_MAX}")
    try:
        tree = sre_parser.parse(pattern, re.IGNORECASE | re.ASCII | re.DOTALL)
        groups = list(compiled(pattern).groupindex)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPatternError(str(error)) from error
    if unknown := [name for name in groups if name not in FIELDS]:
        raise BadPatternError(unknown[0])
    if _endless(tree, ways=1) > ENDLESS_REPEATS_MAX:
        raise BadPatternError(f"* + > {ENDLESS_REPEATS_MAX}")
    return groups


def _endless(tree: Any, *, ways: int) -> int:
    """How many repeats go on without a (short) end. `ways` is the product of the choices that the
    repeats around leave; repeats inside repeats that multiply are refused."""
    number = 0
    for operation, content in tree:
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            least, most, body = content
            long = most is sre.MAXREPEAT or int(most) > ENDLESS
            choices = WAYS_MAX + 1 if long else int(most) - int(least) + 1
            if ways > 1 and choices > 1 and ways * choices > WAYS_MAX:
                raise BadPatternError("(…*)*")
            number += long + _endless(body, ways=ways * choices)
        elif operation is sre.SUBPATTERN:
            number += _endless(content[3], ways=ways)
        elif operation is sre.BRANCH:
            if ways > WAYS_MAX:
                raise BadPatternError("(…|…)*")
            number += sum(_endless(one, ways=ways) for one in content[1])
        elif operation in (sre.GROUPREF, sre.GROUPREF_EXISTS, sre.ASSERT, sre.ASSERT_NOT):
            raise BadPatternError("(?=…) \\1")
    return number


def _without_groups(match: re.Match[str]) -> str:
    """What was matched outside of named groups, in small letters; a comma for each group."""
    text, at, left = match.string, 0, []
    for start, end in sorted(match.span(name) for name in match.re.groupindex):
        if start >= at:
            left.append(text[at:start])
            at = end
    return ",".join([*left, text[at:]]).lower()


def _in_form(value_hex: str, form: str) -> str | None:
    if not _HEX.match(value_hex) or len(value_hex) > 2 * VALUE_BYTES_MAX:
        return None
    if form == "HEX":
        return value_hex
    try:
        text = bytes.fromhex(value_hex).decode("utf-8").rstrip("\x00")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _modified(text: str, modifier: str) -> str:
    if modifier in LETTERS:
        return LETTERS[modifier](text)
    if modifier == "mac":
        digits = re.sub(r"[^0-9a-f]", "", text.lower())
        if len(digits) != 12:
            raise ModifierError(modifier)
        return digits
    if modifier == "hex2ascii":
        told = _in_form(text.lower(), "TEXT")
        if told is None:
            raise ModifierError(modifier)
        return told
    try:
        if modifier == "decimal":
            return str(int(text, 16))
        return str(int(text) + int(modifier))
    except ValueError as error:
        raise ModifierError(modifier) from error


def _reading(name: str, texts: Mapping[str, str], *, rest: str) -> Reading:
    numbers: dict[str, int | None] = {"port": None, "vlan": None}
    for key in numbers:
        if key in texts:
            if not (texts[key].isascii() and texts[key].isdigit()) or len(texts[key]) > 6:
                raise ModifierError(key)
            numbers[key] = int(texts[key])
    mac = modified(texts["mac"], ("mac",)) if "mac" in texts else ""
    return Reading(
        name,
        switch=texts.get("switch", "").strip(),
        port=numbers["port"],
        vlan=numbers["vlan"],
        mac=mac,
        rest=rest,
    )
