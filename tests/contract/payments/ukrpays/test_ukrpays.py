"""UkrPays: its vectors, and what its callback must bear."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from billing.payments import operations as payments
from billing.payments import recipes
from billing.payments.models import Payment
from project.core.actor import SYSTEM
from tests.contract.payments.conftest import RunVectors
from tests.contract.payments.faults import FOLDER, Answered, Incoming
from tests.contract.payments.suite import SignedFaults
from tests.vectors import world
from tests.vectors.adapter import Sent

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
SECRET = "ukrpays-test-secret"
DATE = "1773570645"


def callback(
    key: str, account: str, amount: str, *, note: str = "85515476", digest: str = ""
) -> Sent:
    signed = [key, account, note, amount, DATE, SECRET]
    fields = {"id_ups": key, "order": account, "note": note, "amount": amount, "date": DATE}
    fields |= {"system": "1", "hash": digest or recipes.md5_concat(signed)}
    return Sent("POST", "/callback", FORM, urlencode(fields).encode())


def is_ok(answer: Answered) -> bool:
    return answer.status == 200 and answer.body in (b"OK", b"duplicate")


def in_own_form(answer: Answered) -> bool:
    words = (b"OK", b"duplicate", b"usernotfound", b"")
    return answer.body in words or answer.body.startswith(b"Error: ")


def incoming() -> Incoming:
    return Incoming(
        provider="ukrpays",
        settings={"service_id": "4321", "secret": SECRET},
        pay=callback,
        is_ok=is_ok,
        in_own_form=in_own_form,
        amount="125.50",
        other_amount="125.51",
        key="2092170",
        spoil=lambda sent: replace(sent, body=sent.body.replace(b"=125.50", b"=925.50")),
    )


class TestCallback(SignedFaults):
    """The callback."""

    incoming = staticmethod(incoming)

    def test_a_digest_is_not_good_for_the_same_letters_cut_otherwise(self, db: None) -> None:
        provider = self.provider()
        assert is_ok(provider.send(provider.paying()))
        digest = recipes.md5_concat(["2092170", "100500", "85515476", "125.50", DATE, SECRET])
        shifted = callback("209217", "0100500", "125.50", digest=digest)
        assert provider.send(shifted).body == b"Error: forbidden"
        assert Payment.objects.count() == 1
        provider.books_are_right()

    def test_a_form_changed_on_its_way_pays_the_account_that_was_paid_for(self, db: None) -> None:
        provider = self.provider()
        world.order(
            merchant_id=provider.merchant_id, number="85515476", client="form", at=FOLDER.now
        )
        assert provider.send(callback("2092170", "999999", "125.50")).body == b"usernotfound"
        assert provider.balance == -15_025
        assert Payment.objects.get(external_id="2092170").is_unallocated
        assert is_ok(provider.send(callback("2092171", "100500", "100.00")))
        assert provider.balance == -5_025
        assert Payment.objects.get(order_number="85515476").state == "CONFIRMED"
        provider.books_are_right()

    def test_a_digest_without_the_note_only_where_it_is_allowed(self, db: None) -> None:
        provider = self.provider()
        digest = recipes.md5_concat(["2092170", "100500", "125.50", DATE, SECRET])
        told = callback("2092170", "100500", "125.50", digest=digest)
        assert provider.send(told).body == b"Error: forbidden"
        payments.change_merchant(
            at=FOLDER.now,
            actor=SYSTEM,
            merchant_id=provider.merchant_id,
            settings={"hash_without_note": True},
        )
        assert is_ok(provider.send(told))

    def test_a_contract_of_2009_names_the_account_login(self, db: None) -> None:
        provider = self.provider()
        digest = recipes.md5_concat(["2092170", "100500", "125.50", DATE, SECRET])
        fields = {"id_ups": "2092170", "login": "100500", "amount": "125.50", "date": DATE}
        body = urlencode(fields | {"hash": digest.upper()}).encode()
        assert is_ok(provider.send(Sent("POST", "/callback", FORM, body)))
        assert provider.balance == -15_025 + 12_550


@pytest.mark.stack
def test_the_vectors_hold(run_vectors: RunVectors) -> None:
    told = run_vectors("ukrpays")
    assert told.over_http > 0
    assert told.wrong == []
