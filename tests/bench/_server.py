"""The web process of the product for measuring, and clients that keep it busy.

The server is the real one (granian, production settings, two workers, Redis, the run-time role);
`tests.benchserver.settings` only adds the floor's address beside ours, so that both are answered by
the same processes.
"""

import http.client
import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from project.process import programs
from tests.support.redis_server import private_redis
from tests.support.stack import Stack, environment, http_answers

WORKERS = 2
POOL = 10


@contextmanager
def web_server(
    database_name: str,
    *,
    workers: int = WORKERS,
    settings_module: str = "tests.benchserver.settings",
    extra: dict[str, str] | None = None,
) -> Iterator[Stack]:
    """The running web process on a database; `stack.url` is its address."""
    var = settings.VAR_DIR / f"bench-{os.getpid()}"
    logs = var / "logs"
    logs.mkdir(parents=True)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, var, ignore_errors=True)
        redis_port = undo.enter_context(private_redis())
        env = environment(var=var, database_name=database_name, redis_port=redis_port)
        env |= {"DJANGO_SETTINGS_MODULE": settings_module, **(extra or {})}
        for scope in ("BROWSE", "TILES"):
            env[f"GEOBILL_THROTTLE_{scope}"] = "10000000/min"
        port = int(env["GEOBILL_WEB_PORT"])
        server = Stack(
            url=f"http://127.0.0.1:{port}",
            radius_url="",
            radius_auth_port=0,
            radius_acct_port=0,
            radius_secret="",
            radius_rest_token="",
            redis_port=redis_port,
            database_name=database_name,
            var=var,
            logs=logs,
            env=env,
            unblock=nullcontext,
        )
        undo.callback(server.stop_all)
        server.start(programs.web(host="127.0.0.1", port=port, workers=workers, pool=POOL))
        server.wait_for("web", http_answers(server.url + "/readyz"))
        yield server


@dataclass(frozen=True)
class Call:
    """One request of a client: a POST when there is a body (`raw`: one that is not JSON)."""

    path: str
    body: dict[str, Any] | None = None
    raw: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def payload(self) -> bytes | None:
        """The body as it goes out."""
        return self.raw if self.body is None else json.dumps(self.body).encode()


def _client(port: int, calls: Sequence[Call], until: float, answers: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    prepared = [(call.path, call.payload, dict(call.headers)) for call in calls]
    done, place = 0, 0
    while time.monotonic() < until:
        path, payload, more = prepared[place % len(prepared)]
        place += 1
        headers = {"Content-Type": "application/json"} if payload is not None else {}
        headers |= more
        connection.request("POST" if payload is not None else "GET", path, payload, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            answers.put(RuntimeError(f"{path}: {answer.status}"))
            return
        done += 1
    answers.put(done)


def rate(
    port: int, *, calls_of: Callable[[int], Sequence[Call]], clients: int, seconds: float
) -> float:
    """Requests answered with 200 in a second, by so many clients in processes of their own."""
    context = multiprocessing.get_context("fork")
    answers: Any = context.Queue()
    begin = time.monotonic()
    until = begin + seconds
    processes = [
        context.Process(target=_client, args=(port, calls_of(number), until, answers))
        for number in range(clients)
    ]
    for process in processes:
        process.start()
    counts = [answers.get(timeout=seconds + 60) for _process in processes]
    for process in processes:
        process.join()
    for count in counts:
        if isinstance(count, Exception):
            raise count
    return sum(counts) / (time.monotonic() - begin)
