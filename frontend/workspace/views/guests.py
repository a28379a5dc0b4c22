"""Guest rules: the list, a rule, who came in by them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from frontend.workspace import params
from frontend.workspace.access_forms import GuestRuleForm
from frontend.workspace.access_words import REASONS
from frontend.workspace.queries import access as pages
from frontend.workspace.web import done, staff_page
from network import guest_rules, guests
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.NETWORK_VIEW)
def rule_list(request: HttpRequest) -> HttpResponse:
    """The rules in their order, and the guests of late."""
    rows = [
        (one, [REASONS[reason] for reason in one.reasons], one.session_timeout_s // 60)
        for one in guests.rules()
    ]
    is_any_active = any(one.is_active for one, _reasons, _minutes in rows)
    context = {"rows": rows, "is_any_active": is_any_active, "visits": pages.guest_visits()}
    return render(request, "workspace/guest_rules.html", context)


@staff_page(Permission.NETWORK_EDIT, methods=("GET", "POST"))
def rule(request: HttpRequest, rule_id: int | None = None) -> HttpResponse:
    """One rule, or a new one."""
    if rule_id is not None and rule_id > params.BIGINT_MAX:
        raise NotFoundError
    row = None if rule_id is None else guest_rules.rule_of(rule_id=rule_id)
    form = GuestRuleForm(request.POST or None, initial=GuestRuleForm.initial_of(row))
    if request.method == "POST" and form.is_valid():
        try:
            guest_rules.save(
                rule_id=rule_id, wanted=form.wanted(), at=clock.now(), actor=actor_of(request)
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return done(request, _("The rule is saved."), "workspace:guest-rules")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "row": row}
    return render(request, "workspace/guest_rule.html", context, status=status)


@staff_page(Permission.NETWORK_EDIT, methods=("POST",))
def delete(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Take a rule away."""
    if rule_id > params.BIGINT_MAX:
        raise NotFoundError
    guest_rules.delete(rule_id=rule_id, at=clock.now(), actor=actor_of(request))
    return done(request, _("The rule is gone."), "workspace:guest-rules")
