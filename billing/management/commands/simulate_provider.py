"""`manage.py simulate_provider NAME…`: the payment systems' side, on this machine."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.payments import merchants, simulator
from billing.payments.models import MerchantAccount
from project.core import clock


class Command(BaseCommand):
    """Serve the sites of payment systems and call our server as they would."""

    help = "Plays payment systems over HTTP: " + ", ".join(sorted(simulator.PLAYERS))

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("names", nargs="+", choices=sorted(simulator.PLAYERS), metavar="NAME")
        parser.add_argument("--slug", help="which merchant accounts; the first ones if not given")
        parser.add_argument("--to", help="our server; the public address if not given")
        parser.add_argument("--host", default="127.0.0.1", help="where it listens")
        parser.add_argument("--port", type=int, default=8090)
        parser.add_argument("--keep", type=Path, help="a folder where payments outlive a restart")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until it is stopped."""
        players = {}
        home = (options["to"] or settings.GEOBILL_PUBLIC_URL).rstrip("/")
        site_address = f"http://{options['host']}:{options['port']}"
        for name in options["names"]:
            row = self._row(name, options["slug"])
            kept = options["keep"] / f"{name}-{row.slug}.json" if options["keep"] else None
            view = merchants.get(merchant_id=row.id).view
            ours = simulator.Ours(f"{home}/pay/{name}/{row.slug}", view, clock.now)
            players[name] = simulator.PLAYERS[name](ours, kept)
            address = f"{site_address}/{name}"
            self.stdout.write(f"{name} is played at {address}, it calls {ours.url}")
            if row.base_url != address:
                self.stdout.write("  Our requests reach it when the account's address is that.")
        site = simulator.server(players, host=options["host"], port=options["port"])
        with site:
            try:
                site.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("stopped")

    @staticmethod
    def _row(name: str, slug: str | None) -> MerchantAccount:
        rows = MerchantAccount.objects.filter(provider=name, is_active=True)
        row = (rows.filter(slug=slug) if slug else rows).order_by("id").first()
        if row is None:
            raise CommandError(f"{name}: there is no merchant account to play; open one first.")
        return row
