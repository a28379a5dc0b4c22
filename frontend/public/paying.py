"""The page of a pay link, the way to the payment system, the page that payers return to.

A payment that waits is shown as waiting, whatever the payment system's page has said: only what it
has told us, or answered us, is paid.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from billing.payments import links
from billing.payments import operations as payments
from billing.payments.links import Asked
from billing.payments.models import Payment
from frontend.amounts import kopecks_of
from frontend.throttle import allowed
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of

REFRESH_S = 3


class PayForm(forms.Form):
    """How much, and by which payment system."""

    amount = forms.CharField(max_length=16)
    merchant = forms.IntegerField(min_value=1, max_value=2**62)

    def clean_amount(self) -> int:
        """Kopecks, more than nothing."""
        kopecks = kopecks_of(self.cleaned_data["amount"])
        if kopecks is None:
            raise forms.ValidationError(_("Write an amount like 300 or 300,50."))
        return kopecks


def _refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    context = {"message": error.message}
    return render(request, "public/pay_refused.html", context, status=error.http_status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, account: str) -> HttpResponse:
    """What is owed and how it can be paid; POST begins a payment."""
    signature = request.GET.get("k", "")[:100]
    scope = "request" if request.method == "POST" else "browse"
    if not allowed(request, scope=scope):
        error = DomainError(_("Too many attempts. Try again in a minute."))
        error.http_status = 429
        return _refused(request, error)
    try:
        page = links.asked(account_code=account, signature=signature, on_date=clock.today())
    except DomainError as error:
        return _refused(request, error)
    if request.method != "POST":
        return _page(request, page)
    form = PayForm(request.POST)
    if not form.is_valid():
        return _page(request, page, form=form, status=422)
    try:
        started = payments.begin(
            at=clock.now(),
            actor=actor_of(request),
            account_code=account,
            signature=signature,
            merchant_id=form.cleaned_data["merchant"],
            amount_kopecks=form.cleaned_data["amount"],
            language=(get_language() or "uk")[:2],
        )
    except DomainError as error:
        form.add_error("amount" if error.field == "amount" else None, str(error.message))
        return _page(request, page, form=form, status=error.http_status)
    return redirect(f"{links.return_path(order=started.order)}go/")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount that the page suggests, and why."""

    kopecks: int
    why: Any

    @property
    def typed(self) -> str:
        """As it is typed: "300", "150,25"."""
        whole, rest = divmod(self.kopecks, 100)
        return f"{whole},{rest:02d}" if rest else str(whole)


def _amounts(page: Asked) -> list[Amount]:
    """What is owed first; a month; both. Any other amount is typed."""
    debt, month = page.debt_kopecks, page.month_kopecks
    wanted = [
        Amount(debt, _("pay the debt")),
        Amount(month, _("for a month")),
        Amount(debt + month if debt and month else 0, _("the debt and a month ahead")),
    ]
    return [one for one in wanted if one.kopecks]


def _page(
    request: HttpRequest, page: Asked, *, form: PayForm | None = None, status: int = 200
) -> HttpResponse:
    amounts = _amounts(page)
    first = request.GET.get("amount") or (amounts[0].typed if amounts else "")
    context = {
        "page": page,
        "form": form,
        "amounts": amounts,
        "typed": request.POST.get("amount", first)[:16],
        "chosen": request.POST.get("merchant", ""),
    }
    return render(request, "public/pay.html", context, status=status)


@never_cache
@require_safe
def go(request: HttpRequest, order: str, signature: str) -> HttpResponse:
    """To the payment system's page: a form that the browser posts there, or a link."""
    try:
        found = links.outcome(order=order, signature=signature)
    except DomainError as error:
        return _refused(request, error)
    attempt = found.attempt
    if found.payment.state != Payment.State.CREATED or attempt is None or not attempt.url:
        return redirect(links.return_path(order=order))
    context = {"found": found, "attempt": attempt, "fields": attempt.fields}
    response = render(request, "public/pay_go.html", context)
    parts = urlsplit(attempt.url)
    response["Content-Security-Policy"] = settings.CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}"
    )
    return response


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def paid(request: HttpRequest, order: str, signature: str) -> HttpResponse:
    """What became of the payment. Some payment systems send their payers back with a POST."""
    try:
        found = links.outcome(order=order, signature=signature)
    except DomainError as error:
        return _refused(request, error)
    if request.method == "POST":
        return redirect(links.return_path(order=order))
    if found.kind == "WAITING" and found.attempt is not None:
        payments.ask_soon(attempt_id=found.attempt.id, at=clock.now())
    is_part = bool(getattr(request, "htmx", False))
    context: dict[str, Any] = {"found": found, "refresh_s": REFRESH_S, "is_part": is_part}
    template = "public/paid_part.html" if is_part else "public/paid.html"
    return render(request, template, context)
