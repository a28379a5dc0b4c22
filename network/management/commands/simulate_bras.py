"""`manage.py simulate_bras NAME`: the routers behind an access server, on this machine."""

import random
import socket
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from network import crypto
from network.models import Nas, RadiusDecision
from network.radius.simulated_bras import Router, SimulatedBras, client_of

TURN_S = 1.0
ONLINE_SHARE = 0.85
WIDE = 1 << 24
STRANGER = Router(login="camera-3", password="admin", mac="b8a44f00c0de")  # noqa: S106 (refused)


class Command(BaseCommand):
    """Log routers in, send their traffic, and answer CoA and Disconnect of that access server."""

    help = "Plays an access server and the subscribers' routers behind it (for demonstrations)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("name", help="the access server's name in the registry; 127.0.0.1 only")
        parser.add_argument("--seed", type=int, default=1, help="who is at home, how much is read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until it is stopped."""
        nas = Nas.objects.filter(name=options["name"], retired_at=None).first()
        if nas is None:
            raise CommandError(f"There is no access server named {options['name']}.")
        if str(nas.address) != "127.0.0.1":
            raise CommandError("Only an access server at 127.0.0.1 can be played on this machine.")
        chance = random.Random(options["seed"])  # noqa: S311 (no secret)
        secret = crypto.decrypt(nas.secret_encrypted).encode()
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            listening.bind(("127.0.0.1", nas.coa_port))
        except OSError as error:
            raise CommandError(f"Port {nas.coa_port} (udp) is taken: {error}") from error
        listening.settimeout(TURN_S)
        bras = SimulatedBras(
            client=client_of(
                auth_port=settings.GEOBILL_RADIUS_AUTH_PORT,
                acct_port=settings.GEOBILL_RADIUS_ACCT_PORT,
                secret=secret,
            ),
            routers=self._routers(chance),
            name=nas.name,
            chance=chance,
            clock=time.monotonic,
        )
        ends = threading.Event()
        answers = threading.Thread(
            target=bras.serve, args=(listening,), kwargs={"secret": secret, "ends": ends}
        )
        answers.start()
        self.stdout.write(f"{nas.name} is played: CoA at 127.0.0.1:{nas.coa_port}")
        try:
            while True:
                bras.turn()
                time.sleep(TURN_S)
        except KeyboardInterrupt:
            self.stdout.write("stopped")
        finally:
            ends.set()
            answers.join()

    @staticmethod
    def _routers(chance: random.Random) -> list[Router]:
        rows = RadiusDecision.objects.exclude(login="").order_by("subscription_id")
        known = [
            Router(row.login, row.password, row.mac or f"a4cf12{row.subscription_id % WIDE:06x}")
            for row in rows
            if chance.random() < ONLINE_SHARE or row.state != "FULL"
        ]
        return [*known, STRANGER]
