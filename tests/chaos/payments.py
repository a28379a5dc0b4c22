"""`./run chaos payments`: kill -9 of the web and of the database under a stream of callbacks.

Four senders play providers: each payment is sent until it is answered in the provider's own words
as done, with growing delays, as providers do; some are sent twice for no reason. Meanwhile the
web's processes, or the whole database server, are killed at random moments and started again. At
the end:

* each payment that was sent is credited exactly once, and the sum credited is the sum sent
* `ledger_verify` in full, with the invariants of payments
"""

import argparse
import http.client
import os
import random
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import timedelta

import django

from tests.chaos._cluster import Cluster, private_cluster

ACCOUNTS = 40
SENDERS = 4
VICTIMS = ("web", "database")
LONGEST_WAIT_S = 120.0
FIRST_CODE = 300_001


class LossError(Exception):
    """Something was lost, doubled or does not add up."""


def require(is_so: bool, said: str) -> None:
    """Raise LossError unless it is so."""
    if not is_so:
        raise LossError(said)


@dataclass
class Stream:
    """What the senders have sent and heard."""

    port: int
    seed: int
    stop: threading.Event = field(default_factory=threading.Event)
    sent: dict[str, tuple[int, int]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    tries: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    failed: list[str] = field(default_factory=list)

    def run(self, number: int) -> None:
        """One sender: payment after payment, each until it is done."""
        chance = random.Random(f"{self.seed}-{number}")
        for serial in range(1_000_000):
            if self.stop.is_set():
                return
            key = str(10_000_000 * (number + 1) + serial)
            account, kopecks = FIRST_CODE + chance.randrange(ACCOUNTS), chance.randrange(100, 9_999)
            with self.lock:
                self.sent[key] = (account, kopecks)
            if not self._until_done(key, account, kopecks, chance):
                self.failed.append(key)
                return
            with self.lock:
                self.done.add(key)
            if chance.random() < 0.2:
                self._once(key, account, kopecks, is_terminal=number % 2 == 0)

    def _until_done(self, key: str, account: int, kopecks: int, chance: random.Random) -> bool:
        deadline, delay = time.monotonic() + LONGEST_WAIT_S, 0.02
        while time.monotonic() < deadline:
            if self._once(key, account, kopecks, is_terminal=int(key[0]) % 2 == 1):
                return True
            time.sleep(delay * chance.uniform(0.5, 1.5))
            delay = min(delay * 2, 1.0)
        return False

    def _once(self, key: str, account: int, kopecks: int, *, is_terminal: bool) -> bool:
        """Whether the answer says, in the provider's words, that the payment is done."""
        with self.lock:
            self.tries += 1
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            if is_terminal:
                amount = f"{kopecks // 100}.{kopecks % 100:02d}"
                line.request(
                    "GET",
                    f"/pay/ibox/chaos?command=pay&txn_id={key}&account={account}&sum={amount}",
                )
            else:
                body = (
                    "<commandCall><login>chaos</login><password>chaos</password>"
                    f"<command>pay</command><transactionID>{self.tries}</transactionID>"
                    "<payTimestamp>20260315123045</payTimestamp>"
                    f"<payID>{key}</payID><payElementID>1</payElementID>"
                    f"<account>{account}</account><amount>{kopecks}</amount></commandCall>"
                )
                line.request("POST", "/pay/platezhka/chaos", body, {"Content-Type": "text/xml"})
            answer = line.getresponse()
            text = answer.read()
            require(answer.status != 500, f"500 was answered: {text[:200]!r}")
            return b"<result>0</result>" in text
        except LossError as error:
            self.failed.append(str(error))
            return True
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()


def main() -> int:
    """Run the rounds; 0 when nothing was lost in any of them."""
    parser = argparse.ArgumentParser(description="Kill the web and the database under callbacks")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of another time")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**9)
    print(f"chaos payments: {options.rounds} rounds, --seed {seed}", flush=True)
    with private_cluster() as cluster:
        os.environ.update(cluster.env, DJANGO_SETTINGS_MODULE="tests.chaos.settings")
        django.setup()
        try:
            _rounds(cluster, rounds=options.rounds, seed=seed)
        except LossError as error:
            print(f"LOST: {error}; repeat with --seed {seed}", flush=True)
            return 1
    print("nothing was lost and nothing doubled", flush=True)
    return 0


def _seed() -> None:
    """Accounts, and a merchant account at two providers."""
    from billing.ledger import operations as ledger
    from billing.payments import operations as payments
    from project.core import clock
    from project.core.actor import SYSTEM

    at = clock.now() - timedelta(days=1)
    ledger.ensure_partitions(
        from_date=at.date().replace(day=1), until_date=at.date() + timedelta(days=62)
    )
    for number in range(ACCOUNTS):
        ledger.open_account(
            at=at, code=str(FIRST_CODE + number), kind="SUBSCRIBER", holder_name="Клієнт"
        )
    for provider, settings in (
        ("ibox", {}),
        ("platezhka", {"login": "chaos", "password": "chaos"}),
    ):
        payments.open_merchant(
            at=at, actor=SYSTEM, provider=provider, slug="chaos", title="ISP", settings=settings
        )


def _rounds(cluster: Cluster, *, rounds: int, seed: int) -> None:
    from django.db import connection

    from project.process import programs
    from tests.bench._server import POOL, web_server
    from tests.support.stack import http_answers, kill_group

    _seed()
    connection.close()
    chance = random.Random(seed)
    with web_server("geobill", settings_module="project.settings.production") as server:
        port = int(server.url.rsplit(":", 1)[1])
        stream = Stream(port, seed)
        senders = [threading.Thread(target=stream.run, args=(n,)) for n in range(SENDERS)]
        for sender in senders:
            sender.start()
        try:
            for number in range(1, rounds + 1):
                victim = VICTIMS[number % 2] if number <= 2 else chance.choice(VICTIMS)
                time.sleep(chance.uniform(0.3, 2.5))
                begin, before = time.monotonic(), len(stream.done)
                if victim == "database":
                    cluster.kill()
                    time.sleep(chance.uniform(0.0, 1.0))
                    cluster.start()
                else:
                    process = server.processes.pop("web")
                    kill_group(process.pid)
                    process.wait()
                    time.sleep(chance.uniform(0.0, 1.0))
                    server.start(programs.web(host="127.0.0.1", port=port, workers=2, pool=POOL))
                server.wait_for("web", http_answers(server.url + "/readyz"))
                print(
                    f"  round {number}: the {victim} killed; answers again after"
                    f" {time.monotonic() - begin:.2f} s; {before} payments done so far",
                    flush=True,
                )
        finally:
            stream.stop.set()
            for sender in senders:
                sender.join(timeout=LONGEST_WAIT_S + 30)
        require(not stream.failed, f"never answered: {stream.failed[:5]}")
        _look(stream)


def _look(stream: Stream) -> None:
    """The books, by the verifier and by what was sent."""
    from billing.ledger import queries, verification
    from billing.payments.models import Payment

    rows = Payment.objects.filter(state="CONFIRMED").values_list(
        "external_id", "account_code", "amount_kopecks"
    )
    credited: dict[str, tuple[int, int]] = {}
    for key, account, kopecks in rows:
        require(key not in credited, f"payment {key} was credited twice")
        credited[str(key)] = (int(account), kopecks)
    require(credited == stream.sent, f"{len(credited)} credited, {len(stream.sent)} sent")
    codes = {str(account) for account, _kopecks in stream.sent.values()}
    found = [queries.find_account(code=code) for code in sorted(codes)]
    stands = sum(queries.balances(account_ids=[one.id for one in found if one]).values())
    wanted = sum(kopecks for _account, kopecks in stream.sent.values())
    require(stands == wanted, f"balances sum to {stands}, sent was {wanted}")
    problems = verification.verify().problems
    require(not problems, "; ".join(str(problem) for problem in problems[:5]))
    print(
        f"  {len(credited)} payments of {wanted / 100:.2f} UAH in {stream.tries} requests: credited"
        " each once",
        flush=True,
    )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit(1))
    sys.exit(main())
