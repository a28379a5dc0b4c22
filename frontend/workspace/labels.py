"""Words that only the workspace shows: roles, network types, channels, actions of the audit log."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.payments.registry import PROVIDERS
from project.core.roles import Role

ROLE_LABELS: dict[str, Any] = {
    Role.PLANNER: _("planner"),
    Role.OPERATOR: _("operator"),
    Role.CASHIER: _("cashier"),
    Role.ACCOUNTANT: _("accountant"),
    Role.NETWORK_ENGINEER: _("network engineer"),
    Role.ADMINISTRATOR: _("administrator"),
}
ROLE_HELP: dict[str, Any] = {
    Role.PLANNER: _("draws and publishes coverage zones"),
    Role.OPERATOR: _("works with subscribers and requests, creates services"),
    Role.CASHIER: _("accepts cash, sees balances"),
    Role.ACCOUNTANT: _("tariffs, charge runs, adjustments, cash"),
    Role.NETWORK_ENGINEER: _("sessions and access to the network"),
    Role.ADMINISTRATOR: _("may do everything, creates staff"),
}
NETWORK_LABELS: dict[str, Any] = {
    "FTTB": _("Fibre to the building"),
    "GPON": _("Fibre to the flat (GPON)"),
    "DOCSIS": _("Cable TV network"),
    "WIRELESS": _("Radio"),
}
CHANNEL_LABELS: dict[str, Any] = {
    "CASH": pgettext_lazy("payment channel", "cash desk"),
    "cash": pgettext_lazy("payment channel", "cash desk"),
    **{provider.channel: provider.title for provider in PROVIDERS.values()},
    "BANK": pgettext_lazy("payment channel", "bank"),
}
JOURNAL_LABELS: dict[str, Any] = {
    "PAYMENT": _("Payment"),
    "CHARGE": _("Charge"),
    "REFUND": _("Refund"),
    "ADJUSTMENT": _("Adjustment"),
    "REVERSAL": _("Reversal"),
    "CORRECTION": _("Correction"),
    "TRANSFER": _("Transfer"),
    "WRITE_OFF": _("Write-off"),
}
REASON_LABELS: dict[str, Any] = {
    "AVAILABLE": _("The building lies inside a zone in service."),
    "PLANNED": _("The zone is planned."),
    "BUILDING": _("The zone is being built."),
    "SUSPENDED": _("Sales in the zone are suspended."),
    "OUTSIDE_ZONE": _("The building lies outside every zone."),
    "OVERRIDDEN": _("A surveyed exception is in force for this building."),
    "NO_FREE_PORT": _("No free port in the building."),
    "BUILDING_NOT_WIRED": _("Our cable does not reach into the building."),
    "TECH_LIMIT": _("A technical limit of the line."),
    "NEAR_EDGE": _("The building lies at the very edge of a zone: have a look on the spot."),
    "ADDRESS_AMBIGUOUS": _("The address fits several buildings."),
    "ADDRESS_UNKNOWN": _("There is no such address in the register."),
}
ACCOUNT_KINDS: dict[str, Any] = {
    "SUBSCRIBER": _("other subscribers"),
    "REVENUE": _("income"),
    "TAX": _("VAT"),
    "CLEARING": _("money received"),
    "SUSPENSE": _("payments without a payer"),
    "ADJUSTMENT": _("adjustments"),
    "BAD_DEBT": _("debts written off"),
}
ACCESS_WORDS: dict[str, Any] = {
    "FULL": pgettext_lazy("access", "open"),
    "GUEST": pgettext_lazy("access", "guest page only"),
    "REFUSED": pgettext_lazy("access", "closed"),
    "": pgettext_lazy("access", "none"),
}
REFUSALS: dict[str, Any] = {
    "not_sold_here": _("the tariff is not sold at their place"),
    "tariff_closed": _("the tariff is sold no more"),
    "bad_subscription_state": _("the service has ended meanwhile"),
    "bad_plan_change": _("the tariff could not be changed on that day"),
    "no_plan_waits": _("their tariff was changed once more since"),
    "not_found": _("the service is gone"),
}
AUDIT_OBJECTS: dict[str, Any] = {
    "customer": _("Subscriber"),
    "request": _("Request"),
    "subscription": _("Service"),
    "staff": _("Member of staff"),
    "user": _("User"),
    "zone": _("Zone"),
    "payment": _("Payment"),
    "merchant_account": _("Merchant account"),
    "legal_entity": _("Legal entity"),
    "money_operation": _("Operation with money"),
    "ledger_account": _("Contract"),
    "ledger_period": _("Month of the books"),
    "changeset": _("Zone change set"),
    "tariff": _("Tariff"),
    "discount": _("Discount"),
    "plan_batch": _("Tariff change"),
    "building": _("Building"),
    "charge_run": _("Charge run"),
    "job": _("Background job"),
    "nas": _("BRAS"),
    "bras_driver": _("Driver of access servers"),
    "access_action": _("Action on a session"),
    "session": _("Session"),
}


def word(table: dict[str, Any], value: object) -> Any:
    """The word for a value, or the value itself where nobody gave it a word."""
    return table.get(str(value), value)
