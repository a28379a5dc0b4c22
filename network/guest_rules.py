"""Keeping the guest rules; reading and using them is `network.guests`."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from network import provisioning
from network.guests import REASONS
from network.models import GuestRule, RadiusDecision
from network.models.guest import TIMEOUT_S
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

RULES_MAX = 100
SPEED_MAX_BIT_S = 10_000_000_000
REFRESHED_AT_ONCE = 1_000
CHANGED = "network.guest_rules_changed"


class UnknownGuestRuleError(NotFoundError):
    """There is no such rule."""

    code = "guest_rule_unknown"
    message = _("This rule is not there (any more).")


class GuestRuleError(DomainError):
    """A field of the rule cannot be so; `field` says which."""

    code = "guest_rule"
    message = _("This value cannot be used.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A guest rule as somebody writes it; `network.models.GuestRule` says what the parts are."""

    name: str
    reasons: Sequence[str]
    speed_down_bit_s: int
    speed_up_bit_s: int
    session_timeout_s: int = 300
    position: int = 100
    is_active: bool = True
    zone_id: int | None = None
    nas_id: int | None = None
    per_port_max: int | None = None
    per_mac_day_max: int | None = None
    pool: str = ""
    redirect_url: str = ""


def rule_of(*, rule_id: int) -> GuestRule:
    """The rule of that id; UnknownGuestRuleError when there is none."""
    row = GuestRule.objects.filter(id=rule_id).first()
    if row is None:
        raise UnknownGuestRuleError
    return row


def save(*, rule_id: int | None, wanted: Wanted, at: datetime, actor: Actor) -> int:
    """Write a rule (a new one without `rule_id`); gives its id. Audited.

    Blocked services follow: whoever the rules now let in as a guest gets that decision.
    """
    _check(wanted, rule_id=rule_id)
    values = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
    values["reasons"] = [one for one in REASONS if one in wanted.reasons]
    with transaction.atomic():
        row = GuestRule() if rule_id is None else rule_of(rule_id=rule_id)
        before = None if rule_id is None else _told(row)
        for name, value in values.items():
            setattr(row, name, value)
        row.changed_at = at
        row.save()
        audit.record(
            at=at,
            actor=actor,
            action="network.guest_rule.saved",
            obj=("guestrule", row.id),
            summary=wanted.name,
            before=before,
            after=_told(row),
        )
        refresh_refused(at=at)
    return row.id


def delete(*, rule_id: int, at: datetime, actor: Actor) -> None:
    """Take a rule away; its guests' sessions end when their time does. Audited."""
    with transaction.atomic():
        row = rule_of(rule_id=rule_id)
        audit.record(
            at=at,
            actor=actor,
            action="network.guest_rule.deleted",
            obj=("guestrule", rule_id),
            summary=row.name,
            before=_told(row),
        )
        row.delete()
        refresh_refused(at=at)


def refresh_refused(*, at: datetime, after: int = 0) -> int:
    """Decide anew a portion of the services that have no full access; gives how many. The rest is
    news of the outbox: of a big provider's debtors nobody can wait at a form."""
    ids = list(
        RadiusDecision.objects.exclude(state=RadiusDecision.State.FULL)
        .filter(subscription_id__gt=after)
        .order_by("subscription_id")
        .values_list("subscription_id", flat=True)[:REFRESHED_AT_ONCE]
    )
    provisioning.refresh_decisions(subscription_ids=ids, at=at)
    if len(ids) == REFRESHED_AT_ONCE:
        outbox.emit(topic=CHANGED, payload={"after": ids[-1]}, at=at)
    return len(ids)


def on_changed(*, payload: dict[str, Any], at: datetime) -> None:
    """Outbox: the next portion of services without full access."""
    refresh_refused(at=at, after=int(payload.get("after", 0)))


def next_position() -> int:
    """Where a new rule goes: last."""
    return int((GuestRule.objects.aggregate(most=Max("position"))["most"] or 0) + 10)


def _told(row: GuestRule) -> dict[str, Any]:
    return {one.name: getattr(row, one.name) for one in fields(Wanted)}


def _check(wanted: Wanted, *, rule_id: int | None) -> None:
    others = GuestRule.objects.exclude(id=rule_id or 0)
    if not wanted.name.strip() or others.filter(name=wanted.name).exists():
        raise GuestRuleError(_("There is a rule with this name already."), field="name")
    if rule_id is None and others.count() >= RULES_MAX:
        raise GuestRuleError(_("There are too many rules already."), field="name")
    if not wanted.reasons or set(wanted.reasons) - set(REASONS):
        raise GuestRuleError(_("Choose at least one reason."), field="reasons")
    for name in ("speed_down_bit_s", "speed_up_bit_s"):
        if not 0 < getattr(wanted, name) <= SPEED_MAX_BIT_S:
            raise GuestRuleError(field=name)
    if not TIMEOUT_S[0] <= wanted.session_timeout_s <= TIMEOUT_S[1]:
        raise GuestRuleError(_("From one minute to a day."), field="session_timeout_s")
    for name in ("per_port_max", "per_mac_day_max"):
        value = getattr(wanted, name)
        if value is not None and not 1 <= value <= 10_000:
            raise GuestRuleError(field=name)
    if wanted.redirect_url:
        parts = urlsplit(wanted.redirect_url)
        clean = wanted.redirect_url.isascii() and wanted.redirect_url.isprintable()
        if parts.scheme not in {"http", "https"} or not parts.hostname or not clean:
            raise GuestRuleError(_("An address that begins with http."), field="redirect_url")
