"""Sources of MAC and Option 82 in FreeRADIUS' language, for `raddb/policy/identifiers` (pure)."""

import re

from network.radius.messages import MAYBE_OCTETS
from network.radius.sources import USUAL, USUAL_MACS, Sources

# What the word of each packet has (`raddb/policy/words`).
IN_WORD = frozenset(
    {"Calling-Station-Id", "User-Name", "ADSL-Agent-Circuit-Id", "ADSL-Agent-Remote-Id"}
)

_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}(?:=[A-Za-z0-9-]{1,60})?\Z")


def places(sources: Sources) -> dict[str, str]:
    """What stands in the template's places."""
    return {
        "MAC_SOURCES": "\n".join(_mac(name) for name in sources.macs if _SAFE.match(name)),
        "CIRCUIT_SOURCES": _ids(sources.circuits, "Bill-Circuit-Id"),
        "REMOTE_SOURCES": _ids(sources.remotes, "Bill-Remote-Id"),
        "WHOLE_SOURCES": _ids(sources.wholes, "Bill-Option82", "Bill-Circuit-Id"),
        "ELSEWHERE": "".join(f" || &{name}" for name in elsewhere(sources)),
    }


def elsewhere(sources: Sources) -> list[str]:
    """Attributes of which one in a packet means that MAC or Option 82 may be there."""
    named = (*USUAL_MACS, *(part.strip() for line in USUAL for part in line.split(";")))
    more = (*sources.macs, *sources.circuits, *sources.remotes, *sources.wholes)
    plain = [name.partition("=")[0] for name in (*named, *more) if _SAFE.match(name)]
    return [name for name in dict.fromkeys(plain) if name not in IN_WORD]


def _mac(name: str) -> str:
    plain, _sep, key = name.partition("=")
    head = f"{key}=" if key else ""
    at = _text(plain, is_any=bool(key))
    return (
        f"\tif (!&Bill-Mac && &{plain} && ({at} =~ /^{head}${{policy.bill-mac-re}}$/i)) {{\n"
        '\t\tupdate request {\n\t\t\t&Bill-Mac := "%{tolower:%{1}%{2}%{3}%{4}%{5}%{6}}"\n\t\t}\n\t}'
    )


def _ids(names: tuple[str, ...], target: str, unless: str = "") -> str:
    blocks = []
    for name in names:
        if not _SAFE.match(name):
            continue
        plain, _sep, key = name.partition("=")
        guard = f"!&{target} && " + (f"!&{unless} && " if unless else "")
        if key:
            blocks.append(
                f"\tif ({guard}&{plain} && ({_text(plain, is_any=True)} =~ /^{key}=(.+)$/)) {{\n"
                '\t\tupdate request {\n\t\t\t&Tmp-String-0 := "%{1}"\n\t\t}\n'
                f'\t\tupdate request {{\n\t\t\t&{target} := "%{{hex:&Tmp-String-0}}"\n'
                "\t\t\t&Tmp-String-0 !* ANY\n\t\t}\n\t}"
            )
        else:
            blocks.append(
                f"\tif ({guard}&{plain}) {{\n\t\tupdate request {{\n"
                f'\t\t\t&{target} := "%{{hex:&{plain}}}"\n\t\t}}\n\t}}'
            )
    return "\n".join(blocks)


def _text(name: str, *, is_any: bool) -> str:
    """What a regular expression is held to: any value of an attribute, or the first."""
    if name in MAYBE_OCTETS:
        return f'"%{{string:&{name}}}"'
    return f"&{name}[*]" if is_any else f"&{name}"
