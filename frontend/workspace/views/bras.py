"""Access servers (BRAS): the registry, one card, the check whether it is reached, the drivers."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from frontend.workspace import params
from frontend.workspace.forms import WorkspaceForm
from frontend.workspace.network_words import CAPABILITIES, CHECKS
from frontend.workspace.queries.places import map_centre
from frontend.workspace.web import done, staff_page
from network import bras, intervals, live_queries, readiness
from network.models import Nas
from network.vendors.registry import driver_for, driver_of, drivers
from project.core import audit, clock
from project.core.errors import DomainError
from project.core.http import actor_of, may
from project.core.roles import Permission

AS_DRIVER, YES, NO = "", "yes", "no"


class NasForm(WorkspaceForm):
    """The card of an access server."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    address = forms.CharField(label=gettext_lazy("IP address its packets come from"), max_length=45)
    vendor = forms.ChoiceField(label=gettext_lazy("Driver"))
    secret = forms.CharField(
        label=gettext_lazy("RADIUS secret"), max_length=64, required=False, strip=False
    )
    coa_port = forms.IntegerField(label=gettext_lazy("CoA port"), min_value=1, max_value=65_535)
    in_flight_max = forms.IntegerField(
        label=gettext_lazy("Requests at once"), min_value=1, max_value=200
    )
    on_refusal = forms.ChoiceField(
        label=gettext_lazy("When it refuses a change"),
        choices=[
            (Nas.OnRefusal.DISCONNECT.value, gettext_lazy("reconnect the session")),
            (Nas.OnRefusal.KEEP.value, gettext_lazy("leave it and put it on the list")),
        ],
    )
    requires_message_authenticator = forms.BooleanField(
        label=gettext_lazy("Message-Authenticator in all packets"), required=False
    )
    only_watched = forms.BooleanField(
        label=gettext_lazy("Only watch: ask nothing of it"), required=False
    )
    ends_unknown = forms.BooleanField(label=gettext_lazy("End sessions of nobody"), required=False)
    interim_s = forms.IntegerField(
        label=gettext_lazy("Seconds between reports"),
        min_value=intervals.SHORTEST_S,
        max_value=intervals.LONGEST_S,
        required=False,
    )
    latitude = forms.FloatField(
        label=gettext_lazy("Latitude"), min_value=-90, max_value=90, required=False
    )
    longitude = forms.FloatField(
        label=gettext_lazy("Longitude"), min_value=-180, max_value=180, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        vendor = self.fields["vendor"]
        assert isinstance(vendor, forms.ChoiceField)
        vendor.choices = [(one.code, one.title) for one in drivers().values()]
        for name in ("requires_message_authenticator", "only_watched", "ends_unknown"):
            self.fields[name].widget.attrs["aria-describedby"] = f"about-{name}"
        self.fields["secret"].widget.attrs["autocomplete"] = "off"
        self.fields["secret"].widget.attrs["spellcheck"] = "false"

    def clean(self) -> dict[str, Any]:
        """A place has both numbers, or none."""
        data = super().clean() or self.cleaned_data
        for name, other in (("latitude", "longitude"), ("longitude", "latitude")):
            lacks = name in data and data[name] is None
            if lacks and name not in self.errors and data.get(other) is not None:
                self.add_error(name, _("A place needs both numbers."))
        return data

    def card(self) -> bras.Card:
        """What was typed, as the operation takes it."""
        data = self.cleaned_data
        at = (data["longitude"], data["latitude"])
        capabilities = {
            name: self.data.get(f"can_{name}") == YES
            for name in CAPABILITIES
            if self.data.get(f"can_{name}") in {YES, NO}
        }
        return bras.Card(
            name=data["name"],
            address=data["address"],
            vendor=data["vendor"],
            secret=data["secret"],
            coa_port=data["coa_port"],
            requires_message_authenticator=data["requires_message_authenticator"],
            on_refusal=data["on_refusal"],
            in_flight_max=data["in_flight_max"],
            only_watched=data["only_watched"],
            ends_unknown=data["ends_unknown"],
            interim_s=data["interim_s"],
            capabilities=capabilities,
            point=at if None not in at else None,
        )


@staff_page(Permission.NETWORK_VIEW)
def nas_list(request: HttpRequest) -> HttpResponse:
    """All access servers."""
    rows = [(one, driver_of(one.vendor)) for one in live_queries.nas_list()]
    return render(request, "workspace/nas_list.html", {"rows": rows, "checks": CHECKS})


@staff_page(Permission.NETWORK_EDIT, methods=("GET", "POST"))
@sensitive_variables("form", "card")
def new(request: HttpRequest) -> HttpResponse:
    """A new access server."""
    first = {
        "vendor": "mikrotik",
        "coa_port": 3799,
        "in_flight_max": 200,
        "on_refusal": "DISCONNECT",
        "requires_message_authenticator": True,
    }
    form = NasForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        card = form.card()
        try:
            made = bras.save(nas_id=None, card=card, at=clock.now(), actor=actor_of(request))
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return done(request, _("The access server is added."), "workspace:nas", made.id)
    status = 422 if form.errors else 200
    context = {
        "form": form,
        "flags": _flags(request, None),
        "words": CAPABILITIES,
        "usual_s": intervals.usual_s(),
        "centre": map_centre(),
    }
    return render(request, "workspace/nas.html", context, status=status)


@staff_page(Permission.NETWORK_VIEW, methods=("GET", "POST"))
@sensitive_variables("form", "card")
def edit(request: HttpRequest, nas_id: int) -> HttpResponse:
    """One access server: its card, its check, its history."""
    nas = bras.card_of(nas_id=nas_id)
    form = NasForm(request.POST or None, initial=_initial(nas))
    if request.method == "POST" and not may(request, Permission.NETWORK_EDIT):
        raise PermissionDenied
    if request.method == "POST" and form.is_valid():
        card = form.card()
        try:
            bras.save(nas_id=nas_id, card=card, at=clock.now(), actor=actor_of(request))
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return done(request, _("The card is saved."), "workspace:nas", nas_id)
    return _card_page(request, nas, form)


def _card_page(request: HttpRequest, nas: Nas, form: NasForm, *, secret: str = "") -> HttpResponse:
    context = {
        "nas": nas,
        "form": form,
        "secret": secret,
        "driver": driver_for(nas),
        "flags": _flags(request, nas),
        "checks": CHECKS,
        "usual_s": intervals.usual_s(),
        "readying": readiness.going_on(),
        "centre": f"{nas.point.y:.6f},{nas.point.x:.6f}" if nas.point else map_centre(),
        "history": audit.entries(
            wanted=audit.AuditFilter(object_type="nas", object_id=str(nas.id)), limit=10
        ),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workspace/nas.html", context, status=status)


@staff_page(Permission.NETWORK_EDIT, methods=("POST",))
@sensitive_variables("secret")
def act(request: HttpRequest, nas_id: int) -> HttpResponse:
    """Check it, show its secret, retire it, take it back."""
    at, actor = clock.now(), actor_of(request)
    what = request.POST.get("do", "")
    if what == "secret":
        secret = bras.reveal_secret(nas_id=nas_id, at=at, actor=actor)
        nas = bras.card_of(nas_id=nas_id)
        response = _card_page(request, nas, NasForm(initial=_initial(nas)), secret=secret)
        response["Cache-Control"] = "no-store"
        return response
    if what == "retire":
        bras.retire(nas_id=nas_id, at=at, actor=actor)
        return done(request, _("It serves nobody any more."), "workspace:nas", nas_id)
    if what == "restore":
        bras.restore(nas_id=nas_id, at=at, actor=actor)
        return done(request, _("It serves again."), "workspace:nas", nas_id)
    nas = bras.check(nas_id=nas_id, at=at)
    if nas.check_result == Nas.Check.SILENT:
        text = _("No answer. Is the address right, is the CoA port open, is the secret the same?")
        messages.warning(request, text)
        return redirect("workspace:nas", nas_id)
    text = _("It answers, and the secret is right: %(ms)s ms.") % {"ms": nas.check_ms}
    return done(request, text, "workspace:nas", nas_id)


def _initial(nas: Nas) -> dict[str, Any]:
    told = {name: getattr(nas, name) for name in NasForm.base_fields if hasattr(nas, name)}
    if nas.point:
        told |= {"latitude": round(nas.point.y, 6), "longitude": round(nas.point.x, 6)}
    return told


def _flags(request: HttpRequest, nas: Nas | None) -> list[dict[str, Any]]:
    """The capabilities with what the driver says and what the card overrules."""
    driver = driver_of(nas.vendor) if nas else None
    flags = []
    for name, (title, help_text) in CAPABILITIES.items():
        own = nas.capabilities.get(name) if nas else None
        chosen = AS_DRIVER if own is None else (YES if own else NO)
        if request.method == "POST" and f"can_{name}" in request.POST:
            chosen = params.choice_of(request.POST, f"can_{name}", (YES, NO))
        says = getattr(driver.capabilities, name) if driver else None
        flags.append(
            {"name": name, "title": title, "help": help_text, "chosen": chosen, "says": says}
        )
    return flags
