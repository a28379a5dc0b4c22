"""Rules of Option 82: the list with a test box, a rule."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from frontend.workspace import params
from frontend.workspace.access_forms import Option82RuleForm, hex_of
from frontend.workspace.access_words import FORMS
from frontend.workspace.queries import access as pages
from frontend.workspace.web import done, staff_page
from network.option82 import rules
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.NETWORK_VIEW)
def rule_list(request: HttpRequest) -> HttpResponse:
    """The rules in their order, and what they make of a value that is put into the test box."""
    circuit = params.text_of(request.GET, "circuit", 600)
    remote = params.text_of(request.GET, "remote", 600)
    test = None
    if circuit or remote:
        test = pages.test_of(circuit_hex=hex_of(circuit), remote_hex=hex_of(remote))
    context = {
        "rows": rules.listed(),
        "forms": FORMS,
        "circuit": circuit,
        "remote": remote,
        "test": test,
    }
    return render(request, "workspace/option82.html", context)


@staff_page(Permission.NETWORK_EDIT, methods=("GET", "POST"))
def rule(request: HttpRequest, rule_id: int | None = None) -> HttpResponse:
    """One rule, or a new one; it must read its own sample."""
    if rule_id is not None and rule_id > params.BIGINT_MAX:
        raise NotFoundError
    row = None if rule_id is None else rules.rule_of(rule_id=rule_id)
    form = Option82RuleForm(request.POST or None, initial=Option82RuleForm.initial_of(row))
    if request.method == "POST" and form.is_valid():
        try:
            rules.save(
                rule_id=rule_id, wanted=form.wanted(), at=clock.now(), actor=actor_of(request)
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return done(request, _("The rule is saved."), "workspace:option82")
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "row": row}
    return render(request, "workspace/option82_rule.html", context, status=status)


@staff_page(Permission.NETWORK_EDIT, methods=("POST",))
def delete(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Take a rule away."""
    if rule_id > params.BIGINT_MAX:
        raise NotFoundError
    rules.delete(rule_id=rule_id, at=clock.now(), actor=actor_of(request))
    return done(request, _("The rule is gone."), "workspace:option82")
