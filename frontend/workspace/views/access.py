"""Who may come in and who was not let in: refusals, new devices, conflicts, modes, parameters."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from frontend.formats import grouped
from frontend.workspace import params
from frontend.workspace.access_forms import CredentialsForm, ModeForm, ParametersForm
from frontend.workspace.access_words import MODES, REASONS
from frontend.workspace.actions import ACTIONS
from frontend.workspace.forms import WorkspaceForm
from frontend.workspace.paging import key_page
from frontend.workspace.queries import access as pages
from frontend.workspace.queries.holders import service_of
from frontend.workspace.web import back, done, staff_page
from network import (
    confirmations,
    credentials,
    guests,
    live_queries,
    modes,
    operations,
    own_devices,
    proofs,
    rejects,
)
from network.explanation import explain_access
from network.models import AccessCredential
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of, may, raise_forbidden
from project.core.roles import Permission


@staff_page(Permission.NETWORK_VIEW)
def refusals(request: HttpRequest) -> HttpResponse:
    """What waits for a word, and all that was refused or walled in."""
    before = params.int_of(request.GET, "before")
    text = params.text_of(request.GET, "q", 100)
    reason = params.choice_of(request.GET, "reason", REASONS)
    kind = params.choice_of(request.GET, "kind", ("guest", "refused"))
    rows = pages.refusals(text=text, reason=reason, kind=kind, before=before)
    context = {
        "page": key_page(rows, before=before),
        "text": text,
        "reason": reason,
        "kind": kind,
        "reasons": REASONS,
        "macs": pages.new_macs() if before is None else [],
        "alerts": pages.alerts() if before is None else [],
        "has_guest_rules": guests.is_any_active(),
        "kept_days": operations.REJECTS_KEPT_DAYS,
        "window": rejects.WINDOW,
        "servers": {one.address: one.name for one in live_queries.servers()},
    }
    return render(request, "workspace/refusals.html", context)


@staff_page(Permission.SESSIONS_DISCONNECT, methods=("POST",))
def decide_mac(request: HttpRequest, request_id: int) -> HttpResponse:
    """A new device is the subscriber's, or not."""
    if request_id > params.BIGINT_MAX:
        raise NotFoundError
    at, actor = clock.now(), actor_of(request)
    if request.POST.get("answer") == "confirm":
        confirmations.confirm_mac(request_id=request_id, at=at, actor=actor)
        text = _("The device is registered; it gets full access.")
        return back(request, text, to="workspace:refusals")
    confirmations.decline_mac(request_id=request_id, at=at, actor=actor)
    return back(request, _("The device was declined."), to="workspace:refusals")


@staff_page(Permission.SESSIONS_DISCONNECT, methods=("POST",))
def close_alert(request: HttpRequest, alert_id: int) -> HttpResponse:
    """A conflict was looked at."""
    if alert_id > params.BIGINT_MAX:
        raise NotFoundError
    confirmations.close_alert(alert_id=alert_id, at=clock.now(), actor=actor_of(request))
    return done(request, _("The conflict is closed."), "workspace:refusals")


@staff_page(Permission.NETWORK_VIEW, methods=("GET", "POST"))
def mode_list(request: HttpRequest) -> HttpResponse:
    """How services are told apart, and where; POST sets it for a place."""
    form = ModeForm(request.POST or None, initial={"mode": "TWO_OF_THREE"})
    if request.method == "POST":
        if not may(request, Permission.NETWORK_EDIT):
            raise_forbidden()
        if "drop" in request.POST:
            place = ModeForm({"place": request.POST["drop"], "mode": "AUTO"})
            if place.is_valid():
                reconnects = "reconnects" in request.POST
                reached = modes.set_mode(
                    mode="",
                    at=clock.now(),
                    actor=actor_of(request),
                    reconnects=reconnects,
                    **place.place_ids(),
                )
                said = _mode_said(
                    _("The mode of the place is taken away."), reached, reconnects=reconnects
                )
                return done(request, said, "workspace:modes")
        elif form.is_valid():
            try:
                reached = modes.set_mode(
                    mode=form.cleaned_data["mode"],
                    at=clock.now(),
                    actor=actor_of(request),
                    reconnects=bool(form.cleaned_data["reconnects"]),
                    **form.place_ids(),
                )
            except DomainError as error:
                form.add_domain_error(error)
            else:
                reconnects = form.cleaned_data["reconnects"]
                said = _mode_said(_("The mode is set."), reached, reconnects=reconnects)
                return done(request, said, "workspace:modes")
    context = {
        "form": form,
        "default": MODES[modes.default_mode()],
        "rows": [(one, MODES[one.mode]) for one in modes.settings_of_places()],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/modes.html", context, status=status)


def _mode_said(first: Any, reached: modes.Reached, *, reconnects: bool) -> str:
    """What came of it, and of the sessions that came in another way."""
    told, number = [str(first)], reached.number
    if number and reconnects:
        text = ngettext(
            "%(n)s session that came in another way is reconnected.",
            "%(n)s sessions that came in another way are reconnected.",
            number,
        )
        told.append(text % {"n": number})
    elif number:
        text = ngettext(
            "%(n)s session that came in another way goes on.",
            "%(n)s sessions that came in another way go on.",
            number,
        )
        told.append(text % {"n": number})
    if reached.looked_at:
        text = gettext("Only the first %(n)s sessions there were looked at; the others go on.")
        told.append(text % {"n": grouped(reached.looked_at)})
    return " ".join(told)


@staff_page(Permission.NETWORK_VIEW, methods=("GET", "POST"))
def parameters(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Access parameters of a service: login and password, mode, devices, MAC, port."""
    service = service_of(subscription_id=subscription_id)
    credential = AccessCredential.objects.filter(subscription_id=subscription_id).first()
    if credential is None:
        raise credentials.NoCredentialError
    gives_login = request.method == "POST" and "credentials" in request.POST
    form = _parameters_form(request, credential, is_asked=not gives_login)
    own = CredentialsForm(
        request.POST if gives_login else None, initial={"login": credential.login}
    )
    if request.method == "POST":
        asked: WorkspaceForm = own if gives_login else form
        save = _give_login if gives_login else _save
        if not (_may_give_login(request) if gives_login else _may_save(request)):
            raise_forbidden()
        if asked.is_valid():
            try:
                save(request, subscription_id, asked.cleaned_data)
            except DomainError as error:
                asked.add_domain_error(error)
            else:
                said = _("The access parameters are saved.")
                return done(request, said, "workspace:access-parameters", subscription_id)
    context = {
        "form": form,
        "own": own,
        "may_give_login": _may_give_login(request),
        **_reconnected(credential),
        "service": service,
        "credential": credential,
        "whose": pages.whose([service])[service.id],
        "test": pages.test_of(circuit_hex=credential.circuit_hex, remote_hex=credential.remote_hex),
        "line": pages.line_of(
            subscription_id=subscription_id,
            circuit_hex=credential.circuit_hex,
            remote_hex=credential.remote_hex,
        ),
        "macs": confirmations.waiting_macs_of(subscription_ids=[subscription_id]),
        "explanation": explain_access(subscription_id=subscription_id, at=clock.now()),
        "sign_in_path": reverse("public:device-sign-in"),
        "own_link": _own_link(request, subscription_id),
    }
    status = 422 if request.method == "POST" else 200
    response = render(request, "workspace/access_parameters.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _reconnected(credential: AccessCredential) -> dict[str, int]:
    """How many sessions another login would reconnect now, and how many another password."""
    whose: dict[str, Any] = {
        "subscription_id": credential.subscription_id, "login": credential.login,
    }  # fmt: skip
    return {
        "by_login": len(proofs.by_login(**whose, needs_password=False)),
        "by_password": len(proofs.by_login(**whose)),
    }


def _parameters_form(
    request: HttpRequest, credential: AccessCredential, *, is_asked: bool
) -> ParametersForm:
    initial = {
        "mode": credential.mode,
        "sessions_max": credential.sessions_max,
        "mac": credential.mac,
        "circuit": f"0x{credential.circuit_hex}" if credential.circuit_hex else "",
        "remote": f"0x{credential.remote_hex}" if credential.remote_hex else "",
    }
    return ParametersForm((request.POST or None) if is_asked else None, initial=initial)


def _may_give_login(request: HttpRequest) -> bool:
    """Whoever may have a new password made may also say which."""
    return ACTIONS["reset-password"].permitted(lambda one: may(request, one))


def _may_save(request: HttpRequest) -> bool:
    return may(request, Permission.SESSIONS_DISCONNECT)


def _give_login(request: HttpRequest, subscription_id: int, data: dict[str, Any]) -> None:
    credentials.set_credentials(
        subscription_id=subscription_id,
        login=data["login"],
        password=data["password"],
        at=clock.now(),
        actor=actor_of(request),
    )


def _own_link(request: HttpRequest, subscription_id: int) -> str:
    """The address to send to the client; only for those who may answer for them anyway."""
    if not may(request, Permission.SESSIONS_DISCONNECT):
        return ""
    return own_devices.address_of(subscription_id=subscription_id)


def _save(request: HttpRequest, subscription_id: int, data: dict[str, Any]) -> None:
    at, actor = clock.now(), actor_of(request)
    operations.set_equipment(
        subscription_id=subscription_id,
        mac=data["mac"],
        circuit_hex=data["circuit"],
        remote_hex=data["remote"],
        at=at,
        actor=actor,
    )
    modes.set_parameters(
        subscription_id=subscription_id,
        mode=data["mode"],
        sessions_max=data["sessions_max"],
        at=at,
        actor=actor,
    )
