"""The JSON channels, fuzzed by schemathesis from each provider's own description of them.

Documents that fit and documents that do not are put into the provider's envelope (signed as the
provider would sign) and sent through the whole stack: what comes back is described, never 5xx.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from billing.payments import providers, recipes
from billing.payments.models import Payment
from billing.payments.outgoing import HttpLink
from tests.contract.payments import faults
from tests.contract.payments.easypay import test_merchant as easypay
from tests.contract.payments.faults import ACCOUNT, FOLDER, Answered, Incoming, Provider
from tests.contract.payments.monobank import test_acquiring as acquiring
from tests.contract.payments.monobank import test_monobank as monobank
from tests.contract.payments.portmone import test_checkout as portmone
from tests.contract.payments.pumb import test_acquiring as pumb_acquiring
from tests.contract.payments.pumb import test_pumb as pumb
from tests.contract.payments.pumb.adapter import BANK_KEY, HEADER
from tests.vectors.adapter import Sent

EXAMPLES = 12
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
JSON = {"Content-Type": "application/json"}
PATHS = Path(providers.__file__).parent


def plain(sent: Sent) -> Sent:
    """As it is."""
    return sent


def by_bank(sent: Sent) -> Sent:
    """monobank's webhook: the key of the fixtures signs."""
    sign = recipes.ecdsa_sign(sent.body, FOLDER.keys.private(acquiring.KEY_NAME))
    return replace(sent, headers={**JSON, "X-Sign": sign})


def by_jws(sent: Sent) -> Sent:
    """PUMB: the document in its envelope."""
    if sent.method == "GET":
        return sent
    header = recipes.b64url(b'{"alg":"RS256","typ":"JWT"}')
    text = recipes.b64url(sent.body)
    pem = FOLDER.keys.private(BANK_KEY)
    signature = recipes.jws_detached_sign(header, text, alg="RS256", pem=pem)
    headers = {**JSON, HEADER: f"{header}..{signature}"}
    return replace(sent, headers=headers, body=json.dumps({"payload": text}).encode())


def by_secret(sent: Sent) -> Sent:
    """EasyPay: the secret in front of the bytes."""
    sign = recipes.sha256_prefix_b64(sent.body, easypay.SECRET)
    return replace(sent, headers={**JSON, "Sign": sign})


def at_token(sent: Sent) -> Sent:
    """PUMB's acquiring: half of the messages come to the right address."""
    is_even = len(sent.body) % 2 == 0
    return replace(sent, path_suffix=f"/acquiring/{pumb_acquiring.TOKEN}") if is_even else sent


def unpacked(answered: Answered) -> Answered:
    """PUMB's answer out of its envelope."""
    payload = json.loads(answered.body)["payload"]
    return replace(answered, body=base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


Dress = Callable[[Sent], Sent]
# provider, address -> its merchant account, the envelope of requests, the one of answers.
CHANNELS: dict[tuple[str, str], tuple[Incoming, Dress, Callable[[Answered], Answered]]] = {
    ("monobank", "/api/v1/debt/search"): (monobank.debt(), plain, lambda a: a),
    ("monobank", "/api/v1/debt/payment"): (monobank.debt(), plain, lambda a: a),
    ("monobank", "/api/v1/debt/payment/check"): (monobank.debt(), plain, lambda a: a),
    ("monobank", "/webhook"): (acquiring.incoming(), by_bank, lambda a: a),
    ("pumb", "/check"): (pumb.incoming(), by_jws, unpacked),
    ("pumb", "/confirm"): (pumb.incoming(), by_jws, unpacked),
    ("pumb", "/payment-notification"): (pumb.incoming(), by_jws, unpacked),
    ("pumb", "/status"): (pumb.incoming(), by_jws, unpacked),
    ("pumb", "/report"): (pumb.incoming(), by_jws, unpacked),
    ("pumb", "/acquiring/{token}"): (pumb_acquiring.incoming(), at_token, lambda a: a),
    ("easypay", "/notify"): (easypay.incoming(), by_secret, lambda a: a),
    ("portmone", "/notify"): (portmone.incoming("notification"), plain, lambda a: a),
}


def described(provider: str) -> dict[str, Any]:
    """The provider's description of its JSON messages."""
    text = (PATHS / provider / "openapi.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def asked(case: Case, *, knows_account: bool) -> Sent:
    """The request of a case; accounts in it may be made those of a client of ours."""
    query = {str(name): value for name, value in (case.query or {}).items()}
    body = b""
    if case.method.upper() == "POST":
        body = json.dumps(case.body, default=str).encode()
        if knows_account and isinstance(case.body, dict):
            changed = {
                name: ACCOUNT if name in ("account", "payer_id") else value
                for name, value in case.body.items()
            }
            body = json.dumps(changed, default=str).encode()
    elif knows_account and "account" in query:
        query["account"] = ACCOUNT
    suffix = case.formatted_path + (f"?{urlencode(query, doseq=True)}" if query else "")
    return Sent(case.method.upper(), suffix, JSON if body else {}, body)


def response_of(answered: Answered, sent: Sent) -> Response:
    """The answer as schemathesis looks at it."""
    return Response(
        status_code=answered.status,
        headers={"content-type": [answered.content_type]},
        content=answered.body,
        request=requests.Request(sent.method, "http://testserver/").prepare(),
        elapsed=0.0,
        verify=True,
        encoding="utf-8",
    )


def test_every_json_channel_is_described() -> None:
    told = {
        (provider, path)
        for provider in {provider for provider, _path in CHANNELS}
        for path in described(provider)["paths"]
    }
    assert told == set(CHANNELS)


@pytest.mark.parametrize(("provider", "path"), list(CHANNELS))
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_whatever_is_sent_is_answered_as_described(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    provider: str,
    path: str,
    mode: GenerationMode,
) -> None:
    faults.standing_clock(monkeypatch)
    monkeypatch.setattr(HttpLink, "send", acquiring.no_bank)
    incoming, dress, undress = CHANNELS[(provider, path)]
    account = Provider(incoming)
    schema = schemathesis.openapi.from_dict(described(provider))
    (operation,) = schema[path].values()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), knows_account=st.booleans())
    def one(case: Case, knows_account: bool) -> None:
        sent = dress(asked(case, knows_account=knows_account))
        answered = undress(account.send(sent))
        case.validate_response(response_of(answered, sent), checks=CHECKS)

    one()
    credited = Payment.objects.filter(state="CONFIRMED", account_id=account.account_id)
    assert account.balance == faults.START_KOPECKS + sum(
        payment.amount_kopecks - payment.refunded_kopecks for payment in credited
    )
    account.books_are_right()
