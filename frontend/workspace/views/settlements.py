"""A transfer of a payment system that was posted wrong: looked at, and taken back."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.payments import settling
from frontend.workspace.forms import WorkspaceForm
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission


class ReasonForm(WorkspaceForm):
    """Why it is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


@staff_page(Permission.PAYMENTS_RECONCILE, methods=("GET", "POST"))
def correct(request: HttpRequest, settlement_id: int) -> HttpResponse:
    """One transfer; POST takes it back, so that it can be posted with the right amounts."""
    found = settling.settlement(settlement_id=settlement_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        at = clock.now()
        try:
            settling.take_back(
                at=at,
                on_date=clock.today(at),
                actor=actor_of(request),
                settlement_id=settlement_id,
                reason=form.cleaned_data["reason"],
            )
            return done(
                request,
                _("The transfer is taken back. Post it with the right amounts."),
                "workspace:reconciliation-day",
                found.merchant_id,
                found.on_date.isoformat(),
            )
        except DomainError as error:
            form.add_domain_error(error)
    status = 422 if form.is_bound and form.errors else 200
    context = {"found": found, "form": form}
    return render(request, "workspace/settlement.html", context, status=status)
