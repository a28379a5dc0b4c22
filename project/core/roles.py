"""Staff roles and what each may do (pure: no Django).

A role is a job at the provider, not a set of check boxes: six of them cover the daily work, and
the table below is the one place that says what each may do. Views and operations ask for a
`Permission`.
"""

from enum import StrEnum


class Role(StrEnum):
    """The job of a member of staff; stored in `core_roleassignment.role`."""

    PLANNER = "PLANNER"
    OPERATOR = "OPERATOR"
    CASHIER = "CASHIER"
    ACCOUNTANT = "ACCOUNTANT"
    NETWORK_ENGINEER = "NETWORK_ENGINEER"
    ADMINISTRATOR = "ADMINISTRATOR"


class Permission(StrEnum):
    """One thing that a member of staff may do."""

    ZONES_VIEW = "zones.view"
    ZONES_EDIT = "zones.edit"
    ZONES_PUBLISH = "zones.publish"
    COVERAGE_OVERRIDE = "coverage.override"
    PLANT_VIEW = "plant.view"
    PLANT_EDIT = "plant.edit"
    CUSTOMERS_VIEW = "customers.view"
    CUSTOMERS_EDIT = "customers.edit"
    REQUESTS_WORK = "requests.work"
    SERVICES_CREATE = "services.create"
    SERVICES_CREATE_UNCOVERED = "services.create_uncovered"
    SERVICES_BLOCK = "services.block"
    PAYMENTS_ACCEPT_CASH = "payments.accept_cash"
    PAYMENTS_RECONCILE = "payments.reconcile"
    PAYMENTS_SETUP = "payments.setup"
    LEDGER_VIEW = "ledger.view"
    LEDGER_ADJUST = "ledger.adjust"
    LEDGER_APPROVE = "ledger.approve"
    LEDGER_REPORTS = "ledger.reports"
    LEDGER_CLOSE = "ledger.close"
    CHARGING_RUN = "charging.run"
    TARIFFS_VIEW = "tariffs.view"
    TARIFFS_EDIT = "tariffs.edit"
    TARIFFS_PUBLISH = "tariffs.publish"
    NETWORK_VIEW = "network.view"
    NETWORK_EDIT = "network.edit"
    SESSIONS_DISCONNECT = "sessions.disconnect"
    STAFF_MANAGE = "staff.manage"
    AUDIT_VIEW = "audit.view"
    LISTS_QUALIFY = "lists.qualify"
    JOBS_VIEW = "jobs.view"
    JOBS_VIEW_ALL = "jobs.view_all"


_VIEW = frozenset(
    {
        Permission.ZONES_VIEW,
        Permission.CUSTOMERS_VIEW,
        Permission.TARIFFS_VIEW,
        Permission.JOBS_VIEW,
    }
)

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.PLANNER: _VIEW
    | {
        Permission.ZONES_EDIT,
        Permission.ZONES_PUBLISH,
        Permission.COVERAGE_OVERRIDE,
        Permission.LISTS_QUALIFY,
        Permission.PLANT_VIEW,
        Permission.PLANT_EDIT,
        Permission.TARIFFS_EDIT,
    },
    Role.OPERATOR: _VIEW
    | {
        Permission.CUSTOMERS_EDIT,
        Permission.REQUESTS_WORK,
        Permission.SERVICES_CREATE,
        Permission.LISTS_QUALIFY,
        Permission.SERVICES_BLOCK,
        Permission.LEDGER_VIEW,
        Permission.NETWORK_VIEW,
        Permission.PLANT_VIEW,
        Permission.SESSIONS_DISCONNECT,
    },
    Role.CASHIER: _VIEW | {Permission.PAYMENTS_ACCEPT_CASH, Permission.LEDGER_VIEW},
    Role.ACCOUNTANT: _VIEW
    | {
        Permission.LEDGER_VIEW,
        Permission.LEDGER_ADJUST,
        Permission.LEDGER_APPROVE,
        Permission.LEDGER_REPORTS,
        Permission.LEDGER_CLOSE,
        Permission.CHARGING_RUN,
        Permission.TARIFFS_EDIT,
        Permission.TARIFFS_PUBLISH,
        Permission.PAYMENTS_ACCEPT_CASH,
        Permission.PAYMENTS_RECONCILE,
    },
    Role.NETWORK_ENGINEER: _VIEW
    | {
        Permission.NETWORK_VIEW,
        Permission.NETWORK_EDIT,
        Permission.PLANT_VIEW,
        Permission.PLANT_EDIT,
        Permission.SESSIONS_DISCONNECT,
    },
    Role.ADMINISTRATOR: frozenset(Permission),
}


def permissions_of(roles: "frozenset[Role] | set[Role]") -> frozenset[Permission]:
    """All permissions that a person with these roles has."""
    granted: frozenset[Permission] = frozenset()
    for role in roles:
        granted |= ROLE_PERMISSIONS[role]
    return granted
