"""The documentation names what the code offers."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("project", "coverage", "billing", "crm", "network", "frontend")
READ = re.compile(r"env(?:str|bool|int|list|secret)\(\s*[\"'](GEOBILL_[A-Z_]+)[\"']")
MENTIONED = re.compile(r"`(GEOBILL_[A-Z_]+|_[A-Z_]+)`")


def variables_read() -> set[str]:
    """Every setting that the code takes from the environment."""
    found: set[str] = set()
    for app in APPS:
        for path in (ROOT / app).rglob("*.py"):
            found |= set(READ.findall(path.read_text(encoding="utf-8")))
    return found


def variables_documented() -> set[str]:
    """Those of docs/operations.md; `_PORT` after `GEOBILL_DB_HOST` stands for GEOBILL_DB_PORT."""
    found: set[str] = set()
    for line in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").splitlines():
        whole = ""
        for word in MENTIONED.findall(line):
            if word.startswith("GEOBILL_"):
                whole = word
                found.add(word)
            else:
                cuts = [match.start() for match in re.finditer("_", whole)]
                found |= {whole[:cut] + word for cut in cuts} | {whole + word}
    return found


def test_every_setting_of_the_environment_is_in_the_operators_table() -> None:
    assert variables_read()
    assert sorted(variables_read() - variables_documented()) == []


def test_every_command_of_run_is_in_its_help() -> None:
    text = (ROOT / "run").read_text(encoding="utf-8")
    commands = set(re.findall(r"^  ([a-z]+)\) cmd_", text, re.M))
    assert {"demo", "test", "stop", "reset"} <= commands
    assert {name for name in commands if f"./run {name}" not in text} == set()
