"""`manage.py render_raddb --out DIR`: FreeRADIUS' configuration from Geobill's settings."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from network import echoes, factor_sources, fastpath, live_queries, standby
from network.radius.configuration import (
    STANDBY,
    AskedDriver,
    BadConfigurationError,
    DhcpPlace,
    RadiusSettings,
    RadsecPlace,
    RedisPlace,
    check,
    write,
)
from network.radius.sources import Sources
from network.vendors import generic

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Command(BaseCommand):
    """Write the configuration folder; with --check let FreeRADIUS read it."""

    help = "Write FreeRADIUS' configuration (secrets inside: files are 0600)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Everything but --out comes from the settings."""
        parser.add_argument("--out", required=True, type=Path, help="folder of the configuration")
        parser.add_argument("--run-dir", type=Path, help="logs, pid file, buffered accounting")
        parser.add_argument("--host", default=settings.GEOBILL_RADIUS_HOST)
        parser.add_argument("--auth-port", type=int, default=settings.GEOBILL_RADIUS_AUTH_PORT)
        parser.add_argument("--acct-port", type=int, default=settings.GEOBILL_RADIUS_ACCT_PORT)
        parser.add_argument("--rest-port", type=int, default=settings.GEOBILL_RADIUS_REST_PORT)
        parser.add_argument("--status-port", type=int, default=settings.GEOBILL_RADIUS_STATUS_PORT)
        parser.add_argument("--client-lifetime", type=int, default=300, metavar="SECONDS")
        parser.add_argument(
            "--accounting",
            choices=("stream", "rest"),
            default=settings.GEOBILL_RADIUS_ACCOUNTING,
            help="where accounting goes: the Redis stream, or packet by packet to the REST group",
        )
        parser.add_argument("--path", default=settings.GEOBILL_RADIUS_PATH, help="rest or fast")
        parser.add_argument("--dhcp-host", default="", help="answer DHCP relays on this address")
        parser.add_argument("--dhcp-mask", default="255.255.255.0", help="mask that clients get")
        parser.add_argument("--dhcp-lease", type=int, default=300, metavar="SECONDS")
        parser.add_argument("--radsec-cert", type=Path, help="answer BRASes over TLS: certificate")
        parser.add_argument("--radsec-key", type=Path, help="its key")
        parser.add_argument("--radsec-ca", type=Path, help="who signs the BRASes' certificates")
        parser.add_argument("--radsec-port", type=int, default=2083)
        parser.add_argument("--check", action="store_true", help="let FreeRADIUS check the result")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, check, say where."""
        wanted = RadiusSettings(
            out=options["out"].resolve(),
            run=(options["run_dir"] or settings.VAR_DIR / "freeradius").resolve(),
            host=options["host"],
            auth_port=options["auth_port"],
            acct_port=options["acct_port"],
            rest_port=options["rest_port"],
            status_port=options["status_port"],
            client_lifetime_s=options["client_lifetime"],
            token=settings.GEOBILL_RADIUS_REST_TOKEN,
            secret=settings.GEOBILL_RADIUS_SECRET,
            nas_networks=tuple(settings.GEOBILL_RADIUS_NAS_NETWORKS),
            redis=_redis_place() if options["accounting"] == "stream" else None,
            path=options["path"],
            database=_database(),
            dhcp=_dhcp_place(options),
            radsec=_radsec_place(options),
            echoed=tuple(echoes.in_use()),
            sources=_sources(),
            drivers=_drivers(),
            standby=settings.GEOBILL_RADIUS_STANDBY,
        )
        try:
            files = write(wanted)
            if options["check"]:
                check(wanted.out)
        except (BadConfigurationError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(files)} files in {wanted.out}")
        if wanted.standby and standby.standing(wanted.run / STANDBY) is None:
            self.stderr.write(
                f"keep_standby --run-dir {wanted.run} must run beside this FreeRADIUS, or"
                " GEOBILL_RADIUS_STANDBY=0: it does not remember usual log-ins itself"
            )


def _dhcp_place(options: dict[str, Any]) -> DhcpPlace | None:
    if not options["dhcp_host"]:
        return None
    return DhcpPlace(
        host=options["dhcp_host"], mask=options["dhcp_mask"], lease_s=options["dhcp_lease"]
    )


def _radsec_place(options: dict[str, Any]) -> RadsecPlace | None:
    files = [options[f"radsec_{name}"] for name in ("cert", "key", "ca")]
    if not any(files):
        return None
    if not all(files):
        raise CommandError("RadSec needs all of --radsec-cert, --radsec-key and --radsec-ca")
    certificate, key, ca = (path.resolve() for path in files)
    brases = tuple(one.address for one in live_queries.servers() if one.retired_at is None)
    port = options["radsec_port"]
    return RadsecPlace(certificate=certificate, key=key, ca=ca, brases=brases, port=port)


def _sources() -> Sources:
    """Where MAC and Option 82 are; the usual places while the database cannot be asked."""
    try:
        return factor_sources.read()
    except Error:
        return Sources()


def _drivers() -> tuple[AskedDriver, ...]:
    """Drivers whose BRASes are asked for less than all; none while the database is away."""
    try:
        return tuple(
            AskedDriver(
                code=one.code,
                elsewhere=tuple(factor_sources.elsewhere_of(one)),
                echoed=tuple(echoes.told_by(one)),
            )
            for one in fastpath.drivers_in_use()
            if one.code != generic.DRIVER.code
        )
    except Error:
        return ()


def _redis_place() -> RedisPlace:
    return RedisPlace(
        host=settings.GEOBILL_ACCOUNTING_REDIS_HOST,
        port=settings.GEOBILL_ACCOUNTING_REDIS_PORT,
        database=settings.GEOBILL_REDIS_ACCOUNTING_DB,
        password=settings.GEOBILL_ACCOUNTING_REDIS_PASSWORD,
    )


def _database() -> tuple[tuple[str, str], ...]:
    """PostgreSQL as FreeRADIUS reaches it, in its own role: by its Unix socket, if there is one."""
    entry = settings.DATABASES["default"]
    host, folder = str(entry["HOST"]), settings.GEOBILL_DB_SOCKETS
    if folder and host in LOOPBACK and Path(folder, f".s.PGSQL.{entry['PORT']}").exists():
        host = folder
    return (
        ("host", host),
        ("port", str(entry["PORT"])),
        ("dbname", str(entry["NAME"])),
        ("user", settings.GEOBILL_DB_USERS["radius"]),
        ("password", settings.GEOBILL_DB_PASSWORDS["radius"]),
    )
