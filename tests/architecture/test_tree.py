"""Rules about the tree of files."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import coverage

ROOT = Path(__file__).resolve().parents[2]
APPS = ("project", "coverage", "billing", "crm", "network", "frontend")
LOCKS = ("requirements.lock", "requirements-node.lock", "package-lock.json")


def python_files() -> Iterator[Path]:
    for app in APPS:
        yield from (ROOT / app).rglob("*.py")


def imported_names(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def test_coverage_is_our_app_and_not_the_tool() -> None:
    """coverage.py has the same import name; with it installed, one of the two would be broken."""
    assert coverage.__file__ is not None
    assert Path(coverage.__file__).resolve().parent == ROOT / "coverage"


def test_only_the_radius_package_speaks_radius() -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in python_files()
        if any(name.split(".")[0] == "pyrad" for name in imported_names(path))
    }
    assert {user for user in users if not user.startswith("network/radius/")} == set()


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_carry_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://", text)
    assert "sha256:" in text or '"integrity"' in text


def test_pages_load_nothing_from_elsewhere() -> None:
    """Scripts, styles, fonts and pictures are served by us; a link may lead anywhere."""
    loads = re.compile(r"""(?:src=|<link[^>]+href=|@import\s|url\()\s*["']?(?:https?:)?//""", re.I)
    listed = subprocess.run(
        ["git", "ls-files", "*.html", "*.css", "*.ts", "*.js", "*.svg"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    files = [ROOT / name for name in listed if (ROOT / name).exists()]
    guilty = [str(path.relative_to(ROOT)) for path in files if loads.search(path.read_text())]
    assert guilty == []
