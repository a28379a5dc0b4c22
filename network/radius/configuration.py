"""Writes FreeRADIUS' configuration folder from the templates in `network/raddb/`.

Places in templates are `@NAME@`. Values are checked, not escaped: what FreeRADIUS' own language
could take for more than text is refused.
"""

import ipaddress
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[1] / "raddb"
OPTIONAL = ".optional"
SHAREDIRS = ("/usr/share/freeradius", "/opt/freeradius/share/freeradius")
LIBDIRS = ("/usr/lib/freeradius", "/usr/lib64/freeradius", "/opt/freeradius/lib")
FILE_MODE, FOLDER_MODE = 0o600, 0o700
_PLACE = re.compile(r"@([A-Z_]+)@")
_SAFE_SECRET = re.compile(r"[A-Za-z0-9._~+/=:,-]{8,200}\Z")
_UNSAFE_PATH = re.compile(r"[\"'$%\\{}\n]")


class BadConfigurationError(ValueError):
    """A value cannot stand in FreeRADIUS' configuration, or FreeRADIUS refuses the whole."""


@dataclass(frozen=True, slots=True)
class RadiusSettings:
    """All that the templates need. `status_port` 0: no listener for a monitor.

    A BRAS is asked for again after `client_lifetime_s`.
    """

    out: Path
    run: Path
    host: str
    auth_port: int
    acct_port: int
    rest_port: int
    token: str
    secret: str
    nas_networks: tuple[str, ...]
    status_port: int = 0
    client_lifetime_s: int = 300


def write(wanted: RadiusSettings) -> list[Path]:
    """Write the folder, replacing what an earlier run left; gives the files. All are mode 0600."""
    values = _values(wanted)
    templates = [path for path in sorted(TEMPLATES.rglob("*")) if path.is_file()]
    chosen = [path for path in templates if path.suffix != OPTIONAL or wanted.status_port]
    _clear(wanted.out)
    written = []
    for template in chosen:
        place = str(template.relative_to(TEMPLATES)).removesuffix(OPTIONAL)
        target = wanted.out / place
        _make_folder(target.parent)
        _write_private(target, _filled(template.read_text(encoding="utf-8"), values))
        written.append(target)
    for name in ("log", "accounting", "run"):
        _make_folder(wanted.run / name)
    return written


def check(out: Path) -> None:
    """`freeradius -C`: BadConfigurationError with its words when it refuses the folder."""
    binary = shutil.which("freeradius", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if binary is None:
        raise BadConfigurationError("freeradius is not installed")
    done = subprocess.run(  # noqa: S603 (a list of words, no shell)
        [binary, "-C", "-l", "stdout", "-d", str(out)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BadConfigurationError(done.stdout + done.stderr)


def _values(wanted: RadiusSettings) -> dict[str, str]:
    for name, text in (("token", wanted.token), ("secret", wanted.secret)):
        if not _SAFE_SECRET.match(text):
            raise BadConfigurationError(f"the {name} must be 8 to 200 of A-Z a-z 0-9 . _ ~ + / = -")
    for path in (wanted.out, wanted.run):
        if _UNSAFE_PATH.search(str(path)):
            raise BadConfigurationError(f"{path} has a sign that FreeRADIUS' language means")
    host = wanted.host if wanted.host == "*" else str(ipaddress.ip_address(wanted.host))
    return {
        "OUT": str(wanted.out),
        "RUN": str(wanted.run),
        "LIBDIR": _first_folder(LIBDIRS),
        "SHAREDIR": _first_folder(SHAREDIRS),
        "HOST": host,
        "AUTH_PORT": str(wanted.auth_port),
        "ACCT_PORT": str(wanted.acct_port),
        "REST_PORT": str(wanted.rest_port),
        "STATUS_PORT": str(wanted.status_port),
        "TOKEN": wanted.token,
        "SECRET": wanted.secret,
        "CLIENT_NETWORKS": "\n".join(
            _client_network(one, lifetime_s=wanted.client_lifetime_s) for one in wanted.nas_networks
        ),
    }


def _client_network(text: str, *, lifetime_s: int) -> str:
    """One network of dynamic clients. FreeRADIUS refuses a single address here."""
    network = ipaddress.ip_network(text, strict=False)
    if network.prefixlen == network.max_prefixlen:
        network = network.supernet()
    name = re.sub(r"[^0-9a-f]", "_", str(network))
    return (
        f"client net_{name} {{\n\tipaddr = {network}\n\tdynamic_clients = clients\n"
        f"\tlifetime = {lifetime_s}\n}}"
    )


def _filled(text: str, values: dict[str, str]) -> str:
    return _PLACE.sub(lambda place: values[place[1]], text)


def _first_folder(candidates: Iterable[str]) -> str:
    for one in candidates:
        if Path(one).is_dir():
            return one
    raise BadConfigurationError(f"FreeRADIUS is not installed: none of {list(candidates)} is there")


def _clear(out: Path) -> None:
    """Remove what an earlier run wrote, and nothing else."""
    _make_folder(out)
    for name in ("mods", "mods-config", "policy", "sites"):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in ("radiusd.conf", "clients.conf", "dictionary"):
        (out / name).unlink(missing_ok=True)


def _make_folder(path: Path) -> None:
    path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
