"""The life of a connection request."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.models import Tariff
from billing.tariffs.queries import offers_for_check
from coverage.answers import Answer, CheckResult
from coverage.models import AvailabilityCheck
from coverage.queries import check_result
from crm.models import ConnectionRequest
from crm.phones import to_e164
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

State = ConnectionRequest.State

MOVES: dict[str, frozenset[str]] = {
    State.NEW: frozenset({State.VERIFIED, State.REJECTED, State.CANCELLED}),
    State.VERIFIED: frozenset({State.SCHEDULED, State.INSTALLED, State.REJECTED, State.CANCELLED}),
    State.SCHEDULED: frozenset({State.SCHEDULED, State.INSTALLED, State.REJECTED, State.CANCELLED}),
    State.INSTALLED: frozenset(),
    State.REJECTED: frozenset({State.NEW}),
    State.CANCELLED: frozenset({State.NEW}),
}
OPEN_STATES = (State.NEW, State.VERIFIED, State.SCHEDULED)


class BadRequestFieldError(DomainError):
    """A field of the request form can't be accepted; `field` names it."""

    code = "bad_field"


class NotOrderableError(DomainError):
    """The check's answer is no, or the tariff is not sold there."""

    code = "not_orderable"
    http_status = 409


class BadMoveError(DomainError):
    """A request cannot go from its present state to that one."""

    code = "bad_move"
    http_status = 409


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call about a request: as typed in, to be cleaned by `clean_contact`."""

    name: str
    phone: str
    email: str = ""


def clean_contact(contact: Contact) -> Contact:
    """The contact with its phone in E.164; raises BadRequestFieldError naming the field."""
    name = " ".join(contact.name.split())
    if not name or len(name) > 200:
        raise BadRequestFieldError(_("Please write a name."), field="contact_name")
    phone = to_e164(contact.phone)
    if phone is None:
        raise BadRequestFieldError(
            _("This does not look like a phone number. For example: 067 123 45 67."),
            field="contact_phone",
        )
    email = contact.email.strip()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise BadRequestFieldError(
                _("This does not look like an e-mail address."), field="contact_email"
            ) from error
    return Contact(name=name, phone=phone, email=email)


def file_request(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    check_public_id: str,
    tariff_code: str = "",
    network_type: str = "",
    contact_name: str,
    contact_phone: str,
    contact_email: str = "",
    unit: str = "",
    comment: str = "",
    language: str = "uk",
) -> ConnectionRequest:
    """Take a client's request for the place of a stored check.

    With a tariff, the price shown that day is kept in `offer`. Where the answer is not "available"
    the request is still taken (it feeds the demand map) but no tariff can be promised. The same
    check, phone and plan sent twice give the same request.
    """
    contact = clean_contact(Contact(contact_name, contact_phone, contact_email))
    check = check_result(public_id=check_public_id)
    tariff, offer = _promise(
        check=check, tariff_code=tariff_code, network_type=network_type, on_date=on_date
    )
    with transaction.atomic():
        # The check is the lock: of a form that is sent twice at once the second finds the first.
        AvailabilityCheck.objects.select_for_update(no_key=True).get(id=check.check_id)
        same = ConnectionRequest.objects.filter(
            check_made_id=check.check_id, contact_phone=contact.phone, state=State.NEW
        ).first()
        if same is not None and same.tariff_id == (tariff.id if tariff else None):
            return same
        request = ConnectionRequest.objects.create(
            public_id=uuid.uuid4(),
            state=State.NEW,
            created_at=at,
            updated_at=at,
            check_made_id=check.check_id,
            building_id=check.building_id,
            unit=unit.strip()[:16],
            address_text=_place_text(check)[:300],
            tariff=tariff,
            network_type=network_type if tariff else "",
            offer=offer,
            contact_name=contact.name,
            contact_phone=contact.phone,
            contact_email=contact.email,
            comment=comment.strip()[:500],
            language=language if language in {"uk", "en"} else "uk",
        )
        _note(request, at=at, actor=actor, action="crm.request.filed", before=None)
        outbox.emit(topic="crm.request_filed", payload={"number": request.number}, at=at)
    return request


def _promise(
    *, check: CheckResult, tariff_code: str, network_type: str, on_date: date
) -> tuple[Tariff | None, dict[str, Any]]:
    """The tariff and the price that the client saw, or nothing where nothing can be promised."""
    if not tariff_code:
        return None, {}
    sold = [n for n in check.networks if n.answer is Answer.AVAILABLE]
    if check.building_id is None and check.point is None:
        raise NotOrderableError(_("We must know the place before a plan can be ordered."))
    for offer in offers_for_check(check=check, on_date=on_date):
        if offer.tariff_code == tariff_code and network_type in {"", offer.network_type}:
            if offer.network_type not in {n.network_type for n in sold}:
                break
            tariff = Tariff.objects.get(id=offer.tariff_id)
            return tariff, {
                "tariff_code": offer.tariff_code,
                "network_type": offer.network_type,
                "price_kopecks": offer.price_kopecks,
                "connection_fee_kopecks": offer.connection_fee_kopecks,
                "price_rule_id": offer.price_rule_id,
                "on_date": on_date.isoformat(),
            }
    raise NotOrderableError(
        _("This plan is not sold at this address. Choose one of the plans shown."),
        field="tariff_code",
    )


def _place_text(check: CheckResult) -> str:
    """The matched address, else what was typed (the check itself forgets it in time), or a pin."""
    if check.building_id is not None:
        return check.address_label
    typed = AvailabilityCheck.objects.values_list("raw_text", flat=True).get(id=check.check_id)
    if typed.strip():
        return typed.strip()
    if check.point is not None:
        return f"{check.point[1]:.5f}, {check.point[0]:.5f}"
    return "?"


def move_request(
    *,
    number: int,
    to_state: str,
    at: datetime,
    actor: Actor,
    reason: str = "",
    scheduled_for_date: date | None = None,
) -> ConnectionRequest:
    """Move a request on; a rejection needs a reason, a visit needs its date.

    To INSTALLED a request comes only by the sale of its service (`mark_installed`).
    """
    with transaction.atomic():
        request = ConnectionRequest.objects.select_for_update().filter(number=number).first()
        if request is None:
            raise NotFoundError
        if to_state == State.INSTALLED:
            raise BadMoveError(_("Create the service from this request: that closes it."))
        if to_state not in MOVES[request.state]:
            raise BadMoveError(
                _("A request in state “%(old)s” cannot become “%(new)s”.")
                % {"old": request.state, "new": to_state}
            )
        if to_state == State.REJECTED and not reason.strip():
            raise BadRequestFieldError(_("Say why it is rejected."), field="reason")
        if to_state == State.SCHEDULED and scheduled_for_date is None:
            raise BadRequestFieldError(
                _("Choose the day of the visit."), field="scheduled_for_date"
            )
        before = {"state": request.state}
        request.state = to_state
        request.updated_at = at
        request.assigned_to_id = actor.user_id or request.assigned_to_id
        if to_state == State.REJECTED:
            request.reject_reason = reason.strip()[:300]
        if to_state == State.SCHEDULED:
            request.scheduled_for_date = scheduled_for_date
        request.save()
        _note(request, at=at, actor=actor, action="crm.request.moved", before=before)
    return request


def mark_installed(
    *,
    request: ConnectionRequest,
    customer_id: int,
    subscription_id: int,
    at: datetime,
    actor: Actor,
) -> None:
    """The service of this request has been created (called inside the creating transaction)."""
    if request.state not in OPEN_STATES:
        raise BadMoveError(_("This request is already closed."))
    before = {"state": request.state}
    request.state = State.INSTALLED
    request.customer_id = customer_id
    request.subscription_id = subscription_id
    request.updated_at = at
    request.save()
    _note(request, at=at, actor=actor, action="crm.request.moved", before=before)


def _note(
    request: ConnectionRequest,
    *,
    at: datetime,
    actor: Actor,
    action: str,
    before: dict[str, Any] | None,
) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=action,
        obj=("request", request.number),
        summary=f"№{request.number} {request.address_text}",
        before=before,
        after={"state": request.state, "reason": request.reject_reason or None},
    )


def open_requests(
    *,
    state: str = "",
    building_id: int | None = None,
    before_number: int | None = None,
    limit: int = 50,
) -> Sequence[ConnectionRequest]:
    """Requests, newest first, in one state or in all open ones; page by the last number."""
    rows = ConnectionRequest.objects.select_related(
        "tariff", "building__street", "assigned_to", "check_made", "customer"
    ).order_by("-number")
    rows = rows.filter(state=state) if state else rows.filter(state__in=OPEN_STATES)
    if building_id is not None:
        rows = rows.filter(building_id=building_id)
    if before_number is not None:
        rows = rows.filter(number__lt=before_number)
    return list(rows[: min(limit, 200)])
