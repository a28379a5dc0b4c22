"""The file for an outage answers as the database does: nobody more, and all who are usual."""

import itertools
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from network import standby
from network.identity import Identity, Mode
from network.models import AccessMode, RadiusDecision
from network.radius.configuration import RadiusSettings, write
from tests.property.network.test_identity import MAC, NAS, STATIONS, as_rlm_sql_writes, asked
from tests.support import services

pytestmark = pytest.mark.django_db(transaction=True)
PORT = ("01", "ff")
PORTS = (("", ""), PORT, ("02", "ff"), ("01", ""))
LOGINS = ("a", "bb" * 6, "aa:bb:cc:dd:ee:01", "it's%{x}")
OLD, NOW = 1_700_000_000, 1_800_000_000


@pytest.fixture
def query(tmp_path: Path) -> str:
    """What FreeRADIUS asks the file, with its expansions."""
    written = RadiusSettings(
        out=tmp_path / "out", run=tmp_path / "run", host="127.0.0.1", auth_port=1812,
        acct_port=1813, rest_port=8001, token="token-of-rest-group", secret="secret-of-bras",
        nas_networks=("127.0.0.0/8",),
    )  # fmt: skip
    write(written)
    text = (written.out / "mods" / "sql_standby").read_text(encoding="utf-8")
    found = re.search(r'authorize_reply_query = "(.*?[^\\])"\n', text, re.DOTALL)
    assert found is not None
    return found[1].replace("\\\n", "").replace('\\"', '"')


@pytest.fixture(params=[Mode.AUTO, Mode.LOGIN, Mode.MAC])
def known(request: pytest.FixtureRequest) -> list[str]:
    """Logins of services in all dresses, and a BRAS in a mode."""
    nas = services.nas(address=NAS, vendor="mikrotik")
    AccessMode.objects.create(nas=nas, mode=request.param, changed_at=services.AT)
    logins = []
    dresses = itertools.product(LOGINS, ("", MAC), (("", ""), PORT), ("", "LOGIN", "MAC"))
    for number, (login, mac, port, mode) in enumerate(dresses):
        # Each is another service with the same device or port: then only the database can tell.
        named = login if number % 12 == 0 else f"{login}{number}"
        RadiusDecision.objects.filter(subscription=services.service()).update(
            login=named, mac=mac, circuit_hex=port[0], remote_hex=port[1], mode=mode,
            replies={"mikrotik": {"Filter-Id": "x"}},
        )  # fmt: skip
        logins.append(named)
    # Whose login is this one's device is in conflict with him.
    RadiusDecision.objects.filter(subscription=services.service()).update(
        login="owner", mac="bb" * 6, mode="MAC", replies={"mikrotik": {"Filter-Id": "x"}}
    )
    return logins


def expanded(query: str, who: str, *, password: str = "1", decided_at: int = 0) -> str:
    """As FreeRADIUS expands it."""
    values = {
        "%{control:Bill-Asked}": as_rlm_sql_writes(who),
        "%{Bill-Password}": password,
        "%{Client-Shortname}": NAS,
        "%{%{Bill-Decided-At}:-0}": str(decided_at),
        "%%": "%",
    }
    for place, value in values.items():
        query = query.replace(place, value)
    assert "%{" not in query
    return query


def lines(rows: list[tuple[str, ...]]) -> list[str]:
    """Attributes and values but for the last part of Class."""
    return sorted(re.sub(r"(s:\d+:)[0-9a-f]{8}$", r"\1", f"{row[2]}\t{row[3]}") for row in rows)


@pytest.fixture
def file(tmp_path: Path, known: list[str]) -> Iterator[sqlite3.Connection]:
    keeper = standby.Keeper(folder=tmp_path, now=lambda: 4_000_000_000)
    keeper.step()
    with closing(sqlite3.connect(keeper.path)) as opened:
        yield opened
    keeper.close()


def test_it_says_what_the_database_says(
    file: sqlite3.Connection, query: str, known: list[str]
) -> None:
    usual = 0
    with connection.cursor() as cursor:
        for login, station, port in itertools.product(known, STATIONS, PORTS):
            who = asked(Identity(login, "", *port, has_password=True), station)
            rows = file.execute(expanded(query, who)).fetchall()
            cursor.execute("SELECT radius.authorize(%s, %s, '1')", [NAS, as_rlm_sql_writes(who)])
            (said,) = cursor.fetchone()
            if said.startswith("Bill-Fast-Password\t"):
                usual += 1
                assert rows, (login, station, port)
            if rows:
                texts = [line.split("\t", 1) for line in said.split("\n")]
                assert "Bill-Verdict" not in {name for name, _value in texts}, (login, station)
                told = [("", "", name.replace("Weighed", "Password"), v) for name, v in texts]
                assert lines(rows) == lines(told), (login, station, port)
    assert usual > 20


def test_without_a_password_or_after_another_decision_it_says_nothing(
    file: sqlite3.Connection, query: str, known: list[str]
) -> None:
    who = asked(Identity("a1", "", "", "", has_password=True), "")
    counts = [
        len(file.execute(expanded(query, who, password=password, decided_at=at)).fetchall())
        for password, at in (("1", 0), ("", 0), ("1", 3_999_999_998), ("1", 3_999_999_999))
    ]
    assert [count > 0 for count in counts] == [True, False, True, False]
