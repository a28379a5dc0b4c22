"""`payments`: messages of payment systems over HTTP, one ratio for each protocol family.

Each request is a new payment of one of 2,000 accounts with a service that is paid for today:
insert, journal of the ledger, events, journal of messages, one commit. Those of F4 and F5 tell of
an order of ours that a client has begun, signed over what they say; one of F6 is a register of
a payment that is there, compared with it. Floor: a view of the same server with one INSERT and
commit.
"""

import base64
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection, transaction

from billing.ledger import operations as ledger
from billing.ledger import verification
from billing.payments import crediting, merchants, recipes
from billing.payments import operations as payments
from billing.payments.calls import Pay
from billing.payments.models import MerchantAccount, Payment, ProviderRegisterRow
from billing.payments.providers import moneyua
from billing.subscriptions.models import ChargeState, Subscription
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
CALLS = 1_500
ORDERS = CALLS * CLIENTS * (ROUNDS + 1)
FIRST_CODE = 200_000
KNOWN = 2_000
XML = (("Content-Type", "text/xml; charset=utf-8"),)
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
SECRET = "bench"
_KEY = ec.generate_private_key(ec.SECP256R1())
KEY_PEM = _KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()
PUBLIC_PEM = _KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)

# Orders as a checkout leaves them: the n-th is of the account that the n-th message names.
_ORDERS = """
WITH made AS (
    INSERT INTO billing_payment
        (account_id, channel, merchant_id, endpoint, space, request_hash, account_code,
         service_code, amount_kopecks, told_kopecks, gross_kopecks, fee_kopecks, refunded_kopecks,
         told_back_kopecks, state, paid_at, created_at, created_by, comment, details, order_number)
    SELECT a.id, %(channel)s, %(merchant)s, %(client)s, '', '', a.code, '', 150, 150, 150, 0, 0,
           0, 'CREATED', now(), now(), 'bench', '', '{}', n::text
    FROM generate_series(1, %(orders)s) AS n
    JOIN ledger_account AS a ON a.code = (%(first)s + n %% %(accounts)s)::text
    RETURNING id, order_number
)
INSERT INTO billing_payment_attempt
    (payment_id, client, state, provider_ref, url, fields, created_at, sent_at, error)
SELECT id, %(client)s, 'SENT', 'inv' || order_number, '', '[]', now(), now(), '' FROM made
"""


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


def result_form(key: int, account: int) -> Call:
    """F4: Money.ua's result of an order, with its digest."""
    fields = {
        "RETURN_MERCHANT": "1",
        "RETURN_ADDVALUE": str(account),
        "RETURN_CLIENTORDER": str(key),
        "RETURN_AMOUNT": "150",
        "RETURN_COMISSION": "0",
        "RETURN_UNIQ_ID": str(key),
        "TEST_MODE": "0",
        "PAYMENT_DATE": "2026-03-15 12:30:45",
        "RETURN_RESULT": moneyua.SUCCESS,
    }
    signed = [fields[name] for name in moneyua.SIGNED_RESULT]
    fields["RETURN_HASH"] = recipes.md5_concat([*signed, SECRET, moneyua.SUCCESS], separator=":")
    return Call("/pay/moneyua/bench/result", raw=urlencode(fields).encode(), headers=FORM)


def webhook(key: int, account: int) -> Call:
    """F5: monobank's webhook of an invoice, with the bank's ECDSA signature."""
    document = {
        "invoiceId": f"inv{key}",
        "status": "success",
        "amount": 150,
        "ccy": 980,
        "finalAmount": 150,
        "createdDate": "2026-03-15T10:30:00Z",
        "modifiedDate": "2026-03-15T10:31:00Z",
        "reference": str(key),
    }
    body = json.dumps(document).encode()
    sign = recipes.ecdsa_sign(body, KEY_PEM)
    return Call("/pay/monobank/bench/webhook", raw=body, headers=(("X-Sign", sign),))


def register(key: int, account: int) -> Call:
    """F6: Portmone's PAY_ORDERS, a bank transfer with the payment that is in it."""
    body = (
        f"<PAY_ORDERS><PAY_ORDER><PAY_ORDER_ID>{key}</PAY_ORDER_ID><PAY_ORDER_DATE>2026-03-16"
        "</PAY_ORDER_DATE><PAY_ORDER_AMOUNT>1.50</PAY_ORDER_AMOUNT><PAYEE><CODE>1</CODE></PAYEE>"
        f"<BILLS><BILL><BILL_ID>{1 + key % KNOWN}</BILL_ID><PAY_DATE>2026-03-15</PAY_DATE>"
        f"<PAYED_AMOUNT>1.50</PAYED_AMOUNT><PAYER><CONTRACT_NUMBER>{FIRST_CODE}"
        "</CONTRACT_NUMBER></PAYER></BILL></BILLS></PAY_ORDER></PAY_ORDERS>"
    )
    return Call("/pay/portmone/bench", raw=urlencode({"data": body}).encode(), headers=FORM)


def known_bills() -> None:
    """Payments that Portmone's registers will name."""
    merchant = merchants.find(provider="portmone", slug="bench")
    assert merchant is not None
    at, space = clock.now(), merchant.provider.endpoints[0].space
    for number in range(KNOWN):
        with transaction.atomic():
            crediting.pay(
                Pay(account=str(FIRST_CODE), amount_kopecks=150, key=str(1 + number)),
                merchant=merchant, endpoint="bill", space=space, at=at, actor=SYSTEM,
            )  # fmt: skip


FAMILIES: dict[str, Callable[[int, int], Call]] = {
    "f1_terminal_get": terminal,
    "f2_xml_envelope": envelope,
    "f3_json_bill": debt,
    "f4_form_callback": result_form,
    "f5_invoice_webhook": webhook,
    "f6_register": register,
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
        )
        for account in ids
    )
    ChargeState.objects.update(charged_until=at.date() + timedelta(days=30))
    for provider, settings in (
        ("ibox", {}),
        ("platezhka", {"login": "bench", "password": "bench"}),
        ("monobank", {"public_key": base64.b64encode(PUBLIC_PEM).decode()}),
        ("moneyua", {"merchant_info": "1", "secret": SECRET}),
        ("portmone", {}),
    ):
        payments.open_merchant(
            at=at, actor=SYSTEM, provider=provider, slug="bench", title="ISP", settings=settings
        )
    with connection.cursor() as cursor:
        for provider, client in (("moneyua", "form"), ("monobank", "acquiring")):
            names = {
                "channel": provider.upper(),
                "merchant": MerchantAccount.objects.get(provider=provider).id,
                "client": client,
                "orders": ORDERS,
                "first": FIRST_CODE,
                "accounts": ACCOUNTS,
            }
            cursor.execute(_ORDERS, names)
        cursor.execute("ANALYZE")
    known_bills()


def calls(make: Callable[[int, int], Call], numbers: Iterator[int]) -> Sequence[Call]:
    """New payments of a family, each with a number of its own."""
    return [
        make(number, FIRST_CODE + number % ACCOUNTS) for number in itertools.islice(numbers, CALLS)
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
                numbers = itertools.count(1)

                def ours(
                    make: Callable[[int, int], Call] = make, numbers: Iterator[int] = numbers
                ) -> float:
                    asked = [calls(make, numbers) for _ in range(CLIENTS)]
                    return rate(port, calls_of=lambda n: asked[n], clients=CLIENTS, seconds=seconds)

                def floor() -> float:
                    return rate(port, calls_of=lambda _n: bare, clients=CLIENTS, seconds=seconds)

                ratio, mine, below = in_turn(ours=ours, floor=floor, rounds=ROUNDS)
                note(f"{family}: {mine:.0f} a second, floor {below:.0f}")
                result.ratios[family] = ratio
                result.figures[f"{family}_per_s"] = round(mine)
                result.figures["floor_per_s"] = round(below)
        credited = Payment.objects.filter(state="CONFIRMED").count()
        for provider in ("ibox", "platezhka", "monobank", "moneyua"):
            paid = Payment.objects.filter(merchant__provider=provider, state="CONFIRMED")
            assert paid.exists(), f"nothing was credited by {provider}"
        outcomes = set(ProviderRegisterRow.objects.values_list("outcome", flat=True).distinct())
        assert outcomes == {"MATCHED"}, outcomes
        problems = verification.verify().problems
        assert not problems, problems[:3]
        result.figures["credited"] = credited
    return result


if __name__ == "__main__":
    run(__doc__ or "", measure)
