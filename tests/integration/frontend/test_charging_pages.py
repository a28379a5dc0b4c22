"""Charging by hand in the workspace: a trial and a run are jobs, and their pages tell what came."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from billing.charging import chunks, work
from billing.charging import operations as charging
from billing.charging.models import ChargeRun
from billing.models import LedgerJournal
from billing.payments import operations as payments
from project.core import clock, jobs
from project.core.actor import SYSTEM
from project.core.models import Job
from project.core.roles import Role
from project.wiring import wire
from tests.support import zones
from tests.support.provider import Provider, small_provider

pytestmark = pytest.mark.django_db
RUN = "workspace:charging-run"


@pytest.fixture
def account() -> int:
    """A client with money whose service began yesterday; today is not charged yet."""
    wire()
    provider: Provider = small_provider()
    now = clock.now()
    yesterday = now - timedelta(days=1)
    made = provider.connect(
        at=yesterday,
        on_date=clock.today(yesterday),
        check_id=provider.check(at=yesterday).check_id,
    )
    payments.accept_cash(
        at=yesterday,
        on_date=clock.today(yesterday),
        actor=SYSTEM,
        account_id=made.account_id,
        amount_kopecks=50_000,
        comment="",
        idempotency_key="charging-pages",
    )
    charging.run(on_date=clock.today(yesterday), at=yesterday, actor=SYSTEM)
    return int(made.account_id)


def signed_in(role: Role = Role.ACCOUNTANT, language: str = "uk") -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    client.force_login(zones.planner(f"{role.value.lower()}-{language}", role))
    return client


def sent(client: Client, *, days: int = 0, **values: str) -> Any:
    day = (clock.today() + timedelta(days=days)).isoformat()
    return client.post(reverse(RUN), {"charge_date": day, **values})


def worked(client: Client, answer: HttpResponse) -> tuple[Job, str]:
    """The job that was begun, done, and its page."""
    job = Job.objects.latest("id")
    address = reverse("workspace:job", args=[job.id])
    assert (answer.status_code, answer["Location"]) == (302, address)
    jobs.run_waiting(now=clock.now)
    job.refresh_from_db()
    return job, client.get(address).content.decode()


def test_a_trial_posts_nothing_keeps_its_report_and_offers_to_charge(account: int) -> None:
    client, journals = signed_in(), LedgerJournal.objects.count()
    job, page = worked(client, sent(client, **{"try": "1"}))
    assert (job.kind, job.state, LedgerJournal.objects.count()) == (work.TRIAL, "DONE", journals)
    assert "Пробне нарахування: нічого не проведено" in page
    assert "10,00" in page
    assert "Дім 300" in page
    assert 'name="confirm"' in page
    assert 'name="run"' in page
    assert f"/jobs/{job.id}/" in client.get(reverse("workspace:charging")).content.decode()


def test_a_run_charges_and_links_its_page(account: int) -> None:
    client = signed_in()
    job, page = worked(client, sent(client, run="1"))
    run = ChargeRun.objects.get(charge_date=clock.today())
    assert (job.kind, job.state) == (work.RUN, "DONE")
    assert (run.state, run.charged_count, run.charged_kopecks) == ("DONE", 1, 1_000)
    assert reverse("workspace:charge-run", args=[run.id]) in page
    assert 'name="run"' not in page, "nothing is left to charge"
    assert client.get(reverse("workspace:charge-run", args=[run.id])).status_code == 200


def test_a_failed_account_is_told_by_its_contract(
    account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**values: Any) -> Any:
        raise RuntimeError("this account is broken")

    monkeypatch.setattr(chunks, "charge", fails)
    client = signed_in()
    for values in ({"try": "1"}, {"run": "1"}):
        job, page = worked(client, sent(client, **values))
        assert job.counts[{"try": "would_fail", "run": "failed"}[next(iter(values))]] == 1
        assert "this account is broken" in page
        assert "Оксана Коваленко" in page
    assert "Продовжити нарахування" in page


def test_what_is_known_at_once_stays_on_the_form(account: int) -> None:
    client = signed_in()
    assert sent(client, days=1).status_code == 422
    assert client.post(reverse(RUN), {"charge_date": "2026-02-30"}).status_code == 422
    ChargeRun.objects.update(charge_date=clock.today() - timedelta(days=20))
    answer = sent(client, run="1")
    assert answer.status_code == 409
    assert "Не нараховано днів: 19" in answer.content.decode()
    assert 'name="confirm"' in answer.content.decode(), "and it can be confirmed there"
    assert not Job.objects.exists()
    assert sent(client, run="1", confirm="1").status_code == 302
    assert sent(client, **{"try": "1"}).status_code == 409
    assert Job.objects.count() == 1


def test_an_error_of_the_job_is_told_in_the_language_of_who_reads_it(account: int) -> None:
    client = signed_in()
    sent(client, run="1")
    # Days went missing between the form and the worker.
    ChargeRun.objects.update(charge_date=clock.today() - timedelta(days=20))
    jobs.run_waiting(now=clock.now)
    job = Job.objects.get()
    address = reverse("workspace:job", args=[job.id])
    page = client.get(address).content.decode()
    assert job.state == "FAILED"
    assert "Не нараховано днів: 19" in page
    assert 'name="confirm"' in page
    english = signed_in(Role.ADMINISTRATOR, "en").get(address).content.decode()
    assert "19 days are not charged" in english


def test_a_run_is_cancelled_on_its_page(account: int) -> None:
    client = signed_in()
    job_id = Job.objects.get(id=_id_of(sent(client, run="1"))).id
    page = client.get(reverse("workspace:job", args=[job_id])).content.decode()
    cancel = reverse("workspace:job-cancel", args=[job_id])
    assert cancel in page
    assert client.post(cancel).status_code == 302
    assert jobs.run_waiting(now=clock.now) == 0
    assert "Продовжити" in client.get(reverse("workspace:job", args=[job_id])).content.decode()
    assert not ChargeRun.objects.filter(charge_date=clock.today()).exists()


def _id_of(answer: HttpResponse) -> int:
    return int(answer["Location"].rstrip("/").rpartition("/")[2])


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.CASHIER, Role.PLANNER])
def test_who_may_not_charge_starts_nothing(account: int, role: Role) -> None:
    assert sent(signed_in(role), run="1").status_code == 403
    assert sent(signed_in(role, "en"), **{"try": "1"}).status_code == 403
    assert not Job.objects.exists()
