"""The Tariff Constructor: products, drafts of terms, publishing."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.models import PriceRule, Tariff
from billing.tariffs import constructor
from billing.tariffs import operations as tariffs
from frontend.workspace import params
from frontend.workspace.queries import constructor as pages
from frontend.workspace.queries.prices import require_publish
from frontend.workspace.tariff_forms import (
    NamesForm,
    PublishForm,
    TariffForm,
    TermsForm,
    terms_initial,
)
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.TARIFFS_EDIT, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Name a product; its terms come next."""
    form = TariffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            tariffs.define_tariff(at=clock.now(), actor=actor_of(request), **form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            code = form.cleaned_data["code"]
            return done(
                request, _("The tariff is named. Now its terms."), "workspace:tariff-terms", code
            )
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/tariff_new.html", {"form": form}, status=status)


@staff_page(Permission.TARIFFS_EDIT, methods=("GET", "POST"))
def names(request: HttpRequest, code: str) -> HttpResponse:
    """Other words for a tariff; or sell it no more."""
    tariff = pages.tariff_of(code=code)
    at, actor = clock.now(), actor_of(request)
    if request.method == "POST" and "archive" in request.POST:
        require_publish(request)
        is_archived = request.POST["archive"] == "1"
        constructor.archive(at=at, actor=actor, tariff_id=tariff.id, is_archived=is_archived)
        said = _("It is sold no more.") if is_archived else _("It is sold again.")
        return done(request, said, "workspace:tariff", code)
    shown = {name: getattr(tariff, name) for name in NamesForm().fields}
    form = NamesForm(request.POST or None, initial=shown)
    if request.method == "POST" and form.is_valid():
        constructor.rename(at=at, actor=actor, tariff_id=tariff.id, **form.cleaned_data)
        return done(request, _("Saved."), "workspace:tariff", code)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "tariff": tariff}
    return render(request, "workspace/tariff_names.html", context, status=status)


@staff_page(Permission.TARIFFS_EDIT, methods=("GET", "POST"))
def terms(request: HttpRequest, code: str) -> HttpResponse:
    """Draw up new terms, beginning with those of today."""
    tariff = pages.tariff_of(code=code)
    at = clock.now()
    draft = constructor.draft_of(tariff_id=tariff.id)
    shown = draft or pages.newest_version(tariff_id=tariff.id)
    form = TermsForm(
        request.POST or None,
        initial=terms_initial(shown, code=code, tomorrow=clock.today(at) + ONE_DAY),
    )
    if request.method == "POST" and form.is_valid():
        try:
            constructor.save_draft(
                at=at, actor=actor_of(request), tariff_id=tariff.id, terms=form.terms(),
                applies_from=form.cleaned_data["applies_from"],
                applies_existing_from=form.cleaned_data["applies_existing_from"],
            )  # fmt: skip
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return done(
                request, _("The draft is saved. Nobody is charged by it yet."), "workspace:tariff",
                code,
            )  # fmt: skip
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "tariff": tariff, "draft": draft, "shown": shown}
    return render(request, "workspace/tariff_terms.html", context, status=status)


@staff_page(Permission.TARIFFS_EDIT, methods=("POST",))
def drop(request: HttpRequest, code: str) -> HttpResponse:
    """Throw the draft away, or one prepared price of it."""
    tariff = pages.tariff_of(code=code)
    at, actor = clock.now(), actor_of(request)
    if "price" in request.POST:
        price_id = params.int_of(request.POST, "price") or 0
        constructor.drop_price(at=at, actor=actor, tariff_id=tariff.id, draft_price_id=price_id)
        return done(request, _("The prepared price is dropped."), "workspace:tariff", code)
    constructor.drop_draft(at=at, actor=actor, tariff_id=tariff.id)
    return done(request, _("The draft is dropped."), "workspace:tariff", code)


@staff_page(Permission.TARIFFS_PUBLISH, methods=("GET", "POST"))
def publish(request: HttpRequest, code: str) -> HttpResponse:
    """Look at the whole draft once more, then publish exactly that."""
    tariff = pages.tariff_of(code=code)
    at = clock.now()
    form = PublishForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            constructor.publish_draft(
                at=at,
                on_date=clock.today(at),
                actor=actor_of(request),
                tariff_id=tariff.id,
                **form.cleaned_data,
            )
        except DomainError as error:
            form.add_domain_error(error)
            other = pages.rule_in_the_way(rule_id=int(error.context.get("rule_id") or 0))
            return _publish_page(
                request, tariff, form, at=at, status=error.http_status, conflict=other
            )
        return done(request, _("Published."), "workspace:tariff", code)
    status = 422 if request.method == "POST" else 200
    return _publish_page(request, tariff, form, at=at, status=status)


def _publish_page(
    request: HttpRequest,
    tariff: Tariff,
    form: PublishForm,
    *,
    at: datetime,
    status: int,
    conflict: PriceRule | None = None,
) -> HttpResponse:
    current = pages.newest_version(tariff_id=tariff.id)
    draft = pages.draft(tariff_id=tariff.id, current=current)
    if draft.is_empty and request.method == "GET":
        return redirect("workspace:tariff", tariff.code)
    context: dict[str, Any] = {
        "tariff": tariff,
        "draft": draft,
        "form": form,
        "conflict": conflict,
        "tomorrow": clock.today(at) + ONE_DAY,
    }
    return render(request, "workspace/tariff_publish.html", context, status=status)
