"""The life of a connection request: moves that are allowed, and those that are not."""

from datetime import timedelta
from typing import Any

import pytest

from coverage import operations as coverage
from crm import operations as crm
from crm.models import ConnectionRequest
from project.core.actor import SYSTEM
from tests.support.provider import AT, ON_DATE, PHONE, Provider, small_provider

pytestmark = pytest.mark.django_db
State = ConnectionRequest.State


@pytest.fixture
def provider() -> Provider:
    return small_provider()


def filed(check_public_id: str, **changes: Any) -> ConnectionRequest:
    """A client's request for the place of that check."""
    values: dict[str, Any] = {
        "at": AT,
        "on_date": ON_DATE,
        "actor": SYSTEM,
        "check_public_id": check_public_id,
        "contact_name": "Оксана Коваленко",
        "contact_phone": PHONE,
    }
    return crm.file_request(**values | changes)


def move(request: ConnectionRequest, to_state: str, **more: Any) -> ConnectionRequest:
    return crm.move_request(number=request.number, to_state=to_state, at=AT, actor=SYSTEM, **more)


def test_a_request_is_never_installed_by_hand(provider: Provider) -> None:
    request = move(filed(provider.check().public_id), State.VERIFIED)
    with pytest.raises(crm.BadMoveError):
        move(request, State.INSTALLED)
    request.refresh_from_db()
    assert (request.state, request.subscription_id) == (State.VERIFIED, None)


def test_the_sale_of_its_service_closes_a_request_and_only_one_sale_does(
    provider: Provider,
) -> None:
    request = filed(provider.check().public_id)
    made = provider.connect(request_number=request.number)
    request.refresh_from_db()
    assert (request.state, request.subscription_id) == (State.INSTALLED, made.subscription_id)
    with pytest.raises(crm.BadMoveError):
        provider.connect(request_number=request.number)


@pytest.mark.parametrize("to_state", ["", "NOPE", "installed", State.NEW, State.SCHEDULED])
def test_a_move_that_is_not_in_the_table_changes_nothing(provider: Provider, to_state: str) -> None:
    request = filed(provider.check().public_id)
    with pytest.raises(crm.BadMoveError):
        move(request, to_state, scheduled_for_date=ON_DATE)
    request.refresh_from_db()
    assert request.state == State.NEW


def test_a_request_for_an_unknown_address_keeps_what_was_typed(provider: Provider) -> None:
    typed = "Новий провулок 3, біля крамниці"
    check = coverage.check_availability(at=AT, channel="PUBLIC", actor=SYSTEM, text=typed)
    request = filed(check.public_id)
    assert request.address_text == typed
    coverage.anonymise_checks(at=AT + timedelta(days=400))
    request.refresh_from_db()
    assert request.address_text == typed


def test_the_same_form_sent_twice_is_one_request(provider: Provider) -> None:
    check = provider.check().public_id
    first = filed(check, tariff_code="home-300", network_type="GPON")
    again = filed(check, tariff_code="home-300", network_type="GPON")
    assert first.number == again.number
    assert ConnectionRequest.objects.count() == 1
