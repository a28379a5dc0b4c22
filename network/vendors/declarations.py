"""Drivers as people edit and store them: a few sections of lines, checked before they count.

A line is `concern when attribute op form`, e.g. `RATE ALWAYS Mikrotik-Rate-Limit := {up_suffix}/…`;
`EACH` before the attribute repeats it for each further service. Checked are the attribute (it is in
the dictionary), the places, and the value that comes out for real speeds: a unit that does not fit
the attribute is found here, not by subscribers.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from network.profile import AccessProfile, Burst, ProfileState
from network.radius import dictionaries
from network.vendors.driver import Capabilities, Concern, Driver, Template, When
from network.vendors.places import (
    PLACE,
    PROFILE_PLACES,
    SERVICE_PLACES,
    SESSION_PLACES,
    profile_values,
    session_values,
)

PROFILE_SECTIONS = ("accept_templates", "coa_set", "coa_clear")
SESSION_SECTIONS = ("identify", "disconnect")
SECTIONS = (*PROFILE_SECTIONS, *SESSION_SECTIONS)
NAME_SECTIONS = ("opt82_sources", "mac_sources", "echo")
LINES_MAX = 60
FORM_MAX = 253
CODE = re.compile(r"[a-z][a-z0-9_]{1,23}\Z")
LINE = re.compile(
    r"(?P<concern>[A-Za-z]+)\s+(?P<when>[A-Za-z]+)\s+(?:(?P<each>EACH)\s+)?"
    r"(?P<attribute>[A-Za-z0-9][\w.-]*(?::(?:\d{1,2}|\{n\}))?)\s*(?P<op>:=|\+=)\s*(?P<form>.+)\Z"
)
_BURST = Burst(600_000_000, 100_000_000, 225_000_000, 37_500_000, 12)
_RICH = AccessProfile(
    ProfileState.FULL,
    speed_down_bit_s=300_000_000,
    speed_up_bit_s=50_000_000,
    burst=_BURST,
    framed_ip="10.60.0.7",
    framed_ipv6_prefix="2001:db8:0:7::/64",
    delegated_ipv6_prefix="2001:db8:7::/56",
    pool="subscribers",
    redirect_url="https://pay.example.net/",
    session_timeout_s=86_400,
    interim_s=300,
    services=("service",),
    class_text="s:123456:ab12cd34ab12cd34",
)
SAMPLES = (
    _RICH,
    replace(_RICH, speed_down_bit_s=64_000, speed_up_bit_s=64_000, burst=None),
    replace(_RICH, speed_down_bit_s=10_000_000_000, speed_up_bit_s=10_000_000_000, burst=None),
)
_SESSION = session_values(
    acct_session_id="81a00001",
    login="gb123456",
    framed_ip="10.60.0.7",
    nas_ip="192.0.2.1",
    mac="d85ed3000001",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line (from 1; 0: the section or the driver as a whole). `about` is the
    attribute, place or value that it is about."""

    section: str
    line: int
    code: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """A driver that was read, or why it cannot be."""

    driver: Driver | None
    problems: tuple[Problem, ...] = ()


def lines_of(templates: Iterable[Template]) -> str:
    """A section as it is edited."""
    return "\n".join(
        " ".join(
            (
                one.concern.value,
                one.when.value,
                *(("EACH",) if one.each_service else ()),
                one.attribute,
                one.op,
                one.form,
            )
        )
        for one in templates
    )


def as_texts(driver: Driver) -> dict[str, Any]:
    """The driver as its sections of lines, and its flags."""
    told: dict[str, Any] = {name: lines_of(getattr(driver, name)) for name in SECTIONS}
    told |= {name: "\n".join(getattr(driver, name)) for name in NAME_SECTIONS}
    return {
        **told,
        "title": driver.title,
        "coa_port": driver.coa_port,
        "message_authenticator": driver.message_authenticator,
        "capabilities": asdict(driver.capabilities),
    }


def read(code: str, told: dict[str, Any]) -> Read:
    """The driver of these texts, checked against the dictionary and with real speeds."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for section in SECTIONS:
        values[section] = _section(section, str(told.get(section, "")), problems)
    for section in NAME_SECTIONS:
        values[section] = _names(section, str(told.get(section, "")), problems)
    if not CODE.match(code):
        problems.append(Problem("code", 0, "BAD_CODE", code[:40]))
    title = str(told.get("title", "")).strip()
    if not 1 <= len(title) <= 60:
        problems.append(Problem("title", 0, "BAD_TITLE"))
    port = told.get("coa_port")
    if not (isinstance(port, int) and 1 <= port <= 65_535):
        problems.append(Problem("coa_port", 0, "BAD_PORT"))
    flags = told.get("capabilities")
    known = {one.name for one in fields(Capabilities)}
    chosen = {name: bool(flags[name]) for name in known & set(flags or {})} if flags else {}
    if problems:
        return Read(None, tuple(problems))
    driver = Driver(
        code=code,
        title=title,
        capabilities=Capabilities(**chosen),
        coa_port=port or 3799,
        message_authenticator=bool(told.get("message_authenticator", True)),
        **values,
    )
    problems = _whole(driver)
    return Read(None if problems else driver, tuple(problems))


def _section(section: str, text: str, problems: list[Problem]) -> tuple[Template, ...]:
    found = []
    for number, line in _numbered(text, section, problems):
        match = LINE.match(line)
        if match is None:
            problems.append(Problem(section, number, "NOT_A_LINE", line[:60]))
            continue
        concern, when = match["concern"].upper(), match["when"].upper()
        if concern not in set(Concern) or when not in set(When):
            wrong = concern if concern not in set(Concern) else when
            problems.append(Problem(section, number, "UNKNOWN_WORD", wrong[:30]))
            continue
        template = Template(
            match["attribute"],
            match["form"].strip(),
            Concern(concern),
            When(when),
            match["op"],
            match["each"] is not None,
        )
        problem = _template(section, template)
        if problem:
            problems.append(replace(problem, line=number))
        else:
            found.append(template)
    return tuple(found)


def _template(section: str, template: Template) -> Problem | None:
    """What is wrong with one template: its attribute, its places, the values that come out."""
    known = dictionaries.known(template.attribute)
    if known is None:
        return Problem(section, 0, "UNKNOWN_ATTRIBUTE", template.attribute)
    if ":" in template.attribute and not known.has_tag:
        return Problem(section, 0, "NO_TAG", template.attribute)
    return _form_problem(section, template) or _value_problem(section, template)


def _form_problem(section: str, template: Template) -> Problem | None:
    allowed = SESSION_PLACES if section in SESSION_SECTIONS else PROFILE_PLACES
    if template.each_service:
        allowed |= SERVICE_PLACES
    rest = PLACE.sub("", template.form)
    strange = [one for one in template.places if one not in allowed]
    if strange or "{" in rest or "}" in rest:
        about = "{" + strange[0] + "}" if strange else template.form[:60]
        return Problem(section, 0, "UNKNOWN_PLACE", about)
    if len(template.form) > FORM_MAX or not template.form.isprintable():
        return Problem(section, 0, "TOO_LONG", template.attribute)
    return None


def _value_problem(section: str, template: Template) -> Problem | None:
    samples = (
        [_SESSION]
        if section in SESSION_SECTIONS
        else [{**profile_values(one), "service": "service", "n": 2} for one in SAMPLES]
    )
    for values in samples:
        attribute = template.render(values)
        if attribute is None:
            continue
        code = dictionaries.problem(attribute.name, attribute.value)
        if code:
            return Problem(section, 0, code, f"{template.attribute} = {attribute.value}"[:80])
    return None


def _names(section: str, text: str, problems: list[Problem]) -> tuple[str, ...]:
    """Attribute names, several in a line divided by ";", with "=key" for pairs inside a value."""
    found = []
    for number, line in _numbered(text, section, problems):
        for part in line.split(";"):
            name = part.strip().partition("=")[0]
            if dictionaries.known(name) is None:
                problems.append(Problem(section, number, "UNKNOWN_ATTRIBUTE", name[:60]))
        found.append("; ".join(part.strip() for part in line.split(";")))
    return tuple(found)


def _numbered(text: str, section: str, problems: list[Problem]) -> list[tuple[int, str]]:
    lines = [(at, one.strip()) for at, one in enumerate(text.splitlines(), start=1) if one.strip()]
    if len(lines) > LINES_MAX:
        problems.append(Problem(section, 0, "TOO_MANY_LINES", str(LINES_MAX)))
    return lines[:LINES_MAX]


def _whole(driver: Driver) -> list[Problem]:
    """What no single line is to blame for."""
    problems = []
    if not any("class_text" in one.places for one in driver.accept_templates):
        problems.append(Problem("accept_templates", 0, "NO_CLASS"))
    if not driver.identify:
        problems.append(Problem("identify", 0, "NO_IDENTITY"))
    can = driver.capabilities
    changes = {one.concern for one in driver.coa_set}
    if can.coa and can.coa_rate and not changes & {Concern.RATE, Concern.SERVICES}:
        problems.append(Problem("coa_set", 0, "NO_RATE"))
    if can.coa and can.redirect and not driver.knows_walls:
        problems.append(Problem("accept_templates", 0, "NO_WALL"))
    return problems
