"""Money that goes back to payers: asked of the payment system, and settled when nobody tells."""

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.bookkeeping import second_person
from billing.payments import approving, listing, refunds
from billing.payments import operations as payments
from billing.payments.models import Payment, Refund
from billing.payments.refunds import NotRefundableError
from frontend.formats import money
from frontend.workspace import params
from frontend.workspace.forms import MoneyField, WorkspaceForm
from frontend.workspace.paging import PAGE_SIZE
from frontend.workspace.queries import payments as payment_rows
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of, may
from project.core.roles import Permission

SAID = {
    Refund.State.WAITS: _("So much needs a second person: the refund waits for a decision."),
    Refund.State.SUCCEEDED: _("The money went back to the payer."),
    Refund.State.SENT: _("The payment system has taken the refund and will tell when it is done."),
    Refund.State.UNKNOWN: _(
        "The payment system does not answer. It is asked until the end of the refund is known."
    ),
}


class RefundForm(WorkspaceForm):
    """How much goes back to the payer, and why."""

    amount = MoneyField(label=_("Goes back to the payer, ₴"), max_length=16)
    reason = forms.CharField(label=_("Reason"), max_length=300)
    token = forms.UUIDField(widget=forms.HiddenInput)


@staff_page(Permission.PAYMENTS_RECONCILE, methods=("GET", "POST"))
def ask(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Ask the payment system to give a payment back, all or a part; once for a form."""
    known = listing.known(payment_id=payment_id, with_messages=False)
    payment = known.payment
    left = refunds.refundable_kopecks(payment)
    first = {"amount": f"{left // 100},{left % 100:02d}", "token": str(uuid.uuid4())}
    form = RefundForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            made = second_person.give_back(
                at=clock.now(),
                actor=actor_of(request),
                payment_id=payment_id,
                amount_kopecks=form.cleaned_data["amount"] or 0,
                reason=form.cleaned_data["reason"],
                idempotency_key=str(form.cleaned_data["token"]),
            )
            return done(
                request, SAID.get(Refund.State(made.state), ""), "workspace:payment", payment_id
            )
        except NotRefundableError as error:
            text: Any = error.message
            if form.cleaned_data["amount"] != left:
                text = _("No more than %(most)s can be given back.") % {"most": money(left)}
            form.add_error("amount", str(text))
        except DomainError as error:
            form.add_domain_error(error)
            if why := error.context.get("reason"):
                form.add_error(None, str(why)[:200])
    return _page(request, payment, form, left=left)


def _page(request: HttpRequest, payment: Payment, form: RefundForm, *, left: int) -> HttpResponse:
    context = {
        "form": form,
        "p": payment,
        "row": payment_rows.row(payment),
        "left": left,
        "taken": payment.taken_by(left) if left > 0 else 0,
        "can": left > 0 and refunds.can_refund(payment),
        "token": form["token"].value(),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workspace/refund.html", context, status=status)


@staff_page(Permission.PAYMENTS_RECONCILE)
def waiting(request: HttpRequest) -> HttpResponse:
    """The work list: refunds of which nobody has told the end for a day."""
    context = {
        "rows": list(refunds.to_settle(at=clock.now())[: 4 * PAGE_SIZE]),
        "undecided": list(approving.waiting()[: 4 * PAGE_SIZE]),
        "may_decide": may(request, Permission.LEDGER_APPROVE),
        "me": request.user.pk,
    }
    return render(request, "workspace/refunds.html", context)


@staff_page(Permission.LEDGER_APPROVE, methods=("POST",))
def approve(request: HttpRequest, refund_id: int) -> HttpResponse:
    """The second person lets a refund go."""
    made = payments.approve_refund(at=clock.now(), actor=actor_of(request), refund_id=refund_id)
    said = SAID.get(Refund.State(made.state), "")
    return done(request, said, "workspace:payment", made.payment_id)


@staff_page(Permission.PAYMENTS_RECONCILE, methods=("POST",))
def decline(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Nothing goes back: the second person says no, or whoever asked thinks better of it."""
    comment = params.text_of(request.POST, "comment", 300)
    made = payments.decline_refund(
        at=clock.now(), actor=actor_of(request), refund_id=refund_id, comment=comment
    )
    return done(request, _("Declined: nothing goes back."), "workspace:payment", made.payment_id)


@staff_page(Permission.PAYMENTS_RECONCILE, methods=("POST",))
def settle(request: HttpRequest, refund_id: int) -> HttpResponse:
    """Say how a refund ended: the money went back, or it did not."""
    if not Refund.objects.filter(id=refund_id).exists():
        raise NotFoundError
    went = params.choice_of(request.POST, "went", ("yes", "no"))
    if not went:
        raise DomainError(_("Say whether the money went back."))
    settled = payments.settle_refund(
        at=clock.now(),
        actor=actor_of(request),
        refund_id=refund_id,
        went=went == "yes",
        comment=params.text_of(request.POST, "comment", 300),
    )
    said = _("Noted: the money went back.") if went == "yes" else _("Noted: nothing went back.")
    return done(request, said, "workspace:payment", settled.payment_id)
