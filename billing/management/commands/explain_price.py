"""`manage.py explain_price TARIFF BUILDING`: the whole ladder of a price at a building."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing import money
from billing.tariffs import queries as tariffs
from billing.tariffs.models import Tariff
from billing.tariffs.resolution import PricePlace
from coverage import queries as coverage
from coverage.models import Building
from project.core import clock


class Command(BaseCommand):
    """Which price rule applies at a building, and why the others do not."""

    help = "Show which price rule of a tariff applies at a building, and why the others do not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Arguments."""
        parser.add_argument("tariff", help="tariff code")
        parser.add_argument("building", type=int, help="building id")
        parser.add_argument("--network", default="FTTB", help="FTTB, GPON, DOCSIS, WIRELESS")
        parser.add_argument("--segment", default="")
        parser.add_argument("--date", type=date.fromisoformat, help="YYYY-MM-DD; default: today")

    def handle(self, **options: Any) -> None:
        """Print the ladder."""
        tariff = Tariff.objects.filter(code=options["tariff"]).first()
        building = Building.objects.filter(id=options["building"]).first()
        if tariff is None or building is None:
            raise CommandError("there is no such tariff or building")
        at = clock.now()
        answers = coverage.answer_for_point(
            lon=building.point.x, lat=building.point.y, at=at, building_id=building.id
        )
        resolution = tariffs.resolve_price(
            tariff_id=tariff.id,
            place=PricePlace(
                network_type=options["network"],
                zone_ids_by_network=tariffs.winning_zones(networks=answers),
                admin_chain=tuple(coverage.admin_chain(admin_unit_id=building.locality_id)),
                segment=options["segment"],
            ),
            on_date=options["date"] or clock.today(at),
        )
        for step in resolution.ladder:
            self.stdout.write(
                f"{step.verdict.value:14} {step.rule.level:9}"
                f" {money.format_uah(step.rule.price_kopecks):>14}  #{step.rule.id}  {step.text}"
            )
        if not resolution.is_sold:
            self.stdout.write("not sold here")
