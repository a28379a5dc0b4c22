"""The payment of the whole path: an invoice at monobank, and its day brought to zero."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from django.test import override_settings

from billing.calendar import day_bounds, kyiv_date
from billing.ledger import queries as ledger_queries
from billing.models import Block, ChargeBasis
from billing.payments import operations as payments
from billing.payments import reconciling, settling, taking_lists
from billing.payments.models import MerchantAccount, Payment
from network.models import RadiusDecision
from project.core.actor import SYSTEM
from project.process import programs
from tests.support.ports import free_tcp_port
from tests.support.simulated import playing
from tests.support.stack import Stack, http_answers


@contextmanager
def web_of(system: Stack, at: datetime) -> Iterator[str]:
    """One more web process of the system, whose clock stands at that moment; its address."""
    port = free_tcp_port()
    part = programs.web(host="127.0.0.1", port=port, workers=1, pool=4)
    env = {
        "DJANGO_SETTINGS_MODULE": "tests.vectors.settings",
        "GEOBILL_VECTORS_NOW": at.isoformat(),
    }
    system.start(replace(part, name="web-that-day", env=part.env | env))
    url = f"http://127.0.0.1:{port}"
    try:
        system.wait_for("web-that-day", http_answers(f"{url}/readyz"))
        yield url
    finally:
        system.stop("web-that-day")


def an_invoice_brings_it_back(system: Stack, *, at: datetime) -> None:
    """An invoice, paid on the bank's page; its signed webhook credits, the day ends at zero."""
    day = kyiv_date(at)
    with (
        system.database(),
        web_of(system, at) as url,
        override_settings(GEOBILL_PUBLIC_URL=url),
        playing("monobank", our_url=url, now=lambda: at) as bank,
    ):
        account_id = ChargeBasis.objects.values_list("subscription__account_id", flat=True)[0]
        begun = payments.create_checkout(
            at=at,
            actor=SYSTEM,
            merchant_id=bank.merchant.id,
            account_code=ledger_queries.accounts(ids=[account_id])[account_id].code,
            amount_kopecks=50_000,
            success_url=f"{url}/paid/{{order}}/",
            failure_url=f"{url}/paid/{{order}}/",
        )
        assert RadiusDecision.objects.get().reason == "DEBT", "begun is not paid"
        bank.post("/decide", number=begun.checkout.provider_ref, do="pay")
        payment = Payment.objects.get(id=begun.payment_id)
        assert (payment.state, payment.holder_id) == ("CONFIRMED", account_id)
        assert not Block.objects.filter(until_at__isnull=True).exists()
        assert RadiusDecision.objects.get().state == "FULL"
        start, end = day_bounds(day)
        taking_lists.pull(at=at, merchant_id=bank.merchant.id, start=start, end=end)
        row = MerchantAccount.objects.get(id=bank.merchant.id)
        found = reconciling.day(merchant=row, on_date=day)
        assert (found.wrong, found.ours_kopecks, found.owed_kopecks) == (0, 50_000, 50_000)
        settling.settle(
            at=at,
            on_date=day,
            actor=SYSTEM,
            merchant_id=row.id,
            bank_kopecks=49_350,
            fee_kopecks=650,
            reference="path-1",
        )
        assert reconciling.day(merchant=row, on_date=day).owed_kopecks == 0
