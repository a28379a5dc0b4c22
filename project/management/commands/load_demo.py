"""`manage.py load_demo`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from project import demo
from project.core import clock
from project.core.env import envsecret


class Command(BaseCommand):
    """Make the demonstration provider; does nothing where there are customers already."""

    help = "Loads the demonstration: places, zones, tariffs, staff and six weeks of customers."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and print the demo log-ins."""
        password = envsecret(
            "GEOBILL_DEMO_PASSWORD", file=settings.SECRETS_DIR / "demo_password", generate=True
        )
        made = demo.load(
            at=clock.now(),
            fixtures=Path(settings.BASE_DIR) / "fixtures",
            password=password,
            say=lambda line: self.stdout.write(f"  {line}"),
        )
        self.stdout.write("demo data made" if made else "demo data is there already")
        names = ", ".join(row[0] for row in demo.STAFF)
        self.stdout.write(f"log in as {names} with the password {password}")
