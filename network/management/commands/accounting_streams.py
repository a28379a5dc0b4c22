"""`manage.py accounting_streams`: how far accounting of each FreeRADIUS node is taken in."""

from argparse import ArgumentParser
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from network import progress, spool
from project.core import clock
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError

NAMELESS = "(before)"  # the one stream there was, whose name is not known yet


class Command(BaseCommand):
    """Lists the streams, and the spools that go to the Redis of this node. With --forget one of
    them is waited for no more: its node was taken away, or sends to another Redis now."""

    help = "Show how far accounting of each node is taken in; give up one that was taken away."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Names are as listed."""
        parser.add_argument("--forget", metavar="STREAM", help="a stream whose node is no more")
        parser.add_argument("--forget-spool", metavar="SPOOL", help="one that is sent here no more")

    def handle(self, *args: Any, **options: Any) -> None:
        """Forget what shall be, then say what is known."""
        client = redis.Redis.from_url(
            settings.GEOBILL_ACCOUNTING_REDIS_URL, socket_timeout=10, socket_connect_timeout=5
        )
        try:
            self._forget(options, client=client)
            spools = spool.spools(client=client)
        except DomainError as error:
            raise CommandError(str(error)) from error
        except redis.RedisError as error:
            if options["forget_spool"] is not None:
                raise CommandError(f"the Redis of this node: {error}") from error
            self.stderr.write(f"the Redis of this node: {error}")
            spools = {}
        for row, counts in progress.streams():
            until = f"{row.caught_up_at:%Y-%m-%d %H:%M:%S} UTC" if row.caught_up_at else "never"
            more = "" if counts else "; not told of for a day: not waited for"
            self.stdout.write(
                f"stream {row.name or NAMELESS}: read until {until} by {row.read_by}{more}"
            )
        for name, age_s in spools.items():
            more = "; silent for a day: not waited for" if age_s >= spool.GONE_S else ""
            self.stdout.write(f"spool {name}: all was sent {age_s} s ago{more}")

    def _forget(self, options: dict[str, Any], *, client: redis.Redis) -> None:
        stream, name = options["forget"], options["forget_spool"]
        if stream is not None:
            actor = Actor(kind=ActorKind.SYSTEM, label="accounting_streams")
            stream = progress.BEFORE if stream == NAMELESS else stream
            progress.forget(stream=stream, at=clock.now(), actor=actor)
        if name is not None and not spool.forget_spool(name, client=client):
            raise CommandError(f"no spool {name} is known in the Redis of this node")
