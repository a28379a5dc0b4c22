"""`./run vectors DIR [PROVIDER …]`: each vector, and the counts; 1 when one does not hold."""

import argparse
import os
import sys
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings.test"

import django

django.setup()

from tests.vectors.files import ALGORITHM, IN, OUT, Folder  # noqa: E402 - after the set-up
from tests.vectors.runner import Outcome, run_provider  # noqa: E402 - after the set-up

WORDS = {IN: "in", OUT: "out", ALGORITHM: "algorithm"}


def main() -> int:
    """Run a folder."""
    parser = argparse.ArgumentParser(description="Vectors of payment protocols over real HTTP")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("fixtures/payments"))
    parser.add_argument("providers", nargs="*", help="only these")
    options = parser.parse_args()
    folder = Folder(options.folder)
    outcomes: list[Outcome] = []
    for provider in options.providers or folder.providers():
        done = run_provider(folder, provider)
        outcomes += done
        for outcome in done:
            _say(outcome)
    failed = _count(outcomes)
    return 1 if failed or not outcomes else 0


def _say(outcome: Outcome) -> None:
    vector = outcome.vector
    word = WORDS.get(vector.direction, vector.direction)
    line = f"{'FAIL' if outcome.wrong else 'ok':<5}{vector.provider:<11}{word:<10}{vector.name}"
    print(f"{line}: {outcome.wrong}" if outcome.wrong else line, flush=True)


def _count(outcomes: list[Outcome]) -> int:
    print(f"\n{'provider':<12}{'in':>9}{'out':>9}{'algorithm':>11}")
    providers = list(dict.fromkeys(outcome.vector.provider for outcome in outcomes))
    for name in [*providers, "all"]:
        cells = []
        for direction in (IN, OUT, ALGORITHM):
            of = [
                o
                for o in outcomes
                if o.vector.direction == direction and name in (o.vector.provider, "all")
            ]
            good = sum(1 for o in of if not o.wrong)
            cells.append(f"{good}/{len(of)}" if of else "-")
        print(f"{name:<12}{cells[0]:>9}{cells[1]:>9}{cells[2]:>11}")
    failed = sum(1 for outcome in outcomes if outcome.wrong)
    print(f"\n{len(outcomes) - failed} of {len(outcomes)} vectors hold")
    return failed


if __name__ == "__main__":
    sys.exit(main())
