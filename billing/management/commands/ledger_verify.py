"""`manage.py ledger_verify`: are the books right? Exit code 0 when they are, 1 when not."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.ledger import queries, seals, verification


class Command(BaseCommand):
    """Compute the ledger again from zero and name every posting that differs."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Which part, and in which form the answer."""
        parser.add_argument("--mode", choices=["full", "incremental"], default="full")
        parser.add_argument(
            "--account", metavar="CODE_OR_ID", help="only this account (contract number or id)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument(
            "--seals", type=Path, default=None, help="folder of exported seals; default VAR/seals"
        )
        parser.add_argument(
            "--no-seal-files", action="store_true", help="do not compare exported seals"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and report."""
        directory = None if options["no_seal_files"] else options["seals"] or seals.default_dir()
        if options["account"]:
            report = verification.verify(
                mode="account", account_id=self._account_id(options["account"])
            )
        else:
            report = verification.verify(mode=options["mode"], seals_dir=directory)
        if options["json"]:
            self.stdout.write(
                json.dumps({"right": report.is_right, **asdict(report)}, ensure_ascii=False)
            )
        else:
            for problem in report.problems:
                self.stdout.write(self.style.ERROR(str(problem)))
            verdict = "right" if report.is_right else f"WRONG: {len(report.problems)} problems"
            self.stdout.write(
                f"ledger {report.mode}: {verdict}; {report.postings} postings,"
                f" {report.journals} journals, {report.accounts} accounts, {report.seconds} s"
            )
        if not report.is_right:
            raise CommandError(f"the ledger is wrong in {len(report.problems)} places")

    def _account_id(self, text: str) -> int:
        found = queries.find_account(code=text)
        if found is not None:
            return found.id
        if text.isdigit() and queries.accounts(ids=[int(text)]):
            return int(text)
        raise CommandError(f"there is no account {text}")
