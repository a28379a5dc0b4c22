"""A form that is sent twice in one moment."""

from functools import partial

import pytest

from crm import operations as crm
from crm.models import ConnectionRequest
from project.core.actor import SYSTEM
from tests.concurrency.coverage.test_zone_publishers import at_once
from tests.support.provider import AT, ON_DATE, PHONE, small_provider

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_request_that_is_sent_many_times_at_once_is_filed_once():
    provider = small_provider()
    for _attempt in range(3):
        check = provider.check()
        send = partial(
            crm.file_request,
            at=AT,
            on_date=ON_DATE,
            actor=SYSTEM,
            check_public_id=check.public_id,
            contact_name="Оксана Коваленко",
            contact_phone=PHONE,
        )
        numbers = {request.number for request in at_once(*[send] * 6)}
        made = ConnectionRequest.objects.filter(check_made_id=check.check_id)
        assert set(made.values_list("number", flat=True)) == numbers
        assert len(numbers) == 1
