"""Every address of the workspace × every role: who gets in is what this table says, nobody else.

An address that is not in the table fails the test, so that none is added without a thought.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from billing.bookkeeping import operations as bookkeeping
from billing.bookkeeping.wishes import Wish
from billing.models import Discount, PlanBatch, PriceRule, Tariff
from billing.payments import operations as payments
from billing.payments import settling
from billing.payments.models import MerchantAccount, Refund
from coverage.models import ZoneVersion
from crm import operations as crm
from frontend.workspace.urls import urlpatterns
from network.models import MacRequest, Option82Rule
from project.core.actor import SYSTEM
from project.core.models import Job
from project.core.roles import ROLE_PERMISSIONS, Permission, Role
from tests.support import services, zones
from tests.support.provider import AT, ON_DATE, PHONE, Provider, small_provider

pytestmark = pytest.mark.django_db
P = Permission


@dataclass(frozen=True)
class Address:
    """A view: what its path needs, how it is asked, which permissions (all of them) open it."""

    name: str
    needs: frozenset[Permission]
    arguments: dict[str, str] = field(default_factory=dict)
    method: str = "get"


def page(name: str, *needs: Permission, method: str = "get", **arguments: str) -> Address:
    return Address(name, frozenset(needs), arguments, method)


def action(slug: str, *any_of: Permission) -> list[Address]:
    """An action on a service: one of these permissions is enough, beside seeing customers."""
    return [
        page(
            "service-act",
            P.CUSTOMERS_VIEW,
            *any_of,
            subscription_id="subscription",
            action=f"={slug}",
        )
    ]


ADDRESSES = [
    page("home", P.CUSTOMERS_VIEW),
    page("search", P.CUSTOMERS_VIEW),
    page("suggest", P.CUSTOMERS_VIEW),
    page("map", P.ZONES_VIEW, P.CUSTOMERS_VIEW),
    page("building", P.ZONES_VIEW, P.CUSTOMERS_VIEW, building_id="building"),
    page("building-timeline", P.ZONES_VIEW, building_id="building"),
    page("zone-then", P.ZONES_VIEW, building_id="building", version_id="zone_version"),
    page(
        "ladder",
        P.ZONES_VIEW,
        P.TARIFFS_VIEW,
        building_id="building",
        tariff_id="tariff",
        network_type="=GPON",
    ),
    page("service-new", P.SERVICES_CREATE),
    page("service-new", P.SERVICES_CREATE, method="post"),
    page("service-effect", P.SERVICES_CREATE),
    page("service-customers", P.SERVICES_CREATE),
    page(
        "service-port",
        P.SERVICES_CREATE,
        P.PLANT_VIEW,
        method="post",
        subscription_id="subscription",
    ),
    page("service-created", P.SERVICES_CREATE, subscription_id="subscription"),
    *action("unblock", P.SERVICES_BLOCK),
    *action("resume", P.SERVICES_BLOCK),
    *action("pause", P.SERVICES_BLOCK),
    *action("block", P.SERVICES_BLOCK),
    *action("change-tariff", P.SERVICES_CREATE),
    *action("cancel-change", P.SERVICES_CREATE),
    *action("cancel-pause", P.SERVICES_BLOCK),
    *action("promise", P.SERVICES_BLOCK),
    *action("boost", P.SERVICES_CREATE),
    *action("terminate", P.SERVICES_CREATE),
    *action("disconnect", P.SESSIONS_DISCONNECT),
    page("requests", P.CUSTOMERS_VIEW),
    page("request", P.CUSTOMERS_VIEW, number="request"),
    page("request-move", P.REQUESTS_WORK, method="post", number="request"),
    page("customers", P.CUSTOMERS_VIEW),
    page("customer", P.CUSTOMERS_VIEW, customer_id="customer"),
    page("statement", P.CUSTOMERS_VIEW, P.LEDGER_VIEW, customer_id="customer"),
    page("recalculate", P.CUSTOMERS_VIEW, P.LEDGER_VIEW, customer_id="customer"),
    page("customer-sessions", P.CUSTOMERS_VIEW, P.NETWORK_VIEW, customer_id="customer"),
    page("journal", P.CUSTOMERS_VIEW, P.LEDGER_VIEW, customer_id="customer", journal_id="journal"),
    page(
        "reveal-password",
        P.CUSTOMERS_VIEW,
        P.NETWORK_VIEW,
        method="post",
        customer_id="customer",
        subscription_id="subscription",
    ),
    page("account-close", P.CUSTOMERS_VIEW, P.LEDGER_CLOSE, customer_id="customer"),
    page("account-close", P.CUSTOMERS_VIEW, P.LEDGER_CLOSE, method="post", customer_id="customer"),
    page("money-act", P.CUSTOMERS_VIEW, P.LEDGER_ADJUST, customer_id="customer", slug="=adjust"),
    page(
        "money-act",
        P.CUSTOMERS_VIEW,
        P.LEDGER_ADJUST,
        method="post",
        customer_id="customer",
        slug="=refund",
    ),
    page(
        "statement-file",
        P.CUSTOMERS_VIEW,
        P.LEDGER_VIEW,
        customer_id="customer",
        kind="=csv",
    ),
    page(
        "account-release",
        P.CUSTOMERS_VIEW,
        P.LEDGER_APPROVE,
        method="post",
        customer_id="customer",
    ),
    page("trial-balance", P.LEDGER_REPORTS),
    page("turnover", P.LEDGER_REPORTS),
    page("clearing", P.LEDGER_REPORTS),
    page("entries", P.LEDGER_REPORTS),
    page("months", P.LEDGER_REPORTS),
    page("month-close", P.LEDGER_CLOSE, method="post"),
    page("operations", P.LEDGER_ADJUST),
    page("operation", P.LEDGER_VIEW, operation_id="operation"),
    page("operation-decide", P.LEDGER_APPROVE, method="post", operation_id="operation"),
    page("cash-desk", P.PAYMENTS_ACCEPT_CASH),
    page("cash-take", P.PAYMENTS_ACCEPT_CASH, account_id="account"),
    page("cash-take", P.PAYMENTS_ACCEPT_CASH, method="post", account_id="account"),
    page("receipt", P.LEDGER_VIEW, payment_id="payment"),
    page("payments", P.LEDGER_VIEW),
    page("unallocated", P.PAYMENTS_RECONCILE),
    page("reconciliation", P.PAYMENTS_RECONCILE),
    page(
        "reconciliation-day",
        P.PAYMENTS_RECONCILE,
        merchant_id="merchant",
        on_date="=2026-11-10",
    ),
    page(
        "reconciliation-day",
        P.PAYMENTS_RECONCILE,
        method="post",
        merchant_id="merchant",
        on_date="=2026-11-10",
    ),
    page("settlement", P.PAYMENTS_RECONCILE, settlement_id="settlement"),
    page("settlement", P.PAYMENTS_RECONCILE, method="post", settlement_id="settlement"),
    page("contradictions", P.PAYMENTS_RECONCILE),
    page("payment-conflict", P.PAYMENTS_RECONCILE, method="post", payment_id="payment"),
    page("legal-entities", P.PAYMENTS_SETUP),
    page("legal-entity-new", P.PAYMENTS_SETUP),
    page("legal-entity-new", P.PAYMENTS_SETUP, method="post"),
    page("legal-entity", P.PAYMENTS_SETUP, entity_id="legal_entity"),
    page("legal-entity", P.PAYMENTS_SETUP, method="post", entity_id="legal_entity"),
    page("merchants", P.PAYMENTS_RECONCILE),
    page("merchant-new", P.PAYMENTS_SETUP, provider="=ibox"),
    page("merchant-new", P.PAYMENTS_SETUP, method="post", provider="=ibox"),
    page("merchant", P.PAYMENTS_SETUP, merchant_id="merchant"),
    page("merchant", P.PAYMENTS_SETUP, method="post", merchant_id="merchant"),
    page("payment", P.LEDGER_VIEW, payment_id="payment"),
    page("own-money", P.PAYMENTS_RECONCILE),
    page("own-money", P.PAYMENTS_RECONCILE, method="post"),
    page("refunds", P.PAYMENTS_RECONCILE),
    page("refund-settle", P.PAYMENTS_RECONCILE, method="post", refund_id="refund"),
    page("refund-approve", P.LEDGER_APPROVE, method="post", refund_id="refund"),
    page("refund-decline", P.PAYMENTS_RECONCILE, method="post", refund_id="refund"),
    page("payment-refund", P.PAYMENTS_RECONCILE, payment_id="payment"),
    page("payment-refund", P.PAYMENTS_RECONCILE, method="post", payment_id="payment"),
    page("payment-allocate", P.PAYMENTS_RECONCILE, payment_id="payment"),
    page("payment-allocate", P.PAYMENTS_RECONCILE, method="post", payment_id="payment"),
    page("charging", P.LEDGER_VIEW),
    page("charging-run", P.CHARGING_RUN, method="post"),
    page("charge-run", P.LEDGER_VIEW, run_id="=1"),
    page("sessions", P.NETWORK_VIEW),
    page("session-act", P.SESSIONS_DISCONNECT, method="post"),
    page("service-speed", P.SESSIONS_DISCONNECT, subscription_id="subscription"),
    page("service-speed", P.SESSIONS_DISCONNECT, method="post", subscription_id="subscription"),
    page("actions", P.NETWORK_VIEW),
    page("action-decide", P.SESSIONS_DISCONNECT, method="post", action_id="=1"),
    page("drift", P.NETWORK_VIEW),
    page("drift-mend", P.SESSIONS_DISCONNECT, method="post"),
    page("nas-list", P.NETWORK_VIEW),
    page("nas-new", P.NETWORK_EDIT),
    page("nas", P.NETWORK_VIEW, nas_id="nas"),
    page("nas", P.NETWORK_EDIT, P.NETWORK_VIEW, method="post", nas_id="nas"),
    page("nas-new", P.NETWORK_EDIT, method="post"),
    page("driver", P.NETWORK_EDIT, P.NETWORK_VIEW, method="post", code="=mikrotik"),
    page("nas-act", P.NETWORK_EDIT, method="post", nas_id="=1"),
    page("drivers", P.NETWORK_VIEW),
    page("driver", P.NETWORK_VIEW, code="=mikrotik"),
    page("dry-run", P.NETWORK_VIEW, P.CUSTOMERS_VIEW),
    page("session", P.NETWORK_VIEW, unique_id="=none"),
    page("session-map", P.NETWORK_VIEW),
    page("session-points", P.NETWORK_VIEW),
    page("session-here", P.NETWORK_VIEW),
    page("ip-pools", P.NETWORK_VIEW),
    page("ip-pool-new", P.NETWORK_EDIT),
    page("ip-pool-new", P.NETWORK_EDIT, method="post"),
    page("ip-pool", P.NETWORK_VIEW, pool_id="ip_pool"),
    page("ip-pool", P.NETWORK_VIEW, P.NETWORK_EDIT, method="post", pool_id="ip_pool"),
    page("ip-rules", P.NETWORK_VIEW),
    page("ip-rules", P.NETWORK_VIEW, P.NETWORK_EDIT, method="post"),
    page("ip-reserves", P.NETWORK_VIEW),
    page("ip-reserves", P.NETWORK_VIEW, P.NETWORK_EDIT, method="post"),
    page("ip-conflicts", P.NETWORK_VIEW),
    page("ip-conflicts", P.NETWORK_VIEW, P.NETWORK_EDIT, method="post"),
    page("ip-import", P.NETWORK_EDIT),
    page("ip-import", P.NETWORK_EDIT, method="post"),
    page("ip-import-result", P.NETWORK_EDIT, job_id="job"),
    page("ip-import-result", P.NETWORK_EDIT, method="post", job_id="job"),
    page("service-address", P.NETWORK_VIEW, subscription_id="subscription"),
    page(
        "service-address",
        P.NETWORK_VIEW,
        P.NETWORK_EDIT,
        method="post",
        subscription_id="subscription",
    ),
    page("refusals", P.NETWORK_VIEW),
    page("mac-decide", P.SESSIONS_DISCONNECT, method="post", request_id="mac_request"),
    page("alert-close", P.SESSIONS_DISCONNECT, method="post", alert_id="subscription"),
    page("modes", P.NETWORK_VIEW),
    page("access-parameters", P.NETWORK_VIEW, subscription_id="subscription"),
    page(
        "access-parameters",
        P.NETWORK_VIEW,
        P.SESSIONS_DISCONNECT,
        method="post",
        subscription_id="subscription",
    ),
    page("modes", P.NETWORK_VIEW, P.NETWORK_EDIT, method="post"),
    page("guest-rule-new", P.NETWORK_EDIT, method="post"),
    page("guest-rule", P.NETWORK_EDIT, method="post", rule_id="guest_rule"),
    page("option82-new", P.NETWORK_EDIT, method="post"),
    page("option82-rule", P.NETWORK_EDIT, method="post", rule_id="option82"),
    page("guest-rules", P.NETWORK_VIEW),
    page("guest-rule-new", P.NETWORK_EDIT),
    page("guest-rule", P.NETWORK_EDIT, rule_id="guest_rule"),
    page("guest-rule-delete", P.NETWORK_EDIT, method="post", rule_id="guest_rule"),
    page("option82", P.NETWORK_VIEW),
    page("option82-new", P.NETWORK_EDIT),
    page("option82-rule", P.NETWORK_EDIT, rule_id="option82"),
    page("option82-delete", P.NETWORK_EDIT, method="post", rule_id="option82"),
    page("tariffs", P.TARIFFS_VIEW),
    page("tariff", P.TARIFFS_VIEW, code="=home-300"),
    page("tariff-new", P.TARIFFS_EDIT),
    page("tariff-new", P.TARIFFS_EDIT, method="post"),
    page("tariff-names", P.TARIFFS_EDIT, code="=home-300"),
    page("tariff-names", P.TARIFFS_EDIT, method="post", code="=home-300"),
    page("tariff-terms", P.TARIFFS_EDIT, code="=home-300"),
    page("tariff-terms", P.TARIFFS_EDIT, method="post", code="=home-300"),
    page("tariff-drop", P.TARIFFS_EDIT, method="post", code="=home-300"),
    page("tariff-publish", P.TARIFFS_PUBLISH, code="=home-300"),
    page("tariff-publish", P.TARIFFS_PUBLISH, method="post", code="=home-300"),
    page("tariff-what-if", P.TARIFFS_VIEW, P.LEDGER_VIEW, code="=home-300"),
    page("tariff-what-if", P.TARIFFS_VIEW, P.LEDGER_VIEW, method="post", code="=home-300"),
    page("what-if", P.TARIFFS_VIEW, P.LEDGER_VIEW, job_id="job"),
    page("price-new", P.TARIFFS_EDIT, code="=home-300"),
    page("price-new", P.TARIFFS_EDIT, method="post", code="=home-300"),
    page("price-copy", P.TARIFFS_EDIT, code="=home-300"),
    page("price-copy", P.TARIFFS_EDIT, method="post", code="=home-300"),
    page("price-rule", P.TARIFFS_VIEW, code="=home-300", rule_id="rule"),
    page("price-rule", P.TARIFFS_PUBLISH, method="post", code="=home-300", rule_id="rule"),
    page("price-map", P.TARIFFS_VIEW, P.ZONES_VIEW, code="=home-300"),
    page("price-features", P.TARIFFS_VIEW, P.ZONES_VIEW, code="=home-300"),
    page("price-ladder", P.TARIFFS_VIEW, P.ZONES_VIEW, code="=home-300"),
    page("units", P.TARIFFS_VIEW),
    page("rule", P.TARIFFS_VIEW, rule_id="rule"),
    page("discounts", P.TARIFFS_VIEW),
    page("discounts", P.TARIFFS_PUBLISH, method="post"),
    page("discount-end", P.TARIFFS_PUBLISH, method="post", discount_id="discount"),
    page("plan-batches", P.TARIFFS_PUBLISH, P.LEDGER_VIEW),
    page("plan-batch-new", P.TARIFFS_PUBLISH, P.LEDGER_VIEW),
    page("plan-batch-new", P.TARIFFS_PUBLISH, P.LEDGER_VIEW, method="post"),
    page("plan-batch", P.TARIFFS_PUBLISH, P.LEDGER_VIEW, batch_id="batch"),
    page("plan-batch", P.TARIFFS_PUBLISH, P.LEDGER_VIEW, method="post", batch_id="batch"),
    page("staff", P.STAFF_MANAGE),
    page("staff-new", P.STAFF_MANAGE),
    page("staff-new", P.STAFF_MANAGE, method="post"),
    page("staff-edit", P.STAFF_MANAGE, user_id="user"),
    page("staff-edit", P.STAFF_MANAGE, method="post", user_id="user"),
    page("audit", P.AUDIT_VIEW),
    page("qualify", P.LISTS_QUALIFY),
    page("qualify", P.LISTS_QUALIFY, method="post"),
    page("qualify-columns", P.LISTS_QUALIFY, job_id="job"),
    page("qualify-columns", P.LISTS_QUALIFY, method="post", job_id="job"),
    page("qualify-result", P.LISTS_QUALIFY, job_id="job"),
    page("jobs", P.JOBS_VIEW),
    page("jobs-bell", P.JOBS_VIEW),
    page("job", P.JOBS_VIEW, job_id="job"),
    page("job-cancel", P.JOBS_VIEW, method="post", job_id="job"),
]
HUGE = "99999999999999999999"


@pytest.fixture
def things() -> dict[str, str]:
    """One of each kind of thing that an address names."""
    cache.clear()
    provider: Provider = small_provider()
    check = provider.check()
    request = crm.file_request(
        at=AT,
        on_date=ON_DATE,
        actor=SYSTEM,
        check_public_id=check.public_id,
        contact_name="Ігор Бондар",
        contact_phone="067 765 43 21",
    )
    made = provider.connect(new_customer=crm.NewCustomer(full_name="Ганна Олійник", phone=PHONE))
    payment = payments.accept_cash(
        at=AT,
        on_date=ON_DATE,
        actor=SYSTEM,
        account_id=made.account_id,
        amount_kopecks=50_000,
        idempotency_key="permissions",
    )
    job = Job.objects.create(
        kind="gone", state="QUEUED", created_by_label="system", created_at=AT, available_at=AT
    )
    batch = PlanBatch.objects.create(
        tariff=provider.tariff, from_date=ON_DATE, state="SCHEDULED", created_at=AT
    )
    discount = Discount.objects.create(
        name_uk="Знижка", name_en="Discount", kind="PERCENT", percent_bp=1_000,
        valid=(ON_DATE, date(2027, 1, 1)), created_at=AT,
    )  # fmt: skip
    server = services.nas()
    merchant = payments.open_merchant(at=AT, actor=SYSTEM, provider="ibox", slug="test")
    named = {
        "nas": server.id,
        "job": job.id,
        "ip_pool": services.pool().id,
        "merchant": merchant,
        "legal_entity": MerchantAccount.objects.get(id=merchant).legal_entity_id,
        "settlement": settling.settle(
            at=AT,
            on_date=ON_DATE,
            actor=SYSTEM,
            merchant_id=merchant,
            bank_kopecks=100,
            fee_kopecks=0,
            reference="P1",
        ).id,
        "building": provider.building.id,
        "zone_version": ZoneVersion.objects.get(zone_id=provider.zone_id).id,
        "tariff": Tariff.objects.get().id,
        "rule": PriceRule.objects.get().id,
        "discount": discount.id,
        "batch": batch.id,
        "subscription": made.subscription_id,
        "guest_rule": services.guest_rule("DEBT"),
        "option82": Option82Rule.objects.order_by("id")[0].id,
        "mac_request": MacRequest.objects.create(
            subscription_id=made.subscription_id,
            mac="020000000001",
            by_port=True,
            first_at=AT,
            last_at=AT,
        ).id,
        "request": request.number,
        "customer": made.customer_id,
        "account": made.account_id,
        "journal": payment.journal_id,
        "payment": payment.id,
        "refund": Refund.objects.create(
            payment=payment,
            key="permissions",
            kind=Refund.Kind.OURS,
            state=Refund.State.FAILED,
            amount_kopecks=100,
            told_kopecks=100,
            created_at=AT,
        ).id,
        "user": zones.planner("colleague").id,
        "operation": bookkeeping.ask(
            at=AT,
            on_date=ON_DATE,
            actor=zones.actor(zones.planner("bookkeeper", Role.ACCOUNTANT)),
            wish=Wish("ADJUSTMENT", made.account_id, "permissions", amount_kopecks=100),
            idempotency_key="permissions",
        ).id,
    }
    return {name: str(value) for name, value in named.items()}


def path_of(address: Address, things: dict[str, str]) -> str:
    """The path; "=x" stands for x itself, other arguments name a thing."""
    arguments: dict[str, Any] = {
        name: value[1:] if value.startswith("=") else things[value]
        for name, value in address.arguments.items()
    }
    return reverse(f"workspace:{address.name}", kwargs=arguments)


def ask(client: Client, address: Address, path: str) -> int:
    return int(getattr(client, address.method)(path).status_code)


def signed_in(role: Role, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(zones.planner(role.value.lower(), role))
    return client


def test_every_address_is_in_the_table() -> None:
    assert {pattern.name for pattern in urlpatterns} == {address.name for address in ADDRESSES}


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_its_permissions_open_and_no_more(
    role: Role, things: dict[str, str]
) -> None:
    client = signed_in(role)
    wrong = []
    for address in ADDRESSES:
        status = ask(client, address, path_of(address, things))
        may = address.needs <= ROLE_PERMISSIONS[role]
        if (status == 403) == may or status >= 500:
            wrong.append((address.method, address.name, address.arguments, status, may))
    assert wrong == []


def test_strangers_are_asked_to_sign_in_everywhere(things: dict[str, str]) -> None:
    for address in ADDRESSES:
        path = path_of(address, things)
        answer = getattr(Client(), address.method)(path)
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/sign-in/?next="), path


def test_a_person_who_was_let_go_is_out_with_the_next_click(things: dict[str, str]) -> None:
    user = zones.planner("gone", Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user)
    assert client.get(reverse("workspace:home")).status_code == 200
    user.is_active = False
    user.save()
    assert client.get(reverse("workspace:home")).status_code == 302


def test_a_person_without_a_role_sees_nothing(things: dict[str, str]) -> None:
    user = zones.planner("no-role")
    user.role_assignments.all().delete()
    client = Client()
    client.force_login(user)
    opened = [a for a in ADDRESSES if ask(client, a, path_of(a, things)) != 403]
    assert opened == []


def test_nothing_is_written_for_another_site(things: dict[str, str]) -> None:
    client = signed_in(Role.ADMINISTRATOR, enforce_csrf_checks=True)
    for address in ADDRESSES:
        if address.method == "post":
            assert ask(client, address, path_of(address, things)) == 403, address.name


def test_numbers_that_name_nothing_are_not_found_and_never_a_fault(
    things: dict[str, str],
) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    for address in ADDRESSES:
        if any(not value.startswith("=") for value in address.arguments.values()):
            for number in ("0", "999999999", HUGE):
                path = path_of(address, dict.fromkeys(things, number))
                assert ask(client, address, path) == 404, path


@pytest.mark.parametrize("method", ["put", "delete", "patch", "post", "get"])
def test_a_method_that_a_page_does_not_take_is_405(method: str, things: dict[str, str]) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    for address in ADDRESSES:
        path = path_of(address, things)
        taken = {a.method for a in ADDRESSES if a.name == address.name}
        if address.name == "service-act":
            taken |= {"post"}
        if method not in taken:
            assert getattr(client, method)(path).status_code == 405, path


def test_hostile_forms_are_refused_with_a_page(things: dict[str, str]) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    hostile = ["", "\x00", "-1", HUGE, "1e9", "' OR 1=1 --", "<script>", "ї" * 5000, "2026-02-30"]
    names = [
        "building",
        "request",
        "who",
        "holder",
        "plan",
        "addons",
        "unit",
        "contact_name",
        "contact_phone",
        "amount",
        "token",
        "comment",
        "confirmed",
        "to_state",
        "reason",
        "scheduled_for_date",
        "charge_date",
        "do",
        "roles",
        "username",
        "password",
        "typed_word",
        "from_date",
        "until_date",
        "tariff_id",
        "when",
        "uncovered_reason",
        "code",
        "service_type",
        "name_uk",
        "sort",
        "archive",
        "applies_from",
        "charge_type",
        "speed_down_bit_s",
        "night_from",
        "credit_kopecks",
        "vat_percent",
        "seen",
        "existing_from",
        "price",
        "level",
        "zone_id",
        "admin_unit_id",
        "segment",
        "price_kopecks",
        "valid_from",
        "valid_until",
        "last_date",
        "rules",
        "zones",
        "admin_units",
        "segments",
        "percent",
        "round_to",
        "from_tariff_id",
        "contracts",
        "from_tariff",
    ]
    for address in ADDRESSES:
        if address.method != "post":
            continue
        path = path_of(address, things)
        for text in hostile:
            status = client.post(path, dict.fromkeys(names, text)).status_code
            assert status < 500, (path, text)


def test_hostile_questions_are_answered(things: dict[str, str]) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    names = [
        "q",
        "before",
        "state",
        "contract",
        "day",
        "channel",
        "kind",
        "building",
        "request",
        "plan",
        "addons",
        "user",
        "id",
        "zone",
        "unit",
        "unit_text",
        "network",
        "on",
        "segment",
        "draft",
        "lat",
        "lon",
        "existing_from",
        "zones",
    ]
    for address in ADDRESSES:
        if address.method != "get":
            continue
        path = path_of(address, things)
        for text in ("", "\x00", "-1", HUGE, "%", "\\", "2026-02-30", "ї" * 2000):
            status = client.get(path, dict.fromkeys(names, text)).status_code
            assert status < 500, (path, text)


@pytest.mark.parametrize("who", ["existing", "new"])
def test_a_sale_to_nobody_is_refused_beside_the_field(who: str, things: dict[str, str]) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    answer = client.post(
        reverse("workspace:service-new"),
        {"building": things["building"], "who": who, "plan": f"{things['tariff']}:GPON"},
    )
    assert answer.status_code == 422


def test_a_request_is_not_installed_by_a_forged_form(things: dict[str, str]) -> None:
    client = signed_in(Role.OPERATOR)
    path = reverse("workspace:request-move", args=[things["request"]])
    assert client.post(path, {"to_state": "VERIFIED"}).status_code == 302
    assert client.post(path, {"to_state": "INSTALLED"}).status_code == 422
