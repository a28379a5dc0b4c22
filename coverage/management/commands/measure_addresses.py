"""`manage.py measure_addresses FILE`: how many pairs of spellings are recognised as one address."""

import csv
import gzip
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from coverage.addresses.compare import Nearness, measure_pairs


class Command(BaseCommand):
    """Reads a CSV (or .csv.gz) with the two spellings in two columns and prints the shares."""

    help = "Measure address recognition on a file of pairs of spellings of the same address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--left", default="address_actual", help="column of one spelling")
        parser.add_argument("--right", default="address_legal_2023", help="column of the other")
        parser.add_argument("--show-merged", action="store_true", help="list names made one")

    def handle(self, *args: Any, **options: Any) -> None:
        with _open(options["file"]) as stream:
            reader = csv.DictReader(stream)
            if not {options["left"], options["right"]} <= set(reader.fieldnames or ()):
                raise CommandError(f"no columns {options['left']} and {options['right']}")
            measure = measure_pairs((row[options["left"]], row[options["right"]]) for row in reader)
        total = measure.pairs or 1
        self.stdout.write(f"pairs                         {measure.pairs}")
        self.stdout.write(f"equal as raw strings          {measure.equal_raw / total:.1%}")
        self.stdout.write(f"equal canonical forms         {measure.equal_share:.2%}")
        for nearness in (Nearness.SAME_KEY, Nearness.NEAR, Nearness.DIFFERENT):
            self.stdout.write(f"{nearness.lower():<30}{measure.counts[nearness] / total:.1%}")
        self.stdout.write(f"street equal or near          {measure.street_share:.1%}")
        self.stdout.write(f"house number not readable     {measure.house_unread}")
        self.stdout.write(f"different names made one      {len(measure.merged_names)}")
        if options["show_merged"]:
            for left, right in sorted(measure.merged_names):
                self.stdout.write(f"  {left} = {right}")


def _open(path: Path) -> TextIO:
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="utf-8", newline="")
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(str(error)) from error
