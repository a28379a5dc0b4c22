"""Translations without GNU gettext: find the messages in the sources, check and compile .po files.

Messages are English in the code; Ukrainian, which people see first, is in
`locale/uk/LC_MESSAGES/django.po` of each app and of each face in `frontend/`.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.template.base import Lexer, TokenType

FUNCTIONS = {
    "_",
    "gettext",
    "gettext_lazy",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
}
SKIPPED_DIRS = {".venv", "node_modules", "var", "migrations", "tests", ".git"}

_TRANSLATE = re.compile(r"""^(?:trans|translate)\s+(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|(?<!%)\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class Message:
    """A text for people, where it stands."""

    text: str
    file: Path
    line: int


def sources(root: Path, *suffixes: str) -> Iterator[Path]:
    """Files of the project with one of these suffixes, without what others made."""
    for path in sorted(root.rglob("*")):
        parts = set(path.relative_to(root).parts)
        if path.suffix in suffixes and not parts & SKIPPED_DIRS and path.is_file():
            yield path


def messages(root: Path) -> Iterator[Message]:
    """Every message of the project's Python and template files."""
    for path in sources(root, ".py"):
        yield from _python_messages(path)
    for path in sources(root, ".html", ".txt"):
        if "templates" in path.parts:
            yield from _template_messages(path)


def _python_messages(path: Path) -> Iterator[Message]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in FUNCTIONS or not node.args:
            continue
        wanted = node.args[1:2] if name.startswith("pgettext") else node.args[:1]
        for argument in wanted:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield Message(argument.value, path, node.lineno)


def _template_messages(path: Path) -> Iterator[Message]:
    tokens = list(Lexer(path.read_text(encoding="utf-8")).tokenize())
    inside: list[str] | None = None
    trimmed = False
    line = 0
    for token in tokens:
        if token.token_type == TokenType.BLOCK:
            word = token.contents.split()[0]
            if word in {"blocktrans", "blocktranslate"}:
                inside, trimmed = [], "trimmed" in token.contents.split()
                line = token.lineno or 0
            elif word in {"endblocktrans", "endblocktranslate", "plural"} and inside is not None:
                yield Message(_block_text(inside, trimmed), path, line)
                inside = None
            elif inside is None and (found := _TRANSLATE.match(token.contents)):
                yield Message(found.group(1) or found.group(2), path, token.lineno or 0)
        elif inside is not None and token.token_type == TokenType.VAR:
            inside.append(f"%({token.contents})s")
        elif inside is not None and token.token_type == TokenType.TEXT:
            inside.append(token.contents.replace("%", "%%"))


def _block_text(parts: list[str], trimmed: bool) -> str:
    text = "".join(parts)
    if trimmed:
        text = " ".join(line.strip() for line in text.strip().splitlines())
    return text if "%(" in text else text.replace("%%", "%")


def catalogues(root: Path, language: str = "uk") -> list[Path]:
    """The .po files of one language."""
    return [p for p in sources(root, ".po") if p.parts[-3:-1] == (language, "LC_MESSAGES")]


def known(root: Path, language: str = "uk") -> dict[str, str]:
    """All translated messages of one language."""
    found: dict[str, str] = {}
    for path in catalogues(root, language):
        for entry in polib.pofile(str(path)):
            text = entry.msgstr or (entry.msgstr_plural or {}).get(0, "")
            if text and not entry.fuzzy:
                found[entry.msgid] = text
    return found


def missing(root: Path) -> list[Message]:
    """Messages that have no Ukrainian translation."""
    have = known(root)
    cyrillic = re.compile(r"^[^A-Za-z]*$")
    return [m for m in messages(root) if m.text not in have and not cyrillic.match(m.text)]


def broken(root: Path) -> list[str]:
    """Translations whose placeholders differ from the message's: they would raise when shown."""
    wrong = []
    for message, translation in known(root).items():
        wanted = {a or b for a, b in _PLACEHOLDER.findall(message)}
        given = {a or b for a, b in _PLACEHOLDER.findall(translation)}
        if wanted != given:
            wrong.append(message)
    return wrong


def compile_all(root: Path) -> int:
    """Write the .mo file beside each .po file that is newer; how many were written."""
    written = 0
    for path in sources(root, ".po"):
        target = path.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < path.stat().st_mtime:
            polib.pofile(str(path)).save_as_mofile(str(target))
            written += 1
    return written
