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

from network.radius import echo, raddb_sources
from network.radius.sources import NO_MORE, Sources

TEMPLATES = Path(__file__).resolve().parents[1] / "raddb"
# A template with one of these endings is written, without it, only where it is wanted.
STATUS, STREAM, REST, DHCP, TLS = ".optional", ".stream", ".rest", ".dhcp", ".tls"
FILE, MEMORY = ".file", ".memory"
SUFFIXES = (STATUS, STREAM, REST, DHCP, TLS, FILE, MEMORY)
STREAM_NAME = "geobill:accounting"
CLOSED_NAME = "geobill:closed"
SHAREDIRS = ("/usr/share/freeradius", "/opt/freeradius/share/freeradius")
LIBDIRS = ("/usr/lib/freeradius", "/usr/lib64/freeradius", "/opt/freeradius/lib")
PATHS = ("rest", "fast")
RADSEC_SECRET = "radsec"  # noqa: S105 (RFC 6614, 2.3: one that everybody knows, TLS protects)
ECHO_VALUES = 4
# Where a packet came from: each BRAS is a client of one address, and is called by it
# (sites/clients). To print the address anew would cost a hundredth of each answer to accounting.
SOURCE = "%{Client-Shortname}"
SPOOL, SPOOL_FILES = "spool", 32  # of a FreeRADIUS: the folder, and how many files it writes
EACH = "each"  # templates that are written once for each driver, into places of others
AS_OCTETS = """
# Text for everybody else; here only passed on, and octets are printed in one step.
ATTRIBUTE	Acct-Session-Id		44	octets
ATTRIBUTE	NAS-Port-Id		87	octets
"""
STANDBY, STANDBY_FILE = "standby", "answers.db"  # of a FreeRADIUS: network.standby
STANDBY_FRESH_S = 86_400
PGPASS = "pgpass"
FILE_MODE, FOLDER_MODE = 0o600, 0o700
_PLACE = re.compile(r"@([A-Z_]+)@")
_SAFE_SECRET = re.compile(r"[A-Za-z0-9._~+/=:,-]{8,200}\Z")
_SAFE_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}\Z")
_SAFE_VALUE = re.compile(r"[A-Za-z0-9._~+/=:@,-]*\Z")
_SAFE_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}\Z")
_SAFE_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}(?::[0-9]{1,2})?\Z")
_UNSAFE_PATH = re.compile(r"[\"'$%\\{}\n]")


class BadConfigurationError(ValueError):
    """A value cannot stand in FreeRADIUS' configuration, or FreeRADIUS refuses the whole."""


@dataclass(frozen=True, slots=True)
class RedisPlace:
    """The Redis that takes accounting. No password: ""."""

    host: str
    port: int
    database: int
    password: str


@dataclass(frozen=True, slots=True)
class DhcpPlace:
    """Where FreeRADIUS answers DHCP relays (IPv4), and what it tells beside an address."""

    host: str
    port: int = 67
    mask: str = "255.255.255.0"
    lease_s: int = 300


@dataclass(frozen=True, slots=True)
class RadsecPlace:
    """Where BRASes are answered over TLS (RFC 6614). Files in PEM: our certificate with its chain,
    its key, and the authority that has signed the certificates of the BRASes (`brases`: addresses).
    """

    certificate: Path
    key: Path
    ca: Path
    brases: tuple[str, ...]
    port: int = 2083


@dataclass(frozen=True, slots=True)
class AskedDriver:
    """What accounting of BRASes with this driver may have beside what all have: attributes with MAC
    or Option 82, and those that tell what is applied, with their types.
    """

    code: str
    elsewhere: tuple[str, ...]
    echoed: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RadiusSettings:
    """All that the templates need. `status_port` 0: no listener for a monitor.

    A BRAS is asked for again after `client_lifetime_s`. With `redis` accounting goes to the spool,
    without it packet by packet to the REST group. `path`: who is asked first,
    "rest" or "fast"; `database` is PostgreSQL's connection as FreeRADIUS' own role; `echoed` are
    attributes of accounting with their types (`network.echoes.in_use`), `sources` where MAC and
    Option 82 are. With `standby` usual answers are in a file for outages, else in memory. BRASes of
    one of `drivers` have a server of their own, which asks less of a packet.
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
    redis: RedisPlace | None = None
    path: str = "rest"
    database: tuple[tuple[str, str], ...] = ()
    dhcp: DhcpPlace | None = None
    radsec: RadsecPlace | None = None
    echoed: tuple[tuple[str, str], ...] = ()
    sources: Sources = NO_MORE
    standby: bool = True
    drivers: tuple[AskedDriver, ...] = ()


def write(wanted: RadiusSettings) -> list[Path]:
    """Write the folder, replacing what an earlier run left; gives the files. All are mode 0600."""
    values = _values(wanted)
    templates = [
        path for path in sorted(TEMPLATES.rglob("*")) if path.is_file() and path.parent.name != EACH
    ]
    left_out = {STREAM if wanted.redis is None else REST, MEMORY if wanted.standby else FILE}
    if not wanted.status_port:
        left_out.add(STATUS)
    if wanted.dhcp is None:
        left_out.add(DHCP)
    if wanted.radsec is None:
        left_out.add(TLS)
    chosen = [path for path in templates if path.suffix not in left_out]
    _clear(wanted.out)
    written = []
    for template in chosen:
        place = template.relative_to(TEMPLATES)
        target = wanted.out / (place.with_suffix("") if place.suffix in SUFFIXES else place)
        _make_folder(target.parent)
        _write_private(target, _filled(template.read_text(encoding="utf-8"), values))
        written.append(target)
    if wanted.database:
        written.append(wanted.out / PGPASS)
        _write_private(written[-1], _password_line(dict(wanted.database)))
    for name in ("log", "accounting", "run", SPOOL, STANDBY):
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
    if str(wanted.run).startswith("/dev/"):
        raise BadConfigurationError(
            f"{wanted.run}: below /dev/ FreeRADIUS does not lock what it writes, and loses lines"
        )
    host = wanted.host if wanted.host == "*" else str(ipaddress.ip_address(wanted.host))
    return {
        "OUT": str(wanted.out),
        "RUN": str(wanted.run),
        "LIBDIR": _first_folder(LIBDIRS),
        "SHAREDIR": _first_folder(SHAREDIRS),
        "HOST": host,
        "STRANGER": _stranger(host),
        "SOURCE": SOURCE,
        "AS_OCTETS": AS_OCTETS.rstrip() if wanted.redis else "",
        "AUTH_PORT": str(wanted.auth_port),
        "ACCT_PORT": str(wanted.acct_port),
        "REST_PORT": str(wanted.rest_port),
        "STATUS_PORT": str(wanted.status_port),
        **_redis_values(wanted.redis),
        **_dhcp_values(wanted.dhcp, wanted.nas_networks),
        **_radsec_values(wanted.radsec),
        "TOKEN": wanted.token,
        "SECRET": wanted.secret,
        "PATH": _path(wanted.path),
        "STANDBY": str(wanted.run / STANDBY / STANDBY_FILE),
        "IN_FILE": "USUAL" if wanted.standby else "none",
        "STANDBY_FRESH": str(STANDBY_FRESH_S),
        "DATABASE": _database(wanted.database, out=wanted.out),
        **raddb_sources.places(wanted.sources),
        "ECHO": "\n".join(one for name, kind in wanted.echoed if (one := _echo(name, kind))),
        **_driver_values(wanted),
        "CLIENT_NETWORKS": "\n".join(
            _client_network(one, lifetime_s=wanted.client_lifetime_s) for one in wanted.nas_networks
        ),
    }


def _driver_values(wanted: RadiusSettings) -> dict[str, str]:
    """The server of each driver and its way of accounting; only where accounting is one line."""
    usual = AskedDriver("", tuple(raddb_sources.elsewhere(wanted.sources)), wanted.echoed)
    drivers = [one for one in wanted.drivers if _SAFE_CODE.match(one.code)] if wanted.redis else []
    way = (TEMPLATES / EACH / "accounting").read_text(encoding="utf-8")
    return {
        "ACCOUNTING_WAYS": "\n".join(_filled(way, _questions(one)) for one in (usual, *drivers)),
        "DRIVER_SERVERS": "".join(
            f"\nserver geobill_{one.code} {{\n\t$INCLUDE ${{confdir}}/server/sections\n\n"
            f"\taccounting {{\n\t\tbill_accounting_{one.code}\n\t}}\n}}\n"
            for one in drivers
        ),
        "DRIVER_CLIENTS": "".join(
            f'\t\t\tif (&control:Bill-Driver && (&control:Bill-Driver == "{one.code}")) {{\n'
            "\t\t\t\tupdate control {\n"
            f'\t\t\t\t\t&FreeRADIUS-Client-Virtual-Server := "geobill_{one.code}"\n'
            "\t\t\t\t}\n\t\t\t}\n"
            for one in drivers
        ),
    }


def _questions(driver: AskedDriver) -> dict[str, str]:
    elsewhere = [f"&{name}" for name in driver.elsewhere if _SAFE_ATTRIBUTE.match(name)]
    echoed = [f"&{_found(name)}" for name, kind in driver.echoed if _echo(name, kind)]
    return {
        "OF": f"_{driver.code}" if driver.code else "",
        "ANY": " || ".join((*elsewhere, *echoed)) or "&Bill-Echo",
        "ANY_ELSEWHERE": "".join(f"{one} || " for one in elsewhere),
        "SOURCE": SOURCE,
    }


def _stranger(host: str) -> str:
    """Expansion of where a packet came from while nobody knows whose it is. A listener has packets
    of one family; nobody has to look for the other.
    """
    versions = {4, 6} if host == "*" else {ipaddress.ip_address(host).version}
    names = {4: "Packet-Src-IP-Address", 6: "Packet-Src-IPv6-Address"}
    return "".join(f"%{{{names[version]}}}" for version in sorted(versions))


def _dhcp_values(place: DhcpPlace | None, relays: Iterable[str]) -> dict[str, str]:
    if place is None:
        return {}
    names = [(ipaddress.ip_network(one, strict=False), at) for at, one in enumerate(relays)]
    return {
        "DHCP_HOST": str(ipaddress.IPv4Address(place.host)),
        "DHCP_PORT": str(place.port),
        "DHCP_MASK": str(ipaddress.IPv4Address(place.mask)),
        "DHCP_LEASE": str(int(place.lease_s)),
        "DHCP_CLIENTS": "\n".join(
            f"\tclient relay_{at} {{\n\t\tipaddr = {network}\n\t\tsecret = none\n"
            "\t\tdhcp = yes\n\t}"
            for network, at in names
            if network.version == 4
        ),
    }


def _radsec_values(place: RadsecPlace | None) -> dict[str, str]:
    if place is None:
        return {}
    files = {"KEY": place.key, "CERTIFICATE": place.certificate, "CA": place.ca}
    for path in files.values():
        if _UNSAFE_PATH.search(str(path)):
            raise BadConfigurationError(f"{path} has a sign that FreeRADIUS' language means")
        if not path.is_file():
            raise BadConfigurationError(f"{path} is not there")
    return {
        **{f"RADSEC_{name}": str(path) for name, path in files.items()},
        "RADSEC_PORT": str(int(place.port)),
        "RADSEC_CLIENTS": "\n".join(
            f"\tclient radsec_{at} {{\n\t\tipaddr = {ipaddress.ip_address(one)}\n"
            f"\t\tshortname = {ipaddress.ip_address(one)}\n"
            f"\t\tproto = tls\n\t\tsecret = {RADSEC_SECRET}\n\t}}"
            for at, one in enumerate(place.brases)
        ),
    }


def _redis_values(place: RedisPlace | None) -> dict[str, str]:
    if place is None:
        return {}
    if not _SAFE_HOST.match(place.host):
        raise BadConfigurationError("the host of Redis must be a name or an address")
    if place.password and not _SAFE_SECRET.match(place.password):
        raise BadConfigurationError("the password of Redis must be like the token")
    return {
        "REDIS_HOST": place.host,
        "REDIS_PORT": str(place.port),
        "REDIS_DATABASE": str(place.database),
        "REDIS_PASSWORD_LINE": f'password = "{place.password}"' if place.password else "",
        "CLOSED": CLOSED_NAME,
        "SPOOL_FILES": "\n".join(_spool_file(number) for number in range(SPOOL_FILES)),
        "SPOOL_WAYS": "\n".join(f"\t\tspool_{number}" for number in range(SPOOL_FILES)),
    }


def _spool_file(number: int) -> str:
    """One file that FreeRADIUS writes a line a packet to. Opened and locked anew for each line by
    the module, so that the forwarder may put another in its place.
    """
    return (
        f"linelog spool_{number} {{\n"
        f'\tfilename = "${{localstatedir}}/{SPOOL}/{number}"\n'
        "\tpermissions = 0600\n\tescape_filenames = no\n"
        '\tformat = "%{Bill-Entry}"\n}'
    )


def _path(path: str) -> str:
    if path not in PATHS:
        raise BadConfigurationError(f"GEOBILL_RADIUS_PATH is one of {', '.join(PATHS)}")
    return path


def _database(pairs: Iterable[tuple[str, str]], *, out: Path) -> str:
    """libpq's connection string; a hung statement ends before FreeRADIUS gives it up.

    FreeRADIUS writes it into its log, so the password is in a file of its own.
    """
    for name, value in pairs:
        if not _SAFE_VALUE.match(value):
            raise BadConfigurationError(f"the database's {name} has a sign that cannot stand here")
    told = " ".join(f"{name}={value}" for name, value in pairs if value and name != "password")
    options = "-c statement_timeout=900 -c jit=off -c plan_cache_mode=force_generic_plan"
    passfile = f"passfile='{out / PGPASS}'"
    return f"{told} {passfile} application_name=freeradius options='{options}'"


def _password_line(place: dict[str, str]) -> str:
    """libpq's password file: host:port:database:user:password."""
    fields = (place.get(name, "") for name in ("host", "port", "dbname", "user", "password"))
    return ":".join(re.sub(r"([:\\\\])", r"\\\1", field) for field in fields) + "\n"


def _echo(name: str, kind: str) -> str:
    """One attribute's part of Bill-Echo: text as hex, numbers and addresses as they are."""
    if name in echo.IN_ENTRY and kind == "ipaddr":
        return ""  # the word has it in any case
    if not _SAFE_ATTRIBUTE.match(name) or ":" in name:
        raise BadConfigurationError(f"{name} is no attribute")
    if kind in {"string", "octets"}:
        values = "+".join(f"h%{{hex:&{name}[{place}]}}" for place in range(ECHO_VALUES))
    else:
        values = f"t%{{integer:&{name}}}" if kind == "integer" else f"t%{{{name}}}"
    return (
        f"\tif (&{_found(name)}) {{\n\t\tupdate request {{\n"
        f'\t\t\t&Bill-Echo := "%{{Bill-Echo}};{name}={values}"\n\t\t}}\n\t}}'
    )


def _found(name: str) -> str:
    """Where it is; of what the word has in any case only a second one is worth telling."""
    return f"{name}[1]" if name in echo.IN_ENTRY else name


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
    for name in ("mods", "mods-config", "policy", "server", "sites"):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in ("radiusd.conf", "clients.conf", "dictionary", PGPASS):
        (out / name).unlink(missing_ok=True)


def _make_folder(path: Path) -> None:
    path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
