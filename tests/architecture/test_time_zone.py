"""Rule R1: one module makes the time zone, from the package that the lock file pins."""

import importlib.metadata
import os
import subprocess
import sys
import zoneinfo
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing import calendar
from project.core import clock

ROOT = Path(__file__).resolve().parents[2]
APPS = ("project", "coverage", "billing", "crm", "network", "frontend")
PROCESSES = ("project.asgi", "project.radius_wsgi", "project.celery")
SAYS = """
import importlib, sys, zoneinfo
importlib.import_module(sys.argv[1])
import django; django.setup()
from project.core.clock import KYIV
print(zoneinfo.TZPATH, KYIV.key)
"""


def test_one_module_makes_the_zone() -> None:
    makers = [
        str(path.relative_to(ROOT))
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "ZoneInfo(" in line
    ]
    assert makers == ["billing/calendar.py"]


def test_the_zone_is_the_pinned_package_s_here_too() -> None:
    assert zoneinfo.TZPATH == ()
    locked = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert f"\ntzdata=={importlib.metadata.version('tzdata')} " in locked
    summer, winter = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (7, 12))
    hours = [at.astimezone(calendar.KYIV).hour for at in (summer, winter)]
    assert hours == [at.astimezone(clock.KYIV).hour for at in (summer, winter)] == [15, 14]


@pytest.mark.parametrize("module", PROCESSES)
def test_each_process_of_the_system_takes_it_whatever_the_machine_says(module: str) -> None:
    said = subprocess.run(
        [sys.executable, "-c", SAYS, module],
        cwd=ROOT,
        env=os.environ | {"PYTHONTZPATH": "/usr/share/zoneinfo"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert said[0] == "() Europe/Kyiv"
