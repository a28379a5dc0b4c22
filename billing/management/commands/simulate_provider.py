"""`manage.py simulate_provider NAME`: the payment system's side, on this machine."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.payments import merchants, simulator
from billing.payments.models import MerchantAccount
from project.core import clock


class Command(BaseCommand):
    """Serve the site of a payment system and call our server as it would."""

    help = "Plays a payment system over HTTP: " + ", ".join(sorted(simulator.PLAYERS))

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("name", choices=sorted(simulator.PLAYERS))
        parser.add_argument("--slug", help="which merchant account; the first one if not given")
        parser.add_argument("--to", help="our server; the public address if not given")
        parser.add_argument("--port", type=int, default=8090)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until it is stopped."""
        rows = MerchantAccount.objects.filter(provider=options["name"], is_active=True)
        if options["slug"]:
            rows = rows.filter(slug=options["slug"])
        row = rows.order_by("id").first()
        if row is None:
            raise CommandError("There is no merchant account to play with; open one first.")
        home = (options["to"] or settings.GEOBILL_PUBLIC_URL).rstrip("/")
        view = merchants.get(merchant_id=row.id).view
        ours = simulator.Ours(f"{home}/pay/{row.provider}/{row.slug}", view, clock.now)
        site = simulator.server(simulator.PLAYERS[options["name"]](ours), port=options["port"])
        address = f"http://127.0.0.1:{site.server_port}"
        self.stdout.write(f"{row.provider} is played at {address}, it calls {ours.url}")
        if row.base_url != address:
            self.stdout.write(f"Our requests reach it when the account's address is {address}.")
        with site:
            try:
                site.serve_forever()
            except KeyboardInterrupt:
                self.stdout.write("stopped")
