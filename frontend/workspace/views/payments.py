"""Payments of all channels: the list, everything about one, those that wait for their payer."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.bookkeeping import second_person
from billing.payments import conflicts, listing, refunds, suggesting
from billing.payments import operations as payments
from billing.payments.suggesting import Why
from frontend import tables
from frontend.states import state_of
from frontend.workspace import params
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.payment_forms import AllocateForm, PaymentFilter
from frontend.workspace.queries import payments as payment_rows
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of, may
from project.core.roles import Permission

WHYS: dict[str, Any] = {
    Why.EXACT: _("this number was named"),
    Why.EARLIER: _("paid for by this payer before"),
    Why.IN_TEXT: _("the number stands in the text"),
    Why.PHONE: _("the payer's telephone"),
    Why.TYPO: _("a slip in the number"),
    Why.ADDRESS: _("the address in the text"),
}


@staff_page(Permission.LEDGER_VIEW)
def payment_list(request: HttpRequest) -> HttpResponse:
    """Payments of every channel, newest first, by all that people look them up by."""
    states = [(value, state_of(kind="payment", value=value).word) for value in listing.STATES]
    form = PaymentFilter(request.GET or {}, states=states)
    wanted = form.wanted()
    kind = params.choice_of(request.GET, "as", ("csv", "xlsx"))
    if kind:
        table = payment_rows.table(wanted)
        content = tables.as_csv(table) if kind == "csv" else tables.as_xlsx(table)
        return tables.answer(content, name=f"payments-{clock.today()}", kind=kind)
    before = params.int_of(request.GET, "before")
    rows = payment_rows.page(wanted, before=before, limit=PAGE_SIZE + 1)
    context = {
        "page": key_page(rows, before=before),
        "form": form,
        "wanted": wanted,
        "totals": listing.totals(wanted),
    }
    return render(request, "workspace/payments.html", context)


@staff_page(Permission.LEDGER_VIEW)
def detail(request: HttpRequest, payment_id: int) -> HttpResponse:
    """One payment: its attempts, refunds, journals, and what was on the wire for those who may."""
    sees_messages = may(request, Permission.PAYMENTS_RECONCILE)
    known = listing.known(payment_id=payment_id, with_messages=sees_messages)
    context = {
        "known": known,
        "row": payment_rows.row(known.payment),
        "refundable": refunds.refundable_kopecks(known.payment),
    }
    return render(request, "workspace/payment.html", context)


@staff_page(Permission.PAYMENTS_RECONCILE)
def contradictions(request: HttpRequest) -> HttpResponse:
    """The work list: payments of which their payment system has told two different things."""
    before = params.int_of(request.GET, "before")
    wanted = listing.Wanted(state=conflicts.CONFLICT)
    page = key_page(payment_rows.page(wanted, before=before, limit=PAGE_SIZE + 1), before=before)
    told = conflicts.last_told(payment_ids=[row.id for row in page.rows])
    return render(request, "workspace/contradictions.html", {"page": page, "told": told})


@staff_page(Permission.PAYMENTS_RECONCILE, methods=("POST",))
def looked_into(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Note what came of two words of a payment system that contradict each other."""
    payments.look_into(
        at=clock.now(),
        actor=actor_of(request),
        payment_id=payment_id,
        comment=params.text_of(request.POST, "comment", 300),
    )
    return done(request, _("Noted."), "workspace:payment", payment_id)


@staff_page(Permission.PAYMENTS_RECONCILE)
def unallocated(request: HttpRequest) -> HttpResponse:
    """The work list: money that came for nobody we know, with the likeliest payer of each."""
    before = params.int_of(request.GET, "before")
    rows = payment_rows.waiting(before=before, limit=PAGE_SIZE + 1)
    page = key_page(rows, before=before)
    context = {
        "page": page,
        "best": payment_rows.best_suggestions(page.rows),
        "whys": WHYS,
        "totals": listing.totals(listing.Wanted(state=listing.UNALLOCATED)),
    }
    return render(request, "workspace/unallocated.html", context)


@staff_page(Permission.PAYMENTS_RECONCILE, methods=("GET", "POST"))
def allocate(request: HttpRequest, payment_id: int) -> HttpResponse:
    """Whose is it: suggestions with their reasons, or a contract number; and back to suspense."""
    known = listing.known(payment_id=payment_id, with_messages=False)
    form = AllocateForm(request.POST or None)
    if request.method == "POST":
        answered = _act(request, payment_id, form)
        if answered is not None:
            return answered
    row = payment_rows.row(known.payment)
    waits = known.payment.is_unallocated
    context = {
        "row": row,
        "known": known,
        "form": form,
        "whys": WHYS,
        "suggestions": suggesting.suggestions(known.payment) if waits else [],
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "workspace/allocate.html", context, status=status)


def _act(request: HttpRequest, payment_id: int, form: AllocateForm) -> HttpResponse | None:
    """Do what the form says; None when it cannot be done (the form says why)."""
    at = clock.now()
    who: dict[str, Any] = {
        "at": at,
        "on_date": clock.today(at),
        "actor": actor_of(request),
        "payment_id": payment_id,
    }
    try:
        if "put_back" in request.POST:
            form.fields["contract"].required = False
            payments.put_back(**who, reason=params.text_of(request.POST, "reason", 300))
            said: Any = _("Taken back: the payment waits for its payer again.")
            return done(request, said, "workspace:payment-allocate", payment_id)
        if not form.is_valid():
            return None
        second_person.allocate(
            **who,
            account_id=form.cleaned_data["contract"],
            reason=form.cleaned_data["reason"],
        )
    except DomainError as error:
        form.is_valid()
        form.add_domain_error(error)
        return None
    said = _("Allocated: the money is on the contract.")
    return done(request, said, "workspace:unallocated")
