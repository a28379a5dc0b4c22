"""What ./run decides in Python: ports, and the supervisor's configuration."""

import configparser
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from project.process import orphans, ports, programs


def test_a_port_that_somebody_holds_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*ports.DEFAULTS_TCP, *ports.DEFAULTS_UDP]:
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        busy = held.getsockname()[1]
        chosen = ports.choose(saved={"GEOBILL_PG_PORT": busy}, keep=False)
        assert chosen["GEOBILL_PG_PORT"] > busy
        kept = ports.choose(saved={"GEOBILL_PG_PORT": busy}, keep=True)
        assert kept["GEOBILL_PG_PORT"] == busy
    assert len(set(chosen.values())) == len(chosen)


def test_a_port_of_the_environment_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOBILL_WEB_PORT", "8080")
    assert ports.choose(saved={"GEOBILL_WEB_PORT": 8123}, keep=True)["GEOBILL_WEB_PORT"] == 8080


def test_looking_for_a_port_ends() -> None:
    with pytest.raises(ports.NoFreePortError):
        ports.next_free(1000, taken=set(), free=lambda _: False)


def read(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=None, strict=True)
    parser.read_string(text)
    return parser


def test_the_supervisor_gets_every_part_and_starts_only_the_data_by_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GEOBILL_WEB_PORT", "8000")
    monkeypatch.setenv("GEOBILL_RADIUS_REST_PORT", "8001")
    monkeypatch.setenv("GEOBILL_SIMULATOR_PORT", "8090")
    (tmp_path / "raddb").mkdir()
    (tmp_path / "raddb" / "radiusd.conf").touch()
    (tmp_path / "demo-payments.txt").write_text("monobank platon")
    (tmp_path / "demo-bras.txt").write_text("BRAS Демо")
    parts = programs.data_programs(var=tmp_path, pgbin=Path("/pg/bin"), pgdata=Path("/pg/data"))
    parts += programs.app_programs(var=tmp_path)
    conf = read(programs.configuration(var=tmp_path, programs=parts))
    names = {name.removeprefix("program:") for name in conf.sections() if "program:" in name}
    assert {
        "postgres",
        "redis",
        "web",
        "radius-rest",
        "beat",
        "freeradius",
        "simulator",
        "bras",
    } <= names
    by_itself = {name for name in names if conf[f"program:{name}"]["autostart"] == "true"}
    assert by_itself == {"postgres", "redis"}
    assert set(conf["group:data"]["programs"].split(",")) == by_itself
    assert set(conf["group:app"]["programs"].split(",")) == names - by_itself


@pytest.mark.parametrize("told", ["", "7"])
def test_so_many_processes_tell_access_servers_of_changes_as_the_setting_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str
) -> None:
    monkeypatch.setenv("GEOBILL_WEB_PORT", "8000")
    monkeypatch.setenv("GEOBILL_RADIUS_REST_PORT", "8001")
    monkeypatch.setenv("GEOBILL_NETWORK_WORKERS", told)
    by_name = {one.name: one for one in programs.app_programs(var=tmp_path)}
    command = by_name["worker-network"].command
    assert command[command.index("--concurrency") + 1] == (told or "4")


def test_words_with_spaces_and_percent_signs_survive_the_supervisors_parser() -> None:
    assert programs.quoted('a b%c"d') == '"a b%%c\\"d"'


def test_a_deep_folder_gets_a_short_socket_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    short = programs.control_socket(Path("/srv/geobill/var"))
    assert short == Path("/srv/geobill/var/run/supervisor.sock")
    deep = programs.control_socket(Path("/srv") / ("x" * 120))
    assert deep.is_relative_to(tmp_path)


def test_only_processes_with_our_mark_are_found(tmp_path: Path) -> None:
    waiting = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]

    def start(mark: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            waiting,
            env={**os.environ, "GEOBILL_SUPERVISED": mark},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        return process

    ours, other = start(str(tmp_path)), start(str(tmp_path) + "-other")
    try:
        assert orphans.marked_processes(str(tmp_path)) == [ours.pid]
    finally:
        for process in (ours, other):
            process.communicate()
