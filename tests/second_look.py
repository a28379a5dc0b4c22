"""Which browser modules get a second look: `python -m tests.second_look` prints them.

A browser, a web server and a database on two busy cores meet moments that no person meets. So when
nothing but a few browser tests failed, their modules run once more, from a fresh system and with
the machine to themselves. What fails then is broken; what passes is named as unsteady in the
summary, to be looked into. Any other failing test, or many of these, is a failure at once.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

LAST_FAILED = Path(__file__).parent.parent / ".pytest_cache/v/cache/lastfailed"
BROWSER = "tests/browser/"
MODULES_MAX = 3


def modules_of(failed: Iterable[str]) -> list[str]:
    """The browser modules of the failed tests (pytest node ids); none where that is no excuse."""
    modules = sorted({node.partition("::")[0] for node in failed})
    if len(modules) > MODULES_MAX or not all(one.startswith(BROWSER) for one in modules):
        return []
    return modules


def main() -> int:
    """Print the modules, one a line; 1 when nothing is to be looked at again."""
    if not LAST_FAILED.exists():
        return 1
    modules = modules_of(json.loads(LAST_FAILED.read_text("utf-8")))
    sys.stdout.writelines(f"{one}\n" for one in modules)
    return 0 if modules else 1


if __name__ == "__main__":
    sys.exit(main())
