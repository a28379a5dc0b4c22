"""Who hears of what: every seam where a lower app tells or asks an upper one, on one page.

Lower apps declare the hook; upper apps bring the function; only this module knows both.
"""

from datetime import datetime
from importlib import import_module
from typing import Any

from django.utils.translation import gettext_lazy as _

from billing.charging import work as charging_work
from billing.impact import BillingProbe
from billing.payments import attempts as payment_attempts
from billing.payments import payers as payment_payers
from billing.place_counts import ActiveServices
from billing.place_movers import SERVICES
from billing.qualification import work as qualification
from billing.standing_rules import SubscriberOutsideZones
from billing.subscriptions import hooks as subscription_hooks
from billing.subscriptions import plan_batches, rezoning
from billing.whatif import work as what_if
from coverage import counters, impact, invariants
from coverage.addressfiles import job as import_job
from coverage.placing import movers
from coverage.tiles import layers as tile_layers
from coverage.zoning import publishing as zone_publishing
from crm.impact import OpenRequestsProbe
from crm.payer_directory import PayerDirectory
from crm.place_movers import REQUESTS
from crm.tiles import REQUESTS_LAYER
from network import dated, guest_rules, provisioning, readiness
from network.addressing import editing as ip_rules
from network.addressing import importjob as ip_import
from network.option82 import rules as option82_rules
from network.place_movers import LINES
from network.session_map import SESSIONS_LAYER
from project.core import jobs, outbox
from project.core.roles import Permission


def wire() -> None:
    """Connect all seams. Called once, when all apps are loaded; calling again is harmless."""
    # A subscription's state or tariff changed: its radius_decision changes in the same transaction.
    subscription_hooks.register(provisioning.refresh_decisions)
    # A publication of zones asks what it would touch.
    impact.register(BillingProbe())
    impact.register(OpenRequestsProbe())
    # What staff see on the map beside zones and buildings.
    tile_layers.register(REQUESTS_LAYER)
    tile_layers.register(SESSIONS_LAYER)
    # What stands in the buildings of an outline that is being drawn.
    counters.register(ActiveServices())
    # What hangs on a building, and moves when two buildings turn out to be one.
    movers.register(SERVICES)
    movers.register(REQUESTS)
    movers.register(LINES)
    # What must hold on the map.
    invariants.register(SubscriberOutsideZones())
    # Telephones of payers, and payers by telephone.
    payment_payers.register(PayerDirectory())
    outbox.on_wake(_wake_outbox_worker)
    for topic, path in OUTBOX_HANDLERS.items():
        outbox.register(topic, _lazy(path))
    jobs.on_wake(_wake_jobs_worker)
    for kind, (path, title, permission) in JOB_KINDS.items():
        jobs.register(
            kind=kind,
            handler=_lazy(path),
            title=title,
            permission=permission,
            is_private=kind in PRIVATE_JOBS,
        )


# topic -> the one function that acts on it outside the database
OUTBOX_HANDLERS: dict[str, str] = {
    ip_rules.RULES_CHANGED: "network.addressing.editing:on_rules_changed",
    guest_rules.CHANGED: "network.guest_rules:on_changed",
    option82_rules.CHANGED: "network.port_keys:on_rules_changed",
    # Existing clients on the terms of a new map, where the planner chose so.
    zone_publishing.TOPIC: "project.wiring:on_zone_published",
    dated.ZONES_CHANGED: "network.dated:on_zones_changed",
    rezoning.CONTINUED: "billing.subscriptions.rezoning:on_continued",
    # A provider hinted that a payment has changed: it is asked.
    payment_attempts.ASK: "billing.payments.checkouts:on_ask",
}

# Their files may have clients' passwords.
PRIVATE_JOBS = {ip_import.KIND}
# kind of long work -> the function that does it (it is given a `jobs.Progress`), what people call
# it, and the permission that it needs
JOB_KINDS: dict[str, tuple[str, Any, Permission | None]] = {
    import_job.KIND: (
        "coverage.addressfiles.job:run",
        _("Import of addresses"),
        Permission.ZONES_EDIT,
    ),
    ip_import.KIND: (
        "network.addressing.importjob:run",
        _("Import of IP addresses"),
        Permission.NETWORK_EDIT,
    ),
    readiness.KIND: ("network.readiness:run", _("Answers for a BRAS"), Permission.NETWORK_EDIT),
    qualification.KIND: (
        "billing.qualification.work:run",
        _("Check of a list of addresses"),
        Permission.LISTS_QUALIFY,
    ),
    plan_batches.KIND: (
        "billing.subscriptions.plan_batches:run",
        _("Change of tariff for many"),
        Permission.TARIFFS_PUBLISH,
    ),
    charging_work.RUN: (
        "billing.charging.work:run",
        _("Charge run by hand"),
        Permission.CHARGING_RUN,
    ),
    charging_work.TRIAL: (
        "billing.charging.work:trial",
        _("Trial of a charge run"),
        Permission.CHARGING_RUN,
    ),
    what_if.KIND: ("billing.whatif.work:run", _("What-if of a tariff"), Permission.TARIFFS_VIEW),
}


def on_zone_published(*, payload: dict[str, Any], at: datetime) -> None:
    """A published map: billing's terms; and, as news of their own, who is told apart how there."""
    rezoning.on_zone_published(payload=payload, at=at)
    outbox.emit(topic=dated.ZONES_CHANGED, payload={}, at=at)


def _lazy(path: str) -> Any:
    module_name, _, name = path.partition(":")

    def call(*args: Any, **kwargs: Any) -> Any:
        return getattr(import_module(module_name), name)(*args, **kwargs)

    return call


def _wake_outbox_worker() -> None:
    from project.tasks import dispatch_outbox

    dispatch_outbox.delay()


def _wake_jobs_worker() -> None:
    from project.tasks import run_jobs

    run_jobs.delay()
