"""`manage.py run_charges`: the daily run by hand."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import money
from billing.charging import operations as charging
from project.core import clock
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError


class Command(BaseCommand):
    """Charge what is due up to and with a date, missed dates first."""

    help = "Charge all services up to and with a date; missed dates first. Safe to run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Options."""
        parser.add_argument("--date", type=date.fromisoformat, help="YYYY-MM-DD; default: today")
        parser.add_argument("--dry-run", action="store_true", help="show what would be charged")
        parser.add_argument("--confirm", action="store_true", help="go on with an unusual run")

    def handle(self, **options: Any) -> None:
        """Run and say what was done, by day and then by tariff and zone."""
        at = clock.now()
        try:
            report = charging.run(
                on_date=options["date"] or clock.today(at),
                at=at,
                actor=Actor(kind=ActorKind.SYSTEM, label="manage.py run_charges"),
                dry_run=options["dry_run"],
                confirm=options["confirm"],
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        word = "would charge" if report.is_dry_run else "charged"
        for day in report.days:
            self.stdout.write(
                f"{day.charge_date:%d.%m.%Y}: {word} {day.charged_count} services,"
                f" {money.format_uah(day.charged_kopecks)}; blocked {day.blocked_count},"
                f" resumed {day.resumed_count}, failed accounts {day.failed_account_count}"
            )
        for line in report.lines():
            self.stdout.write(
                f"  {line.tariff_name_uk}, {line.zone_name or 'outside zones'}:"
                f" {line.services} services, {money.format_uah(line.kopecks)}"
            )
        if any(day.failed_account_count for day in report.days):
            raise CommandError("some accounts could not be charged: see billing_charge_run_chunk")
