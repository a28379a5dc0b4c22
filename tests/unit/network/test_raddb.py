"""The folder of FreeRADIUS' configuration as it is written."""

import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from network.radius import raddb_sources
from network.radius.configuration import (
    TEMPLATES,
    AskedDriver,
    BadConfigurationError,
    RadiusSettings,
    RedisPlace,
    write,
)
from network.radius.messages import MAYBE_OCTETS
from network.radius.sources import Sources

PASSWORD = "a:b-word~with+signs"


def wanted_in(folder: Path) -> RadiusSettings:
    return RadiusSettings(
        out=folder / "a folder",
        run=folder / "run",
        host="127.0.0.1",
        auth_port=1812,
        acct_port=1813,
        rest_port=8001,
        token="token-of-rest-group",
        secret="secret-of-bras",
        nas_networks=("127.0.0.0/8",),
        database=(
            ("host", "127.0.0.1"),
            ("port", "5432"),
            ("dbname", "geobill"),
            ("user", "geobill_radius"),
            ("password", PASSWORD),
        ),
    )


def test_the_password_of_the_database_is_in_no_file_that_the_server_tells_of(
    tmp_path: Path,
) -> None:
    """rlm_sql logs its connection string; libpq reads the password from a file of its own."""
    wanted = wanted_in(tmp_path)
    files = write(wanted)
    passfile = wanted.out / "pgpass"
    telling = [path for path in files if PASSWORD in path.read_text(encoding="utf-8")]
    assert telling == []
    line = "127.0.0.1:5432:geobill:geobill_radius:a\\:b-word~with+signs\n"
    assert passfile.read_text(encoding="utf-8") == line
    assert stat.S_IMODE(passfile.stat().st_mode) == 0o600
    assert f"passfile='{passfile}'" in (wanted.out / "mods" / "sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("run", ["/dev/shm/radius", "/srv/it's", "/srv/%{User-Name}"])
def test_a_place_where_lines_would_be_lost_or_read_otherwise_is_refused(
    tmp_path: Path, run: str
) -> None:
    with pytest.raises(BadConfigurationError, match=run[:5]):
        write(replace(wanted_in(tmp_path), run=Path(run)))
    assert not (tmp_path / "a folder").exists()


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("10.0.0.11", "%{Packet-Src-IP-Address}"),
        ("0.0.0.0", "%{Packet-Src-IP-Address}"),
        ("2001:db8::11", "%{Packet-Src-IPv6-Address}"),
        ("*", "%{Packet-Src-IP-Address}%{Packet-Src-IPv6-Address}"),
    ],
)
def test_a_stranger_is_looked_for_in_the_families_that_can_come(
    tmp_path: Path, host: str, wanted: str
) -> None:
    """Its client is called by the address; packets of one that is known are told by this name."""
    place = RedisPlace(host="127.0.0.1", port=6379, database=0, password="")
    settings = replace(wanted_in(tmp_path), host=host, redis=place)
    write(settings)
    asked = (settings.out / "mods" / "rest").read_text(encoding="utf-8")
    assert f"/radius/nas/{wanted}?format=json" in asked
    named = (settings.out / "sites" / "clients").read_text(encoding="utf-8")
    assert f'&FreeRADIUS-Client-Shortname := "{wanted}"' in named
    text = (settings.out / "policy" / "accounting").read_text(encoding="utf-8")
    assert text.count("|%{Client-Shortname}%{Class}|") == 2
    query = (settings.out / "mods" / "sql").read_text(encoding="utf-8")
    assert "EXECUTE bill ('%{Client-Shortname}', " in query


def test_text_that_is_only_passed_on_is_octets_where_accounting_is_a_line(tmp_path: Path) -> None:
    place = RedisPlace(host="127.0.0.1", port=6379, database=0, password="")
    for number, redis in enumerate((place, None)):
        folder = tmp_path / str(number)
        folder.mkdir()
        settings = replace(wanted_in(folder), redis=redis)
        write(settings)
        text = (settings.out / "dictionary").read_text(encoding="utf-8")
        names = re.findall(r"^ATTRIBUTE\t([\w-]+)\t+\d+\toctets$", text, re.MULTILINE)
        assert set(names) == (MAYBE_OCTETS if redis else set())


def test_a_regular_expression_reads_such_octets_as_text() -> None:
    """A driver may name them as the place of the MAC."""
    sources = Sources(macs=("NAS-Port-Id", "Calling-Station-Id"), circuits=("NAS-Port-Id=port",))
    told = raddb_sources.places(sources)
    assert '("%{string:&NAS-Port-Id}" =~ /^${policy.bill-mac-re}$/i)' in told["MAC_SOURCES"]
    assert "(&Calling-Station-Id =~ /" in told["MAC_SOURCES"]
    assert '("%{string:&NAS-Port-Id}" =~ /^port=(.+)$/)' in told["CIRCUIT_SOURCES"]


def test_what_policies_refer_to_stands_before_the_folder_is_read() -> None:
    """FreeRADIUS reads the files of a folder in the disk's order: none may wait for another."""
    head, _sep, _rest = (TEMPLATES / "radiusd.conf").read_text().partition("$INCLUDE policy/")
    used = {
        name
        for path in (TEMPLATES / "policy").iterdir()
        for name in re.findall(r"\$\{policy\.([\w-]+)\}", path.read_text())
    }
    assert used
    for name in used:
        assert f"\t{name} = " in head, name


MIKROTIK = AskedDriver("mikrotik", (), (("Filter-Id", "string"), ("Class", "octets")))
REDBACK = AskedDriver("redback_se", ("Mac-Addr", "Agent-Circuit-Id"), (("Framed-Pool", "string"),))
REDIS = RedisPlace("127.0.0.1", 6379, 3, "")


def questions(folder: Path, way: str) -> list[str]:
    """What a packet of accounting is asked first."""
    text = (folder / "policy" / "accounting").read_text(encoding="utf-8")
    found = re.search(rf"^{way} \{{\n\tif \(([^\n]*)\) \{{$", text, re.MULTILINE)
    assert found is not None
    return found[1].split(" || ")


def test_a_bras_is_asked_for_what_its_driver_names(tmp_path: Path) -> None:
    wanted = replace(
        wanted_in(tmp_path),
        redis=REDIS,
        drivers=(MIKROTIK, REDBACK, replace(MIKROTIK, code="odd'{code}")),
        echoed=(*MIKROTIK.echoed, *REDBACK.echoed),
    )
    write(wanted)
    out = wanted.out
    assert questions(out, "bill_accounting_mikrotik") == ["&Filter-Id", "&Class[1]"]
    assert questions(out, "bill_accounting_redback_se") == [
        "&Mac-Addr",
        "&Agent-Circuit-Id",
        "&Framed-Pool",
    ]
    # Of whose driver this server does not know anything may come.
    whatever = set(questions(out, "bill_accounting"))
    assert whatever > {"&Mac-Addr", "&Filter-Id", "&Class[1]", "&Framed-Pool", "&Cisco-AVPair"}
    site = (out / "sites" / "geobill").read_text(encoding="utf-8")
    servers = re.findall(r"^server (\S+) \{$", site, re.MULTILINE)
    assert servers == ["geobill", "geobill_mikrotik", "geobill_redback_se"]
    clients = (out / "sites" / "clients").read_text(encoding="utf-8")
    chosen = re.findall(r'Virtual-Server := "(\S+)"', clients)
    assert chosen == ["geobill_mikrotik", "geobill_redback_se"]
    assert "odd" not in site + clients


def test_without_the_stream_there_is_one_server(tmp_path: Path) -> None:
    wanted = replace(wanted_in(tmp_path), drivers=(MIKROTIK,))
    write(wanted)
    site = (wanted.out / "sites" / "geobill").read_text(encoding="utf-8")
    assert re.findall(r"^server (\S+) \{$", site, re.MULTILINE) == ["geobill"]


@pytest.mark.parametrize("standby", [True, False])
def test_usual_answers_are_in_the_file_or_in_memory(tmp_path: Path, standby: bool) -> None:
    wanted = replace(wanted_in(tmp_path), standby=standby)
    write(wanted)
    assert (wanted.out / "mods" / "sql_standby").exists() == standby
    policy = (wanted.out / "policy" / "standby").read_text(encoding="utf-8")
    assert ("sql_standby" in policy) == standby
    remember = (wanted.out / "policy" / "geobill").read_text(encoding="utf-8")
    assert ('Bill-Verdict == "USUAL")) {\n\t\tok' in remember) == standby
    assert stat.S_IMODE((wanted.run / "standby").stat().st_mode) == 0o700
