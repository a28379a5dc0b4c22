"""The tests that every incoming protocol has; a provider's test module subclasses `Faults`."""

from collections.abc import Callable

import pytest

from tests.contract.payments import faults
from tests.contract.payments.faults import Incoming, Provider


class Faults:
    """Set `incoming` in a subclass; its name in the report is the protocol's."""

    incoming: Callable[[], Incoming]

    @pytest.fixture(autouse=True)
    def _clock(self, monkeypatch: pytest.MonkeyPatch) -> None:
        faults.standing_clock(monkeypatch)

    def provider(self) -> Provider:
        """The merchant account on the fixtures."""
        return Provider(type(self).incoming())

    def test_a_payment_is_credited_once_however_often_it_is_told(self, db: None) -> None:
        faults.check_credit_and_duplicate(self.provider())

    def test_another_amount_under_the_same_id_is_refused(self, db: None) -> None:
        faults.check_changed_amount(self.provider())

    def test_twenty_at_once_make_one_credit(self, transactional_db: None) -> None:
        faults.check_concurrent_duplicates(self.provider())

    def test_the_same_bytes_weeks_later_credit_nothing(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        faults.check_replay(self.provider(), monkeypatch)

    def test_a_caller_from_elsewhere_is_refused(self, db: None) -> None:
        faults.check_wrong_address(self.provider())

    def test_hostile_bodies_are_answered_in_the_own_form(self, db: None) -> None:
        faults.check_hostile_bodies(self.provider())

    def test_no_secret_is_in_the_journal(self, db: None) -> None:
        faults.check_secrets_are_masked(self.provider())

    def test_spoiled_messages_never_break_the_server(self, db: None) -> None:
        faults.fuzz(self.provider())


class SignedFaults(Faults):
    """For protocols with a signature or a log-in."""

    def test_a_wrong_signature_is_refused(self, db: None) -> None:
        faults.check_bad_signature(self.provider())


class LogInFaults(Faults):
    """For protocols that sign nothing: HTTP Basic, where it is agreed, stands for the signature."""

    def test_a_wrong_signature_is_refused(self, db: None) -> None:
        provider = Provider(faults.with_basic(type(self).incoming()))
        faults.check_bad_signature(provider)
        assert provider.incoming.is_ok(provider.send(provider.paying()))
