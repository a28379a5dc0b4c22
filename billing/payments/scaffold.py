"""The folder of a new payment system: a declaration that works, its README, its contract tests.

It begins as the plainest member of a protocol family (`scaffolds/`), which a developer then turns
into what the payment system's description says; its tests put it to every fault from the first day.
"""

import re
from pathlib import Path
from string import Template

NAME = re.compile(r"[a-z][a-z0-9]{1,23}")
SCAFFOLDS = Path(__file__).parent / "scaffolds"
# family -> what it is, the suffix of its address, its settings as the README lists them.
FAMILIES: dict[str, tuple[str, str, str]] = {
    "f1": (
        "command GET/XML of terminals",
        "",
        "| `basic_user`, `basic_password` | none | HTTP Basic, where it is agreed |\n"
        "| `pay_type`, `fop_id` | any, none | service number; legal entity shown in the check |\n"
        "| `allows_cancel`, `answers_balance` | on, off | operations that may not be agreed |\n",
    ),
    "f2": (
        "XML envelope",
        "",
        "| `login`, `password` | needed | the agreed log-in |\n"
        "| `basic_user`, `basic_password` | none | HTTP Basic, where it is agreed |\n",
    ),
    "f3": (
        "bill JSON",
        "/check`, `/pay",
        "| `basic_user`, `basic_password` | none | HTTP Basic, where it is agreed |\n",
    ),
    "f4": (
        "redirect form and signed callback",
        "/result",
        "| `merchant`, `secret` | needed | our number, the key of digests |\n",
    ),
    "f5": ("invoice API and webhook", "/webhook", "| `secret` | needed | the key of digests |\n"),
}


def files(*, name: str, title: str, family: str = "f1") -> dict[str, str]:
    """What is written, by path inside the project. Raises ValueError for a name that is no name."""
    if NAME.fullmatch(name) is None:
        raise ValueError("a name has 2 to 24 small Latin letters and digits, a letter first")
    if family not in FAMILIES:
        raise ValueError(f"a family is one of {', '.join(FAMILIES)}")
    what, suffix, settings = FAMILIES[family]
    shown = re.sub(r"[{}$\\]", "", title.strip()[:40].replace('"', "'")) or name.capitalize()
    words = {
        "name": name,
        "title": shown,
        "kind": name.capitalize(),
        "family": family.upper(),
        "what": what,
        "suffix": suffix,
        "settings": settings,
    }
    tests = f"tests/contract/payments/{name}"
    written = {
        f"billing/payments/providers/{name}/__init__.py": f"{family}_declaration",
        f"billing/payments/providers/{name}/README.md": "readme",
        f"{tests}/adapter.py": "adapter",
        f"{tests}/test_{name}.py": f"{family}_test",
    }
    made = {path: _filled(source, words) for path, source in written.items()}
    return {**made, f"{tests}/__init__.py": ""}


def _filled(source: str, words: dict[str, str]) -> str:
    text = (SCAFFOLDS / f"{source}.txt").read_text(encoding="utf-8")
    return Template(text).substitute(words)


def registered(registry: str, *, name: str) -> str:
    """The text of `registry.py` with the new payment system in its place."""
    head, sign, rest = registry.partition("from billing.payments.providers import (\n")
    names, end, tail = rest.partition(")\n")
    if not sign or not end:
        raise ValueError("registry.py has no list of providers")
    imported = sorted({*names.split(), f"{name},"})
    lines = "".join(f"    {one}\n" for one in imported)
    before, sign2, after = tail.partition("    for provider in (\n")
    if not sign2:
        raise ValueError("registry.py has no table of providers")
    listed, end2, last = after.partition("    )\n")
    declared = sorted({*listed.split(), f"{name}.PROVIDER,"})
    table = "".join(f"        {one}\n" for one in declared)
    return f"{head}{sign}{lines}{end}{before}{sign2}{table}{end2}{last}"


def write(*, root: Path, name: str, title: str = "", family: str = "f1") -> list[str]:
    """Write the folder and the line in the registry; the paths. Raises ValueError, also when it is
    there already.
    """
    wanted = files(name=name, title=title, family=family)
    if any((root / path).exists() for path in wanted):
        raise ValueError(f"{name} is there already")
    registry = root / "billing/payments/registry.py"
    text = registered(registry.read_text(encoding="utf-8"), name=name)
    for path, content in wanted.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    registry.write_text(text, encoding="utf-8")
    return sorted(wanted)
