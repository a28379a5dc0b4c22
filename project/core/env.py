"""Settings from the environment.

Every setting of Geobill that a person may change is an environment variable called `GEOBILL_…`.
A secret may also be given as a file (`GEOBILL_SECRET_KEY_FILE=/run/secrets/key`), which is how
Docker, systemd and Kubernetes hand secrets over; a secret in the environment is visible to every
child process.
"""

import os
import secrets
from pathlib import Path

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})


class BadEnvironmentError(ValueError):
    """An environment variable has a value that can't be understood; the text names the variable."""


def envstr(name: str, default: str = "") -> str:
    """The variable's text without surrounding spaces, or `default` when it is not set at all."""
    value = os.environ.get(name)
    return default if value is None else value.strip()


def envbool(name: str, default: bool = False) -> bool:
    """True for 1, true, yes, on; false for 0, false, no, off and the empty string.

    Anything else is refused, because `GEOBILL_DEBUG=flase` must not quietly mean true.
    """
    value = os.environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise BadEnvironmentError(f"{name} must be 1 or 0, not {value!r}")


def envint(name: str, default: int) -> int:
    """The variable as a whole number; not set, or set to nothing, is `default`."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise BadEnvironmentError(f"{name} must be a whole number, not {value!r}") from error


def envlist(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A comma-separated list; spaces around the parts and empty parts are dropped."""
    value = os.environ.get(name)
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def envsecret(name: str, *, file: Path | None = None, generate: bool = False) -> str:
    """A secret from `NAME`, else from the file named by `NAME_FILE`, else from `file`.

    With `generate` a missing `file` is filled with fresh random text (mode 0600), so that a first
    start needs no preparation and later starts see the same secret. Without any source the answer
    is "".
    """
    value = os.environ.get(name, "").strip()
    if value:
        return value
    named_file = os.environ.get(f"{name}_FILE", "").strip()
    if named_file:
        return _read_secret(Path(named_file), name)
    if file is None:
        return ""
    if generate and not file.exists():
        _write_secret_once(file)
    return _read_secret(file, name) if file.exists() else ""


def load_defaults(path: Path) -> None:
    """Take `NAME=value` lines of a file as defaults: what the environment says wins.

    `./run` keeps the ports that it chose in such a file, so that a command started by hand in the
    same folder reaches the same database.
    """
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith("#"):
            os.environ.setdefault(name.strip(), value.strip())


def _read_secret(path: Path, name: str) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadEnvironmentError(f"{name}: the file {path} can't be read: {error}") from error
    if not text:
        raise BadEnvironmentError(f"{name}: the file {path} is empty")
    return text


def _write_secret_once(path: Path) -> None:
    """Create the file whole or not at all: of two processes that start together, one wins.

    The text is written under another name and linked, so no reader ever sees a half-written secret.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(secrets.token_urlsafe(48) + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
