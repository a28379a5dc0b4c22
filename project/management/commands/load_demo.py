"""`manage.py load_demo`."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand

from network import demo as demo_network
from project import demo, demo_payments
from project.core import clock
from project.core.env import envint, envsecret

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


def demo_password() -> str:
    """The one password of the demo staff: from the environment, or made once and kept.

    Short enough to type; the demonstration listens on this machine only.
    """
    file = settings.SECRETS_DIR / "demo_password"
    if not file.exists() and not envsecret("GEOBILL_DEMO_PASSWORD"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text("".join(secrets.choice(LETTERS) for _ in range(10)) + "\n")
    return envsecret("GEOBILL_DEMO_PASSWORD", file=file)


class Command(BaseCommand):
    """Make the demonstration provider; does nothing where there are customers already."""

    help = "Loads the demonstration: places, zones, tariffs, staff and six weeks of customers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; the log-ins are written where `./run demo` shows them from."""
        password = demo_password()
        made = demo.load(
            at=clock.now(),
            fixtures=Path(settings.BASE_DIR) / "fixtures",
            password=password,
            site=self._site(),
            say=lambda line: self.stdout.write(f"  {line}"),
        )
        self.stdout.write("demo data made" if made else "demo data is there already")
        self._payments()
        bras = demo_network.play(coa_port=envint("GEOBILL_BRAS_PORT", 3799), at=clock.now())
        (settings.VAR_DIR / "demo-bras.txt").write_text(bras)
        lines = [f"{name:10} {password}   {role.value.lower()}" for name, _, _, role in demo.STAFF]
        (settings.VAR_DIR / "demo-logins.txt").write_text("\n".join(lines) + "\n")

    @staticmethod
    def _site() -> str:
        """Where the simulator of payment systems is, as a visitor's browser reaches it."""
        port = envint("GEOBILL_SIMULATOR_PORT", 8090)
        return f"http://{urlsplit(settings.GEOBILL_PUBLIC_URL).hostname}:{port}"

    def _payments(self) -> None:
        """Tell ./run which payment systems are played beside the demonstration, and a pay link."""
        demo_payments.move(at=clock.now(), site=self._site())
        played = demo_payments.played()
        (settings.VAR_DIR / "demo-payments.txt").write_text(" ".join(played))
        link = demo_payments.pay_link() if played else ""
        (settings.VAR_DIR / "demo-pay-link.txt").write_text(f"{link}\n" if link else "")
