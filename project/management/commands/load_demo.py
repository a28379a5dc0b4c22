"""`manage.py load_demo`."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from project import demo
from project.core import clock
from project.core.env import envsecret

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
            say=lambda line: self.stdout.write(f"  {line}"),
        )
        self.stdout.write("demo data made" if made else "demo data is there already")
        lines = [f"{name:10} {password}   {role.value.lower()}" for name, _, _, role in demo.STAFF]
        (settings.VAR_DIR / "demo-logins.txt").write_text("\n".join(lines) + "\n")
