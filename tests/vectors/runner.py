"""Running the vectors of a folder: a database and a web server of its own for each provider."""

import http.client
import http.server
import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from billing.payments import merchants
from billing.payments.gateway import Checkout
from tests.bench._server import web_server
from tests.support.databases import database_copy, django_uses
from tests.vectors import world
from tests.vectors.adapter import Adapter, Sent, StandInLink, wrong_form, wrong_request
from tests.vectors.fields import value_at, wrong_field
from tests.vectors.files import ALGORITHM, IN, Folder, Vector
from tests.vectors.world import Books

ADAPTERS = Path(__file__).resolve().parents[1] / "contract" / "payments"


@dataclass(frozen=True)
class Outcome:
    """How one vector went; `wrong` is "" when it holds."""

    vector: Vector
    wrong: str


@dataclass
class StandIn:
    """The provider's side of an outgoing vector: takes a request, answers what is canned."""

    url: str = ""
    status: int = 200
    content_type: str = "application/json"
    body: bytes = b""
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """A server on this machine for the time of the block."""
    canned = StandIn()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            canned.taken.append((self.command, self.path, self.rfile.read(length)))
            self.send_response(canned.status)
            self.send_header("Content-Type", canned.content_type)
            self.send_header("Content-Length", str(len(canned.body)))
            self.end_headers()
            self.wfile.write(canned.body)

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, *_arguments: object) -> None:
            """Nothing is said."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    canned.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield canned
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def adapter_of(provider: str) -> Adapter | None:
    """The adapter in `tests/contract/payments/<provider>/adapter.py`, if there is one."""
    if not (ADAPTERS / provider / "adapter.py").exists():
        return None
    made: Adapter = importlib.import_module(f"tests.contract.payments.{provider}.adapter").ADAPTER
    return made


def run_provider(folder: Folder, provider: str) -> list[Outcome]:
    """All vectors of one provider, in one database, over HTTP."""
    vectors = folder.vectors(provider)
    adapter = adapter_of(provider)
    if adapter is None:
        return [Outcome(vector, "there is no adapter for this provider") for vector in vectors]
    extra = {"GEOBILL_VECTORS_NOW": folder.now.isoformat()}
    with (
        database_copy(f"vectors_{provider}") as name,
        django_uses(name),
        web_server(
            name, workers=1, settings_module="tests.vectors.settings", extra=extra
        ) as server,
        stand_in() as canned,
    ):
        world.build(folder)
        run = Run(folder, adapter, int(server.url.rsplit(":", 1)[1]), canned)
        return [run.one(vector) for vector in vectors]


@dataclass
class Run:
    """The run of one provider."""

    folder: Folder
    adapter: Adapter
    port: int
    canned: StandIn
    answers: dict[str, bytes] = field(default_factory=dict)

    def one(self, vector: Vector) -> Outcome:
        """One vector."""
        try:
            if vector.direction == ALGORITHM:
                return Outcome(vector, self._algorithm(vector))
            merchant_id = self._merchant(vector)
            if vector.direction == IN:
                return Outcome(vector, self._incoming(vector, merchant_id))
            return Outcome(vector, self._outgoing(vector, merchant_id))
        except Exception as error:
            return Outcome(vector, f"{type(error).__name__}: {error}")

    def _merchant(self, vector: Vector) -> int:
        return world.merchant(
            provider=self.adapter.provider,
            settings=self.adapter.settings(vector, self.folder.keys),
            at=self.folder.now,
            # What goes out by itself (a key that is asked for anew) must not leave this machine.
            base_url=self.canned.url if vector.direction == IN else "",
        )

    def _algorithm(self, vector: Vector) -> str:
        told = self.adapter.algorithm(vector, self.folder.keys)
        wanted = vector.expected.get("key_fields") or {}
        wrong = [f"{n}: {told.get(n)!r}" for n, value in wanted.items() if told.get(n) != value]
        return "; ".join(wrong) if told else "nothing was computed"

    def _incoming(self, vector: Vector, merchant_id: int) -> str:
        self.adapter.before(vector, merchant_id, self.folder.now)
        before = Books.now()
        sent = self.adapter.sent(vector, self.answers, self.folder.keys)
        status, headers, body = self.send(sent)
        self.answers[vector.name] = body
        wrong = wrong_answer(vector, status, headers, body, self.answers)
        if vector.expected.get("must_not") and Books.now() != before:
            wrong.append(f"it did what it must not: {vector.expected['must_not']}")
        if not wrong and body:
            wrong.append(self.adapter.wrong_signature(vector, headers, body, self.folder.keys))
        return "; ".join(text for text in wrong if text)

    def send(self, sent: Sent) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case) and body of our answer."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            path = f"/pay/{self.adapter.provider}/{world.SLUG}{sent.path_suffix}"
            line.request(sent.method, path, sent.body or None, dict(sent.headers))
            answer = line.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read()
        finally:
            line.close()

    def _outgoing(self, vector: Vector, merchant_id: int) -> str:
        expected = vector.expected
        self.canned.status = int(expected.get("status") or 200)
        self.canned.content_type = expected.get("content_type") or "application/json"
        self.canned.body = str(expected.get("body_example") or "").encode()
        self.canned.taken.clear()
        merchant = merchants.get(merchant_id=merchant_id)
        link = StandInLink(merchant, self.folder.now, self.canned.url)
        self.adapter.link(vector, link)
        told = self.adapter.call(vector, merchant.view, link)
        if isinstance(told, Checkout) and not link.requests:
            return wrong_form(told, vector)
        if not link.requests:
            return "nothing was sent"
        wrong = wrong_request(link.requests[-1], vector)
        method, _path, body = self.canned.taken[-1]
        if not wrong and (method, body) != (vector.method, link.requests[-1].body):
            wrong = "what came to the stand-in is not what was sent"
        return wrong or self._wrong_canned(vector, told)

    def _wrong_canned(self, vector: Vector, told: object) -> str:
        body = str(vector.expected.get("body_example") or "").encode()
        wrong = []
        for path, wanted in (vector.expected.get("key_fields") or {}).items():
            if path.startswith("base64decode"):
                continue
            is_path = path.startswith(("$", "/", "len(", "payload"))
            value = value_at(body, path) if is_path else self.adapter.said(path, told)
            if text := wrong_field(value, wanted, {}):
                wrong.append(f"{path}: {text}")
        return "; ".join(wrong)


def wrong_answer(
    vector: Vector, status: int, headers: dict[str, str], body: bytes, earlier: dict[str, bytes]
) -> list[str]:
    """How our answer differs from what is expected."""
    wrong, expected = [], vector.expected
    if expected.get("status") and status != expected["status"]:
        wrong.append(f"status {status}, wanted {expected['status']}: {body[:200]!r}")
    wanted_type = (expected.get("content_type") or "").replace(" ", "").lower()
    told_type = headers.get("content-type", "").replace(" ", "").lower()
    if wanted_type and told_type != wanted_type:
        wrong.append(f"content type {told_type}, wanted {wanted_type}")
    for path, wanted in (expected.get("key_fields") or {}).items():
        try:
            text = wrong_field(value_at(body, path), wanted, earlier)
        except (ValueError, SyntaxError, KeyError) as error:
            text = f"cannot be read: {error}"
        if text:
            wrong.append(f"{path}: {text}")
    if wrong and body:
        wrong.append(f"answered {body[:300].decode('utf-8', 'replace')}")
    return wrong
