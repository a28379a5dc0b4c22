"""Legal entities that receive money: their requisites, and the places that each of them serves."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.payments import legal_entities
from billing.payments import operations as payments
from billing.payments.legal_entities import FIELDS
from frontend.workspace import params
from frontend.workspace.forms import WorkspaceForm
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission


class EntityForm(WorkspaceForm):
    """Requisites as they stand in the contract with a payment system."""

    name = forms.CharField(label=_("Name"), max_length=200)
    edrpou = forms.CharField(label=_("ЄДРПОУ or tax number"), max_length=10, required=False)
    iban = forms.CharField(label=_("IBAN"), max_length=40, required=False)
    bank_name = forms.CharField(label=_("Bank"), max_length=120, required=False)
    mfo = forms.CharField(label=_("МФО of the bank"), max_length=6, required=False)

    def values(self) -> dict[str, Any]:
        """The requisites as typed."""
        return {name: self.cleaned_data[name] for name in FIELDS}


@staff_page(Permission.PAYMENTS_SETUP)
def entity_list(request: HttpRequest) -> HttpResponse:
    """Every legal entity with its places and its accounts."""
    return render(request, "workspace/legal_entities.html", {"cards": legal_entities.cards()})


@staff_page(Permission.PAYMENTS_SETUP, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """One more legal entity."""
    form = EntityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = payments.open_legal_entity(
                at=clock.now(), actor=actor_of(request), **form.values()
            )
            return done(request, _("The legal entity is added."), "workspace:legal-entity", made)
        except DomainError as error:
            form.add_domain_error(error)
    return _page(request, form)


@staff_page(Permission.PAYMENTS_SETUP, methods=("GET", "POST"))
def detail(request: HttpRequest, entity_id: int) -> HttpResponse:
    """Requisites, the default one, places; POST saves them or drops a place."""
    card = legal_entities.card(entity_id=entity_id)
    first = {name: getattr(card.entity, name) for name in FIELDS}
    who: dict[str, Any] = {"at": clock.now(), "actor": actor_of(request), "entity_id": entity_id}
    dropped = params.int_of(request.POST, "drop")
    if request.method == "POST" and dropped is not None:
        payments.change_legal_entity(**who, drop_area_ids=[dropped])
        return done(request, _("The place is taken away."), "workspace:legal-entity", entity_id)
    form = EntityForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            payments.change_legal_entity(
                **who,
                make_default="is_default" in request.POST,
                add_unit_id=params.int_of(request.POST, "admin_unit_id"),
                **form.values(),
            )
            return done(request, _("Saved."), "workspace:legal-entity", entity_id)
        except DomainError as error:
            form.add_domain_error(error)
    return _page(request, form, card=card)


def _page(request: HttpRequest, form: EntityForm, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    shown = {"form": form, **context}
    return render(request, "workspace/legal_entity.html", shown, status=status)
