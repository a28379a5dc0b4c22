"""Payment systems: what each is, how it does, and our accounts at them with their settings."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.payments import health, registry
from billing.payments import operations as payments
from billing.payments.models import MerchantAccount
from frontend.workspace.merchant_forms import PREFIX, MerchantForm, stored
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.PAYMENTS_RECONCILE)
def registry_page(request: HttpRequest) -> HttpResponse:
    """Every payment system with its accounts and their health."""
    return render(request, "workspace/merchants.html", {"cards": health.cards(at=clock.now())})


@staff_page(Permission.PAYMENTS_SETUP, methods=("GET", "POST"))
def new(request: HttpRequest, provider: str) -> HttpResponse:
    """Open an account at a payment system."""
    declared = registry.PROVIDERS.get(provider)
    if declared is None:
        raise NotFoundError
    first: dict[str, Any] = {
        "title": declared.title,
        "is_active": True,
        "low": f"{declared.min_kopecks / 100:.2f}",
        "high": f"{declared.max_kopecks / 100:.2f}",
        "commission": "DEFAULT",
        **{PREFIX + one.name: one.default for one in declared.settings if not one.is_secret},
    }
    form = MerchantForm(request.POST or None, initial=first, provider=declared, merchant=None)
    if request.method == "POST" and form.is_valid():
        entity = form.cleaned_data["entity"]
        try:
            made = payments.open_merchant(
                at=clock.now(),
                actor=actor_of(request),
                provider=provider,
                legal_entity_id=int(entity) if entity else None,
                slug=form.cleaned_data["slug"].strip(),
                settings=form.settings(),
                **form.rules(),
            )
            return done(request, _("The account is open."), "workspace:merchant", made)
        except DomainError as error:
            _tell(form, error)
    return _page(request, form)


@staff_page(Permission.PAYMENTS_SETUP, methods=("GET", "POST"))
def detail(request: HttpRequest, merchant_id: int) -> HttpResponse:
    """Settings, networks, limits and commission of an account; secrets are written only."""
    merchant = MerchantAccount.objects.filter(id=merchant_id).first()
    declared = registry.PROVIDERS.get(merchant.provider) if merchant else None
    if merchant is None or declared is None:
        raise NotFoundError
    first = stored(merchant, declared)
    form = MerchantForm(request.POST or None, initial=first, provider=declared, merchant=merchant)
    if request.method == "POST" and form.is_valid():
        try:
            payments.change_merchant(
                at=clock.now(),
                actor=actor_of(request),
                merchant_id=merchant_id,
                settings=form.settings(),
                **form.rules(),
            )
            return done(request, _("Saved."), "workspace:merchant", merchant_id)
        except DomainError as error:
            _tell(form, error)
    return _page(request, form, health=health.of_merchant(merchant=merchant, at=clock.now()))


def _tell(form: MerchantForm, error: DomainError) -> None:
    """The error beside the setting, the rule, or above the form."""
    names = {"min_kopecks": "low", "max_kopecks": "high"}
    field = names.get(error.field or "", error.field or "")
    if PREFIX + field in form.fields:
        field = PREFIX + field
    form.add_error(field if field in form.fields else None, str(error.message))


def _page(request: HttpRequest, form: MerchantForm, **context: Any) -> HttpResponse:
    settings_fields = {field.name for field in form.settings_fields}
    merchant = form.merchant
    home = str(settings.GEOBILL_PUBLIC_URL).rstrip("/")
    shown = {
        "address": f"{home}/pay/{merchant.provider}/{merchant.slug}" if merchant else "",
        "form": form,
        "provider": form.provider,
        "merchant": form.merchant,
        "rules": [field for field in form if field.name not in settings_fields],
        "secrets": {PREFIX + one.name for one in form.provider.settings if one.is_secret},
        **context,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workspace/merchant.html", shown, status=status)
