"""`payments`: credits over HTTP, one ratio for each protocol family.

Each request is a new payment of one of 2,000 accounts with a service that is paid for today:
insert, journal of the ledger, events, journal of messages, one commit. Floor: a view of the same
server with one INSERT and commit.
"""

import itertools
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django.db import connection

from billing.ledger import operations as ledger
from billing.ledger import verification
from billing.payments import operations as payments
from billing.payments.models import Payment
from billing.subscriptions.models import Subscription
from project.core import clock
from project.core.actor import SYSTEM
from tests.bench._harness import Result, bench_database, in_turn, note, run
from tests.bench._server import Call, rate, web_server
from tests.support import zones
from tests.support.billing import admin_unit

ACCOUNTS = 2_000
ROUNDS = 5
SECONDS = 4.0
CLIENTS = 4
CALLS = 3_000
FIRST_CODE = 200_000
XML = (("Content-Type", "text/xml; charset=utf-8"),)

_number = itertools.count(1)


def terminal(key: int, account: int) -> Call:
    """F1: iBox."""
    query = f"command=pay&txn_id={key}&account={account}&sum=1.50&txn_date=20260315123045"
    return Call(f"/pay/ibox/bench?{query}")


def envelope(key: int, account: int) -> Call:
    """F2: Platezhka."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><commandCall><login>bench</login><password>bench'
        f"</password><command>pay</command><transactionID>{key}</transactionID><payTimestamp>"
        f"20260315123045</payTimestamp><payID>{key}</payID><payElementID>17</payElementID>"
        f"<account>{account}</account><amount>150</amount></commandCall>"
    )
    return Call("/pay/platezhka/bench", raw=body.encode(), headers=XML)


def debt(key: int, account: int) -> Call:
    """F3: monobank's debt JSON."""
    payment = {"companyCode": "1", "serviceCode": "101", "paymentId": key, "amount": 1.5}
    document: dict[str, Any] = {
        "createdAt": "2026-03-15T12:30:45.123456",
        "trackingId": key,
        "account": str(account),
        "payments": [payment],
    }
    return Call("/pay/monobank/bench/api/v1/debt/payment", raw=json.dumps(document).encode())


FAMILIES: dict[str, Callable[[int, int], Call]] = {
    "f1_terminal_get": terminal,
    "f2_xml_envelope": envelope,
    "f3_json_bill": debt,
}


def build() -> None:
    """Accounts with a service each, and a merchant account of each family's provider."""
    at = clock.now() - timedelta(days=1)
    ledger.ensure_partitions(
        from_date=at.date().replace(day=1), until_date=at.date() + timedelta(days=62)
    )
    building = zones.building(5, 5, admin_unit("Харків"))
    ids = [
        ledger.open_account(
            at=at, code=str(FIRST_CODE + n), kind="SUBSCRIBER", holder_name="Клієнт"
        )
        for n in range(ACCOUNTS)
    ]
    Subscription.objects.bulk_create(
        Subscription(
            account_id=account,
            state="ACTIVE",
            building=building,
            network_type="GPON",
            created_at=at,
            activated_date=at.date(),
            charged_until=at.date() + timedelta(days=30),
        )
        for account in ids
    )
    for provider, settings in (
        ("ibox", {}),
        ("platezhka", {"login": "bench", "password": "bench"}),
        ("monobank", {}),
    ):
        payments.open_merchant(
            at=at, actor=SYSTEM, provider=provider, slug="bench", title="ISP", settings=settings
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_subscription")


def calls(make: Callable[[int, int], Call]) -> Sequence[Call]:
    """New payments, each with a number of its own."""
    return [
        make(number, FIRST_CODE + number % ACCOUNTS) for number in itertools.islice(_number, CALLS)
    ]


def measure(scale: float) -> Result:
    """Each family in turn against the floor."""
    result = Result("payments")
    seconds = max(1.0, SECONDS * min(1.0, scale))
    with bench_database("payments") as name:
        build()
        with web_server(name) as server:
            port = int(server.url.rsplit(":", 1)[1])
            bare = [Call("/bench/insert")]
            for family, make in FAMILIES.items():

                def ours(make: Callable[[int, int], Call] = make) -> float:
                    asked = [calls(make) for _ in range(CLIENTS)]
                    return rate(port, calls_of=lambda n: asked[n], clients=CLIENTS, seconds=seconds)

                def floor() -> float:
                    return rate(port, calls_of=lambda _n: bare, clients=CLIENTS, seconds=seconds)

                ratio, mine, below = in_turn(ours=ours, floor=floor, rounds=ROUNDS)
                note(f"{family}: {mine:.0f} a second, floor {below:.0f}")
                result.ratios[family] = ratio
                result.figures[f"{family}_per_s"] = round(mine)
                result.figures["floor_per_s"] = round(below)
        credited = Payment.objects.filter(state="CONFIRMED").count()
        assert credited > 0, "nothing was credited"
        problems = verification.verify().problems
        assert not problems, problems[:3]
        result.figures["credited"] = credited
    return result


if __name__ == "__main__":
    run(__doc__ or "", measure)
