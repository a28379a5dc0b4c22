"""PUMB: its vectors, and what its bill protocol must bear."""

import json
from dataclasses import replace
from typing import Any

import pytest

from billing.payments import operations as payments
from billing.payments import recipes
from billing.payments.models import PaymentEvent, ProviderRegisterRow
from billing.payments.wire import documents
from project.core.actor import SYSTEM
from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import FOLDER, Answered, Incoming
from tests.contract.payments.pumb.adapter import BANK_KEY, HEADER, OUR_KEY
from tests.contract.payments.suite import SignedFaults
from tests.vectors.adapter import Sent

NOW = 1_773_570_645
KEY = "5f3d0a2e-0000-4000-8000-000000000101"


def signed(suffix: str, *, alg: str = "RS256", **payload: Any) -> Sent:
    header = recipes.b64url(documents.json_bytes({"alg": alg, "typ": "JWT"}))
    text = recipes.b64url(documents.json_bytes({"iat": NOW, **payload}))
    signature = recipes.jws_detached_sign(
        header, text, alg="RS256", pem=FOLDER.keys.private(BANK_KEY)
    )
    headers = {"Content-Type": "application/json", HEADER: f"{header}..{signature}"}
    return Sent("POST", suffix, headers, documents.json_bytes({"payload": text}))


def confirm(key: str, account: str, amount: int, **more: Any) -> Sent:
    return signed(
        "/confirm", payer_id=account, service_code="ISP01", payment_id=key, amount=amount, **more
    )


def notify(status: str) -> Sent:
    return signed("/payment-notification", payment_id=KEY, amount=12_550, status=status)


def payload(answer: Answered) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(recipes.b64url_decode(json.loads(answer.body)["payload"]))
    return told


def is_ok(answer: Answered) -> bool:
    return answer.status == 200 and payload(answer).get("status") == "SUCCESS"


def incoming() -> Incoming:
    return Incoming(
        provider="pumb",
        settings={
            "service_code": "ISP01",
            "verify_key": FOLDER.keys.public(BANK_KEY),
            "sign_key": FOLDER.keys.private(OUR_KEY),
        },
        pay=confirm,
        is_ok=is_ok,
        in_own_form=lambda answer: (
            answer.status in (400, 404) or "payload" in json.loads(answer.body or b"{}")
        ),
        amount=12_550,
        other_amount=12_551,
        key=KEY,
        spoil=lambda sent: replace(
            sent, headers={**sent.headers, HEADER: sent.headers[HEADER][:-8] + "AAAAAAAA"}
        ),
    )


class TestBill(SignedFaults):
    """A: the facility API."""

    incoming = staticmethod(incoming)

    @pytest.mark.parametrize("alg", ["none", "HS256", "ES256", "RS384"])
    def test_another_algorithm_than_that_of_the_signature_is_refused(
        self, db: None, alg: str
    ) -> None:
        provider = self.provider()
        answer = provider.send(
            signed(
                "/confirm",
                alg=alg,
                payer_id="100500",
                service_code="ISP01",
                payment_id=KEY,
                amount=12_550,
            )
        )
        assert (answer.status, payload(answer)["code"]) == (400, "VALIDATION_ERROR")
        assert provider.balance == -15_025

    def test_a_message_of_another_day_is_refused(self, db: None) -> None:
        provider = self.provider()
        answer = provider.send(confirm(KEY, "100500", 12_550, iat=NOW - 200_000))
        assert payload(answer)["code"] == "VALIDATION_ERROR"
        assert provider.balance == -15_025

    def test_a_failure_told_afterwards_takes_the_credit_back(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        assert payload(provider.send(notify("SUCCESS"))) == {}
        assert provider.balance == -15_025 + 12_550
        assert payload(provider.send(notify("FAILED"))) == {}
        assert payload(provider.send(notify("FAILED"))) == {}
        assert provider.balance == -15_025
        provider.books_are_right()

    def test_a_word_that_nobody_knows_takes_nothing_back_and_is_shown_to_people(
        self, db: None
    ) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        for _again in range(2):
            assert payload(provider.send(notify("PROCESSING"))) == {}
        assert provider.balance == -15_025 + 12_550
        event = PaymentEvent.objects.get(kind="CONFLICT")
        assert event.details["reason"].startswith("PROCESSING 125,50")
        payments.change_merchant(
            at=FOLDER.now,
            actor=SYSTEM,
            merchant_id=provider.merchant_id,
            settings={"notification_reverses": "any"},
        )
        assert payload(provider.send(notify("PROCESSING"))) == {}
        assert provider.balance == -15_025
        provider.books_are_right()

    def test_the_report_is_compared_row_by_row(self, db: None) -> None:
        provider = self.provider()
        provider.send(provider.paying())
        rows = [
            {
                "id": KEY,
                "operation_id": "1",
                "service_code": "ISP01",
                "amount": 12_550,
                "date": "2026-03-15T10:30:45Z",
            },
            {
                "id": "other",
                "operation_id": "2",
                "service_code": "ISP01",
                "amount": 5,
                "date": "2026-03-15T10:30:45Z",
            },
        ]
        answer = provider.send(
            signed("/report", id="REP-1", date="2026-03-15", service_code="ISP01", payments=rows)
        )
        assert payload(answer) == {"report_id": "REP-1"}
        found = dict(ProviderRegisterRow.objects.values_list("key", "outcome"))
        assert found == {KEY: "MATCHED", "other": "MISSING_HERE"}


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("pumb")
    assert told.over_http > 0
    assert told.wrong == []
