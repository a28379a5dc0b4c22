"""Words of the audit log: who acts when it is not a person, and what each action is."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

ACTORS: dict[str, Any] = {
    "schedule": pgettext_lazy("actor", "by plan"),
    "system": pgettext_lazy("actor", "system"),
    "client": pgettext_lazy("actor", "client"),
}
ACTIONS: dict[str, Any] = {
    "billing.charge_run.finished": _("charge run finished"),
    "billing.payment.confirmed": _("payment accepted"),
    "billing.payment.reversed": _("payment reversed"),
    "billing.price_rule.created": _("price set"),
    "billing.subscription.activated": _("service activated"),
    "billing.subscription.blocked": _("service blocked"),
    "billing.subscription.created": _("service created"),
    "billing.subscription.paused": _("service paused"),
    "billing.subscription.plan_changed": _("tariff changed"),
    "billing.subscription.resumed": _("pause ended"),
    "billing.subscription.terminated": _("service ended"),
    "billing.subscription.unblocked": _("block taken away"),
    "billing.tariff.defined": _("tariff created"),
    "billing.tariff_version.published": _("tariff version published"),
    "core.staff.activated": _("account opened"),
    "core.staff.created": _("member of staff added"),
    "core.staff.deactivated": _("account closed"),
    "core.staff.password_changed": _("password changed"),
    "core.staff.roles_changed": _("roles changed"),
    "coverage.changeset.approved": _("zone changes approved"),
    "coverage.changeset.renamed": _("zone changes renamed"),
    "coverage.changeset.schedule_failed": _("planned publishing refused"),
    "coverage.changeset.scheduled": _("publishing of zones planned"),
    "coverage.changeset.sent_back": _("zone changes sent back"),
    "coverage.changeset.submitted": _("zone changes handed over for review"),
    "coverage.changeset.unscheduled": _("plan of publishing taken back"),
    "coverage.invariant.level_set": _("level of a map rule set"),
    "coverage.override.ended": _("note on availability ended"),
    "coverage.override.set": _("availability noted for a building"),
    "coverage.zone.discarded": _("zone draft given up"),
    "coverage.zone.drafted": _("zone draft saved"),
    "coverage.zone.published": _("zone published"),
    "crm.contract.opened": _("contract opened"),
    "crm.customer.created": _("subscriber added"),
    "crm.request.filed": _("request filed"),
    "crm.request.moved": _("state of the request changed"),
    "network.equipment.set": _("equipment set"),
    "network.nas.added": _("BRAS added"),
    "network.password.reset": _("service password changed"),
    "network.password.revealed": _("service password shown"),
    "network.session.disconnected": _("session ended"),
    "staff.password.changed": _("own password changed"),
    "staff.session.closed": _("signed out"),
    "staff.session.opened": _("signed in"),
}
