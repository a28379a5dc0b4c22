"""Signing in and out, the first page by role, the language switch, one's own password."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from frontend.accounts.forms import OwnPasswordForm, SignInForm
from frontend.throttle import allowed
from project.core import audit, clock
from project.core.http import actor_of
from project.core.models import User
from project.core.roles import Role


def first_page(user: User) -> str:
    """Where the day begins: the planner's map for a planner, the workspace for all others."""
    return "/planner/" if user.roles() == {Role.PLANNER} else "/workspace/"


class SignIn(auth_views.LoginView):
    """The sign-in page; attempts are counted by address and by user name."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse with 429 when too many attempts were made lately."""
        subject = request.POST.get("username", "").strip()
        if not allowed(request, scope="login", subject=subject):
            page = self.get_context_data(form=SignInForm(), too_many=True, typed=subject)
            return self.render_to_response(page, status=429)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Sign in, and leave a line in the audit log."""
        answer = super().form_valid(form)
        _note(self.request, action="staff.session.opened")
        return answer

    def get_default_redirect_url(self) -> str:
        """By role, unless the person was on the way somewhere."""
        return resolve_url(settings.LOGIN_REDIRECT_URL)


class SignOut(auth_views.LogoutView):
    """Sign out (POST only) and go to the public site."""

    next_page = "/"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Leave a line in the audit log while we still know who it was."""
        if request.user.is_authenticated:
            _note(request, action="staff.session.closed")
        return super().post(request, *args, **kwargs)


class OwnPassword(auth_views.PasswordChangeView):
    """Change one's own password; other sessions of the person end."""

    template_name = "accounts/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("accounts:start")

    def form_valid(self, form: Any) -> HttpResponse:
        """Change it, say so, and leave a line in the audit log."""
        answer = super().form_valid(form)
        _note(self.request, action="staff.password.changed")
        messages.success(self.request, _("The password has been changed."))
        return answer


def _note(request: HttpRequest, *, action: str) -> None:
    actor = actor_of(request)
    audit.record(
        at=clock.now(),
        actor=actor,
        action=action,
        obj=("user", actor.user_id or 0),
        summary=actor.label,
    )


@login_required
def start(request: HttpRequest) -> HttpResponseRedirect:
    """To the person's first page."""
    assert isinstance(request.user, User)
    return redirect(first_page(request.user))


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language (a cookie) and go back to the page it was switched on."""
    return set_language(request)
