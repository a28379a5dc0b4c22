"""The navigation of the workspace: the eight modules of the product and the pages in each.

A page is listed only when it exists and the person may open it; a module only when it has a page.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import is_valid_path
from django.utils.translation import gettext_lazy as _

from billing.bookkeeping import own_money
from billing.bookkeeping import queries as bookkeeping_queries
from billing.payments import listing as payment_listing
from billing.payments import reconciling as payment_reconciling
from billing.payments import refunds as payment_refunds
from network import confirmations, live_queries
from project.core.models import User
from project.core.roles import Permission


@dataclass(frozen=True, slots=True)
class NavPage:
    """A page in the navigation; `permissions`: any one of them opens it.

    `count` says how much waits there for somebody; it is asked only for those who may open it.
    """

    title: Any
    path: str
    permissions: tuple[Permission, ...] = ()
    count: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True)
class NavModule:
    """A module of the product with its icon (a name from the icon set) and pages."""

    title: Any
    icon: str
    pages: tuple[NavPage, ...]


MODULES: tuple[NavModule, ...] = (
    NavModule(
        _("Coverage Map"),
        "ti-map-2",
        (
            NavPage(_("Buildings and zones"), "/workspace/map/", (Permission.ZONES_VIEW,)),
            NavPage(_("Zone planner"), "/planner/", (Permission.ZONES_EDIT,)),
            NavPage(_("Check a list"), "/workspace/qualify/", (Permission.LISTS_QUALIFY,)),
            NavPage(_("Where to build next"), "/planner/demand/", (Permission.ZONES_VIEW,)),
            NavPage(_("Network points"), "/planner/plant/", (Permission.PLANT_VIEW,)),
            NavPage(_("Import of addresses"), "/planner/import/", (Permission.ZONES_EDIT,)),
            NavPage(_("Streets and buildings"), "/planner/places/", (Permission.ZONES_EDIT,)),
        ),
    ),
    NavModule(
        _("Tariff Constructor"),
        "ti-tag",
        (
            NavPage(_("Tariffs and prices"), "/workspace/tariffs/", (Permission.TARIFFS_VIEW,)),
            NavPage(_("Discounts"), "/workspace/discounts/", (Permission.TARIFFS_VIEW,)),
            NavPage(
                _("Tariff changes"), "/workspace/tariff-changes/", (Permission.TARIFFS_PUBLISH,)
            ),
        ),
    ),
    NavModule(
        _("Financial System"),
        "ti-scale",
        (
            NavPage(_("Charge runs"), "/workspace/charging/", (Permission.LEDGER_VIEW,)),
            NavPage(
                _("Approvals"),
                "/workspace/operations/",
                (Permission.LEDGER_ADJUST,),
                bookkeeping_queries.waiting_count,
            ),
            NavPage(
                _("Trial balance"),
                "/workspace/accounting/trial-balance/",
                (Permission.LEDGER_REPORTS,),
            ),
            NavPage(_("Turnover"), "/workspace/accounting/turnover/", (Permission.LEDGER_REPORTS,)),
            NavPage(
                _("Money on its way"),
                "/workspace/accounting/clearing/",
                (Permission.LEDGER_REPORTS,),
            ),
            NavPage(
                _("Own money"),
                "/workspace/accounting/own-money/",
                (Permission.PAYMENTS_RECONCILE,),
                own_money.to_pay_out_count,
            ),
            NavPage(
                _("Export and months"),
                "/workspace/accounting/months/",
                (Permission.LEDGER_REPORTS,),
            ),
        ),
    ),
    NavModule(
        _("Payment Acceptance"),
        "ti-cash",
        (
            NavPage(_("Cash desk"), "/workspace/cash-desk/", (Permission.PAYMENTS_ACCEPT_CASH,)),
            NavPage(_("Payments"), "/workspace/payments/", (Permission.LEDGER_VIEW,)),
            NavPage(
                _("Without a payer"),
                "/workspace/payments/unallocated/",
                (Permission.PAYMENTS_RECONCILE,),
                payment_listing.unallocated_count,
            ),
            NavPage(
                _("Contradictions"),
                "/workspace/payments/contradictions/",
                (Permission.PAYMENTS_RECONCILE,),
            ),
            NavPage(
                _("Refunds to settle"),
                "/workspace/payments/refunds/",
                (Permission.PAYMENTS_RECONCILE,),
                payment_refunds.to_settle_count,
            ),
            NavPage(
                _("Reconciliation"),
                "/workspace/reconciliation/",
                (Permission.PAYMENTS_RECONCILE,),
                payment_reconciling.disputes_count,
            ),
            NavPage(
                _("Payment systems"), "/workspace/merchants/", (Permission.PAYMENTS_RECONCILE,)
            ),
            NavPage(
                _("Legal entities"), "/workspace/legal-entities/", (Permission.PAYMENTS_SETUP,)
            ),
        ),
    ),
    NavModule(
        _("Provisioning"),
        "ti-router",
        (
            NavPage(_("Open sessions"), "/workspace/sessions/", (Permission.NETWORK_VIEW,)),
            NavPage(_("Map of sessions"), "/workspace/sessions/map/", (Permission.NETWORK_VIEW,)),
            NavPage(_("IP addresses"), "/workspace/addresses/", (Permission.NETWORK_VIEW,)),
            NavPage(
                _("Action queue"),
                "/workspace/actions/",
                (Permission.NETWORK_VIEW,),
                live_queries.dead_count,
            ),
            NavPage(_("Drift board"), "/workspace/drift/", (Permission.NETWORK_VIEW,)),
            NavPage(_("Access servers"), "/workspace/access-servers/", (Permission.NETWORK_VIEW,)),
            NavPage(_("Drivers"), "/workspace/drivers/", (Permission.NETWORK_VIEW,)),
            NavPage(
                _("Refusals and guests"),
                "/workspace/network/refusals/",
                (Permission.NETWORK_VIEW,),
                confirmations.waiting_count,
            ),
            NavPage(_("Guest rules"), "/workspace/network/guests/", (Permission.NETWORK_VIEW,)),
            NavPage(_("Identification"), "/workspace/network/modes/", (Permission.NETWORK_VIEW,)),
            NavPage(_("Option 82"), "/workspace/network/option82/", (Permission.NETWORK_VIEW,)),
        ),
    ),
    NavModule(
        _("CRM"),
        "ti-inbox",
        (
            NavPage(_("Requests"), "/workspace/requests/", (Permission.CUSTOMERS_VIEW,)),
            NavPage(_("New service"), "/workspace/services/new/", (Permission.SERVICES_CREATE,)),
        ),
    ),
    NavModule(
        _("User Frame"),
        "ti-users",
        (NavPage(_("Subscribers"), "/workspace/customers/", (Permission.CUSTOMERS_VIEW,)),),
    ),
    NavModule(
        _("Base Report Analytics"),
        "ti-chart-bar",
        (NavPage(_("All reports"), "/reports/", (Permission.LEDGER_VIEW,)),),
    ),
)

ADMINISTRATION: tuple[NavPage, ...] = (
    NavPage(_("Staff"), "/workspace/staff/", (Permission.STAFF_MANAGE,)),
    NavPage(_("Audit log"), "/workspace/audit/", (Permission.AUDIT_VIEW,)),
)

# Pages about one thing whose addresses lie under no page above: the page they belong to.
BELONG: tuple[tuple[str, str], ...] = (
    ("/workspace/network/services/", "/workspace/network/modes/"),
    ("/workspace/speeds/", "/workspace/sessions/"),
    ("/workspace/services/new/", "/workspace/services/new/"),
    ("/workspace/services/", "/workspace/customers/"),
    ("/workspace/prices/", "/workspace/tariffs/"),
    ("/workspace/what-if/", "/workspace/tariffs/"),
)


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A page as it is drawn."""

    title: Any
    path: str
    is_here: bool
    count: int = 0


@dataclass(frozen=True, slots=True)
class ShownModule:
    """A module as it is drawn; its tab leads to its first page."""

    title: Any
    icon: str
    path: str
    is_here: bool
    pages: list[ShownPage]

    @property
    def count(self) -> int:
        """How much waits in its pages."""
        return sum(page.count for page in self.pages)


def _may_open(user: object, page: NavPage) -> bool:
    if not isinstance(user, User) or not is_valid_path(page.path):
        return False
    return not page.permissions or any(user.may(needed) for needed in page.permissions)


def _place(path: str) -> str:
    """Where the page is in the navigation."""
    return next((page for prefix, page in BELONG if path.startswith(prefix)), path)


def _shown(request: HttpRequest, pages: tuple[NavPage, ...]) -> Iterator[ShownPage]:
    # A page may lie under another one: then only the inner one is where the person is.
    place = _place(request.path)
    here = max((p.path for p in pages if place.startswith(p.path)), key=len, default="")
    for page in pages:
        if _may_open(request.user, page):
            count = page.count() if page.count else 0
            yield ShownPage(page.title, page.path, page.path == here, count)


def modules_for(request: HttpRequest) -> list[ShownModule]:
    """The modules with the pages that this person may open."""
    shown = []
    for module in MODULES:
        pages = list(_shown(request, module.pages))
        if pages:
            here = any(page.is_here for page in pages)
            shown.append(ShownModule(module.title, module.icon, pages[0].path, here, pages))
    return shown


def administration_for(request: HttpRequest) -> list[ShownPage]:
    """Staff and audit, for those who may."""
    return list(_shown(request, ADMINISTRATION))
