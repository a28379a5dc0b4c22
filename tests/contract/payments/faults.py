"""Faults that every provider's incoming protocol must bear; its tests give an `Incoming`.

Requests go through Django's whole stack (the test client), on a real database; those that need
several connections at once run in threads.
"""

import base64
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection, connections, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger import verification
from billing.payments import giving_back, merchants
from billing.payments import operations as payments
from billing.payments.models import MerchantAccount, Payment, PaymentEvent, PaymentMessage
from project.core import clock
from project.core.actor import SYSTEM
from tests.vectors import world
from tests.vectors.adapter import Sent
from tests.vectors.files import Folder

FOLDER = Folder(Path(__file__).resolve().parents[3] / "fixtures" / "payments")
ACCOUNT, OTHER_ACCOUNT = "100500", "100501"
START_KOPECKS, PAID_KOPECKS = -15_025, 12_550
AT_ONCE = 20
SECRET_WORDS = ("password", "secret")


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    content_type: str
    body: bytes


@dataclass
class Incoming:
    """How a provider pays, in its own words.

    `pay(key, account, amount_text)` is the request that credits 125.50 hryvnias when the amount is
    `amount`; `is_ok(answer)` reads the answer's own code; `in_own_form` says whether an answer is
    of the provider's form at all. `spoil` breaks the signature, where there is one. `prepare` is a
    request that has to come before: `pay` then gets the reference of its answer.
    """

    provider: str
    settings: dict[str, Any]
    pay: Callable[..., Sent]
    is_ok: Callable[[Answered], bool]
    in_own_form: Callable[[Answered], bool]
    amount: Any
    other_amount: Any
    key: Any
    spoil: Callable[[Sent], Sent] | None = None
    prepare: Callable[..., Sent] | None = None
    reference_of: Callable[[Answered], str] | None = None
    repeat_is_ok: bool = True
    hostile_bodies: tuple[bytes, ...] = ()
    rules: dict[str, Any] = field(default_factory=dict)


BASIC = {"basic_user": "bank", "basic_password": "fixture-basic-password"}


def with_basic(incoming: Incoming) -> Incoming:
    """A protocol that signs nothing, with the HTTP Basic that may be agreed for it."""

    def header(user: str) -> dict[str, str]:
        pair = f"{user}:{BASIC['basic_password']}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def pay(*told: Any) -> Sent:
        sent = incoming.pay(*told)
        return replace(sent, headers={**sent.headers, **header(BASIC["basic_user"])})

    return replace(
        incoming,
        settings={**incoming.settings, **BASIC},
        pay=pay,
        spoil=lambda sent: replace(sent, headers={**sent.headers, **header("another")}),
    )


HOSTILE: tuple[bytes, ...] = (
    b"",
    b"\x00\xff\xfe",
    b"<",
    b"<a>" * 100 + b"</a>" * 100,
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    b'<!DOCTYPE a [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><a>&b;&b;&b;</a>',
    b'<?xml version="1.0" encoding="no-such"?><a/>',
    b"{",
    b"[]",
    b'{"a":1,"a":2}',
    b'{"payload":"e30"}',
    b'{"amount":NaN}',
    b'{"amount":1e999999}',
    b"[" * 5_000,
    b"data=%00&data=1",
    b"xml=" + b"%3C" * 1000,
    b"a=1&" * 300,
    "тіло".encode(),
)


class Provider:
    """A merchant account of the fixtures, and requests to it."""

    def __init__(self, incoming: Incoming) -> None:
        world.build(FOLDER)
        self.incoming = incoming
        self.merchant_id = payments.open_merchant(
            at=FOLDER.now,
            actor=SYSTEM,
            provider=incoming.provider,
            slug="faults",
            title="ISP",
            settings=incoming.settings,
            **incoming.rules,
        )
        found = ledger_queries.subscriber_with_balance(code=ACCOUNT)
        assert found is not None
        self.account_id = found.id

    def send(self, sent: Sent, *, remote: str = "192.0.2.7") -> Answered:
        """One request; an exception inside the view is not let through, as in production."""
        client = Client(raise_request_exception=False)
        path, _, query = sent.path_suffix.partition("?")
        headers = dict(sent.headers)
        kind = next((v for k, v in headers.items() if k.lower() == "content-type"), "text/plain")
        extra: dict[str, Any] = {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in headers.items()
            if name.lower() != "content-type"
        }
        answer = client.generic(
            sent.method,
            f"/pay/{self.incoming.provider}/faults{path}",
            sent.body,
            content_type=kind,
            QUERY_STRING=query,
            REMOTE_ADDR=remote,
            **extra,
        )
        return Answered(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)

    def paying(self, key: Any = None, account: str = ACCOUNT, amount: Any = None) -> Sent:
        """The request that credits; announced first where the protocol has two phases."""
        incoming = self.incoming
        key = incoming.key if key is None else key
        amount = incoming.amount if amount is None else amount
        if incoming.prepare is None:
            return incoming.pay(key, account, amount)
        assert incoming.reference_of is not None
        announced = self.send(incoming.prepare(key, account, amount))
        return incoming.pay(incoming.reference_of(announced))

    @property
    def balance(self) -> int:
        """Kopecks on the account."""
        return ledger_queries.balance_kopecks(account_id=self.account_id)

    def books_are_right(self) -> None:
        """All invariants of the ledger and of payments."""
        problems = verification.verify().problems
        assert not problems, problems


def check_credit_and_duplicate(provider: Provider) -> None:
    """Paid once, told twice: one credit; the same answer where the protocol says so."""
    request = provider.paying()
    first = provider.send(request)
    assert provider.incoming.is_ok(first), first
    assert provider.balance == START_KOPECKS + PAID_KOPECKS
    second = provider.send(request)
    assert provider.incoming.in_own_form(second)
    assert provider.incoming.is_ok(second) == provider.incoming.repeat_is_ok, second
    assert provider.balance == START_KOPECKS + PAID_KOPECKS
    assert Payment.objects.filter(state="CONFIRMED").count() == 1
    provider.books_are_right()


def check_changed_amount(provider: Provider) -> None:
    """Another amount under the same id: refused, nothing credited, people are told."""
    incoming = provider.incoming
    provider.send(provider.paying())
    changed = incoming.prepare or incoming.pay
    answer = provider.send(changed(incoming.key, ACCOUNT, incoming.other_amount))
    assert incoming.in_own_form(answer)
    assert not incoming.is_ok(answer), answer
    assert provider.balance == START_KOPECKS + PAID_KOPECKS
    assert PaymentEvent.objects.filter(kind="CONFLICT").count() == 1
    provider.books_are_right()


def check_concurrent_duplicates(provider: Provider) -> None:
    """Twenty at once: one credit; whoever was not the first waits and is told the same."""
    request = provider.paying()
    answers: list[Answered] = []
    gate = threading.Barrier(AT_ONCE)

    def one() -> None:
        try:
            gate.wait(timeout=30)
            answers.append(provider.send(request))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(answers) == AT_ONCE
    assert all(provider.incoming.in_own_form(answer) for answer in answers)
    good = sum(1 for answer in answers if provider.incoming.is_ok(answer))
    assert good == (AT_ONCE if provider.incoming.repeat_is_ok else 1)
    assert provider.balance == START_KOPECKS + PAID_KOPECKS
    assert Payment.objects.filter(state="CONFIRMED").count() == 1
    provider.books_are_right()


def check_wrong_address(provider: Provider) -> None:
    """From outside of the networks: refused in the provider's form, whatever the header says."""
    request = provider.paying()
    payments.change_merchant(
        at=FOLDER.now,
        actor=SYSTEM,
        merchant_id=provider.merchant_id,
        networks=["198.51.100.0/24"],
    )
    headers = {**request.headers, "X-Forwarded-For": "198.51.100.9"}
    answer = provider.send(replace(request, headers=headers))
    assert provider.incoming.in_own_form(answer)
    assert not provider.incoming.is_ok(answer)
    assert provider.balance == START_KOPECKS
    assert provider.incoming.is_ok(provider.send(request, remote="198.51.100.9"))
    provider.books_are_right()


def check_bad_signature(provider: Provider) -> None:
    """A signature (or log-in) that does not hold: refused, not credited; the journal says why."""
    assert provider.incoming.spoil is not None
    answer = provider.send(provider.incoming.spoil(provider.paying()))
    assert provider.incoming.in_own_form(answer)
    assert not provider.incoming.is_ok(answer)
    assert provider.balance == START_KOPECKS
    last = PaymentMessage.objects.latest("id")
    assert last.result in ("BAD_SIGNATURE", "WRONG_ADDRESS")
    assert last.reason
    provider.books_are_right()


def check_hostile_bodies(provider: Provider) -> None:
    """What is no message of the provider at all: its own form, never 500, nothing credited."""
    like = provider.paying()
    for body in (*HOSTILE, *provider.incoming.hostile_bodies):
        spoiled = (
            replace(like, body=body)
            if like.body
            else replace(like, path_suffix=_path(like) + "?" + quote(body[:2000]))
        )
        for sent in (spoiled, Sent("GET", _path(like) + "?a=%ff&a=%00", {}, b"")):
            answer = provider.send(sent)
            assert answer.status < 500, (body, answer)
            assert provider.incoming.in_own_form(answer), (body, answer)
    for method in ("PUT", "DELETE", "HEAD"):
        assert provider.send(replace(like, method=method)).status < 500
    assert provider.balance == START_KOPECKS
    provider.books_are_right()


def _path(sent: Sent) -> str:
    return sent.path_suffix.partition("?")[0]


def check_secrets_are_masked(provider: Provider) -> None:
    """No secret of the merchant account stands in the journal."""
    provider.send(provider.paying())
    secrets = [
        str(value)
        for name, value in provider.incoming.settings.items()
        if any(word in name for word in SECRET_WORDS) and value
    ]
    for message in PaymentMessage.objects.all():
        text = f"{message.request_body}{message.reply_body}{message.request_headers}"
        assert not any(secret in text for secret in secrets)
        assert message.duration_us > 0
    sealed = bytes(MerchantAccount.objects.get(id=provider.merchant_id).secrets_encrypted)
    assert not any(secret.encode() in sealed for secret in secrets)


def check_replay(provider: Provider, monkeypatch: Any) -> None:
    """The very bytes once more, weeks later, and again after the money went back: no new credit."""
    request = provider.paying()
    assert provider.incoming.is_ok(provider.send(request))
    monkeypatch.setattr(clock, "now", lambda: FOLDER.now + timedelta(days=40))
    ledger.ensure_partitions(
        from_date=FOLDER.now.date(), until_date=FOLDER.now.date() + timedelta(days=70)
    )
    assert provider.incoming.in_own_form(provider.send(request))
    assert provider.balance == START_KOPECKS + PAID_KOPECKS
    with transaction.atomic():
        giving_back.give_back(
            Payment.objects.select_for_update().get(state="CONFIRMED"),
            merchant=merchants.get(merchant_id=provider.merchant_id),
            told_kopecks=None,
            key="",
            reason="replay",
            at=clock.now(),
            actor=SYSTEM,
        )
    assert provider.incoming.in_own_form(provider.send(request))
    assert provider.balance == START_KOPECKS
    assert not Payment.objects.filter(state="CONFIRMED").exists()
    provider.books_are_right()


def fuzz(provider: Provider, *, examples: int = 40) -> None:
    """Messages like a real one with parts replaced, cut, doubled: answered, never 500, and at most
    the one credit that the true message makes.
    """
    like = provider.paying()
    where = like.body if like.body else like.path_suffix.partition("?")[2].encode()

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(
        start=st.integers(0, len(where)),
        length=st.integers(0, 40),
        put=st.one_of(
            st.binary(max_size=40),
            st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace")),
            st.sampled_from([b"", b"-1", b"0", b"1e9", b"99999999999999999999", b"%00", b"\x00"]),
        ),
    )
    def one(start: int, length: int, put: bytes) -> None:
        spoiled = where[:start] + put + where[start + length :]
        sent = (
            replace(like, body=spoiled)
            if like.body
            else replace(like, path_suffix=f"{_path(like)}?{spoiled.decode('latin-1')}")
        )
        answer = provider.send(sent)
        assert answer.status < 500, (sent, answer)
        assert provider.incoming.in_own_form(answer), (sent, answer)

    one()
    assert Payment.objects.filter(account_id=provider.account_id, state="CONFIRMED").count() <= (
        examples
    )
    by_key: Mapping[str, int] = _credits_by_key()
    assert all(count == 1 for count in by_key.values())
    provider.books_are_right()


def _credits_by_key() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT external_id, count(*) FROM billing_payment WHERE state = 'CONFIRMED'"
            " GROUP BY external_id"
        )
        return dict(cursor.fetchall())


def standing_clock(monkeypatch: Any) -> None:
    """All requests come at the moment of the fixtures, or a second after."""
    monkeypatch.setattr(clock, "now", lambda: FOLDER.now + timedelta(seconds=1))
