"""Accounting waits in the common Redis, or in one of the node's own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.databases import ROOT

ASK = """
import json
from project.settings import base
print(json.dumps([
    base.GEOBILL_ACCOUNTING_REDIS_URL, base.CELERY_BROKER_URL, base.CACHES["default"]["LOCATION"],
]))
"""


def urls(tmp_path: Path, **given: str) -> list[str]:
    """Of accounting, tasks and the cache, read in a process of its own."""
    outer = {name: value for name, value in os.environ.items() if "REDIS" not in name}
    common = {"GEOBILL_REDIS_HOST": "common", "GEOBILL_REDIS_PORT": "6379", **given}
    common["GEOBILL_REDIS_PASSWORD"] = "p/w"
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env={**outer, **common, "GEOBILL_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("given", "accounting"),
    [
        ({}, ":p%2Fw@common:6379"),
        ({"HOST": "", "PORT": "", "PASSWORD": ""}, ":p%2Fw@common:6379"),
        ({"PASSWORD": "own"}, ":own@common:6379"),
        ({"HOST": "10.0.0.12"}, "10.0.0.12:6379"),
        ({"PORT": "6380"}, "common:6380"),
        ({"HOST": "10.0.0.12", "PORT": "6380", "PASSWORD": "o@n"}, ":o%40n@10.0.0.12:6380"),
    ],
)
def test_another_redis_for_accounting_has_a_password_of_its_own_or_none(
    tmp_path: Path, given: dict[str, str], accounting: str
) -> None:
    named = {f"GEOBILL_ACCOUNTING_REDIS_{name}": value for name, value in given.items()}
    assert urls(tmp_path, **named) == [
        f"redis://{accounting}/2",
        "redis://:p%2Fw@common:6379/0",
        "redis://:p%2Fw@common:6379/1",
    ]
