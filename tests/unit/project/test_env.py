"""Settings from the environment."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from project.core import env


@pytest.mark.parametrize(
    "word,meaning", [("1", True), ("yes", True), ("ON", True), ("0", False), ("", False)]
)
def test_a_switch_understands_the_usual_words(
    monkeypatch: pytest.MonkeyPatch, word: str, meaning: bool
) -> None:
    monkeypatch.setenv("GEOBILL_X", word)
    assert env.envbool("GEOBILL_X", default=not meaning) is meaning


def test_a_misspelt_switch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOBILL_DEBUG", "flase")
    with pytest.raises(env.BadEnvironmentError, match="GEOBILL_DEBUG"):
        env.envbool("GEOBILL_DEBUG")


def test_numbers_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEOBILL_N", " 42 ")
    monkeypatch.setenv("GEOBILL_L", "a, b,,c ")
    assert env.envint("GEOBILL_N", 1) == 42
    assert env.envint("GEOBILL_NOT_SET", 7) == 7
    assert env.envlist("GEOBILL_L") == ["a", "b", "c"]
    monkeypatch.setenv("GEOBILL_N", "many")
    with pytest.raises(env.BadEnvironmentError):
        env.envint("GEOBILL_N", 1)


def test_a_secret_comes_from_the_variable_then_the_named_file_then_the_kept_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept, named = tmp_path / "kept", tmp_path / "named"
    kept.write_text("from the kept file\n")
    named.write_text("from the named file\n")
    assert env.envsecret("GEOBILL_S", file=kept) == "from the kept file"
    monkeypatch.setenv("GEOBILL_S_FILE", str(named))
    assert env.envsecret("GEOBILL_S", file=kept) == "from the named file"
    monkeypatch.setenv("GEOBILL_S", "from the variable")
    assert env.envsecret("GEOBILL_S", file=kept) == "from the variable"


def test_a_named_file_that_cannot_be_read_is_an_error_and_not_an_empty_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GEOBILL_S_FILE", str(tmp_path / "absent"))
    with pytest.raises(env.BadEnvironmentError, match="GEOBILL_S"):
        env.envsecret("GEOBILL_S")


def test_processes_that_start_together_agree_on_a_generated_secret(tmp_path: Path) -> None:
    file = tmp_path / "secrets" / "key"
    with ThreadPoolExecutor(8) as pool:
        answers = set(
            pool.map(lambda _: env.envsecret("GEOBILL_S", file=file, generate=True), range(32))
        )
    assert len(answers) == 1
    assert len(answers.pop()) >= 48
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["key"]


def test_a_file_of_defaults_yields_to_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "ports.env"
    file.write_text("# ports\nGEOBILL_P1=1\nGEOBILL_P2=2\n")
    monkeypatch.setenv("GEOBILL_P1", "9")
    monkeypatch.setenv("GEOBILL_P2", "")
    monkeypatch.delenv("GEOBILL_P2")
    env.load_defaults(file)
    assert (env.envint("GEOBILL_P1", 0), env.envint("GEOBILL_P2", 0)) == (9, 2)
