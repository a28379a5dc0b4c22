"""`manage.py keep_standby`: the answers for an outage in a file beside FreeRADIUS, for ever."""

import signal
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from network import standby
from network.radius.configuration import STANDBY

LATE_S = 120
# libpq: a server that vanished without a word is given up within half a minute.
ALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class Command(BaseCommand):
    """Work until SIGTERM. As the user that FreeRADIUS runs as, beside it, and always."""

    help = "Keep the answers to usual log-ins in a file for FreeRADIUS, until told to end."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where FreeRADIUS looks."""
        parser.add_argument("--run-dir", type=Path, help="as of render_raddb")
        parser.add_argument("--status", action="store_true", help="tell what the file has, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep it, or tell of it: exit 1 when it is late."""
        folder = (options["run_dir"] or settings.VAR_DIR / "freeradius").resolve() / STANDBY
        if options["status"]:
            self._tell(folder)
            return
        ends = threading.Event()

        def end(_number: int, _frame: FrameType | None) -> None:
            ends.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        connection.settings_dict["OPTIONS"] |= ALIVE
        keeper = standby.Keeper(folder=folder, now=time.time)
        self.stdout.write(f"keeping {keeper.path}")
        keeper.run(ends=ends)
        keeper.close()

    def _tell(self, folder: Path) -> None:
        found = standby.standing(folder)
        if found is None:
            raise CommandError(f"no answers for an outage in {folder}: does keep_standby run?")
        age_s = round(time.time() - found.told_at)
        told = f"{found.answers} services, {found.brases} BRASes, as of {age_s} s ago"
        if age_s > LATE_S:
            raise CommandError(f"late: {told}")
        self.stdout.write(told)
