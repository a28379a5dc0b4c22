"""The page on which a subscriber says that a new router is theirs, without a call to anybody."""

from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from frontend.throttle import allowed
from network import own_devices
from project.core import clock
from project.core.errors import DomainError
from project.core.http import client_ip

TOO_MANY = _("Too many attempts. Try again in a minute.")
ID_MAX = 2**62


class SignInForm(forms.Form):
    """Login and password of the Internet service, as in the contract and in the router."""

    login = forms.CharField(
        label=_("Login of the Internet service"),
        max_length=64,
        error_messages={
            "required": _("Write the login: it is in your contract."),
            "max_length": _("This is too long for a login."),
        },
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=_("Password of the Internet service"),
        max_length=128,
        strip=False,
        error_messages={
            "required": _("Write the password: it is in your contract."),
            "max_length": _("This is too long for a password."),
        },
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class AnswerForm(forms.Form):
    """Which device, and whether it is the subscriber's."""

    device = forms.IntegerField(min_value=1, max_value=ID_MAX)
    answer = forms.ChoiceField(choices=[("mine", ""), ("strange", "")])


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Login and password; right ones lead to the page of the service's devices."""
    form = SignInForm(request.POST or None)
    if request.method != "POST":
        return render(request, "public/device_sign_in.html", {"form": form})
    typed = request.POST.get("login", "").strip()[:64]
    # Counted for the login apart: many addresses together cannot try one password either.
    if not allowed(request, scope="login", subject=f"service/{quote(typed)}"):
        return _refused(request, form, TOO_MANY, status=429)
    if not form.is_valid():
        return _refused(request, form, None, status=422)
    try:
        token = own_devices.sign_in(
            login=form.cleaned_data["login"], password=form.cleaned_data["password"]
        )
    except DomainError as error:
        return _refused(request, form, error.message, status=error.http_status)
    return redirect("public:device", token=token)


def _refused(
    request: HttpRequest, form: SignInForm, message: object, *, status: int
) -> HttpResponse:
    if message is not None:
        form.add_error(None, str(message))
    return render(request, "public/device_sign_in.html", {"form": form}, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: HttpRequest, token: str) -> HttpResponse:
    """The new devices of a service that wait; POST says of one whose it is."""
    scope = "request" if request.method == "POST" else "browse"
    if not allowed(request, scope=scope):
        return _over(request, TOO_MANY, status=429)
    try:
        if request.method == "POST":
            return _answered(request, token)
        page = own_devices.devices_of(token=token)
    except own_devices.LinkOverError as error:
        return _over(request, error.message, status=error.http_status)
    return _secret(render(request, "public/devices.html", {"page": page}))


def _answered(request: HttpRequest, token: str) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        page = own_devices.devices_of(token=token)
        context = {"page": page, "wrong": _("Choose a device and say whether it is yours.")}
        return _secret(render(request, "public/devices.html", context, status=422))
    is_own = form.cleaned_data["answer"] == "mine"
    try:
        own_devices.answer(
            token=token,
            request_id=form.cleaned_data["device"],
            is_own=is_own,
            at=clock.now(),
            ip=client_ip(request),
        )
    except own_devices.LinkOverError:
        raise
    except DomainError as error:
        page = own_devices.devices_of(token=token)
        context = {"page": page, "wrong": error.message}
        return _secret(render(request, "public/devices.html", context, status=error.http_status))
    if is_own:
        messages.success(request, _("The device is yours now: full access opens by itself."))
    else:
        messages.success(request, _("The device is turned away. It will not be asked about again."))
    return _secret(redirect("public:device", token=token))


def _over(request: HttpRequest, message: object, *, status: int) -> HttpResponse:
    context = {"form": SignInForm(), "over": message}
    return _secret(render(request, "public/device_sign_in.html", context, status=status))


def _secret(response: HttpResponse) -> HttpResponse:
    """The page's address is its key: it is told to no other page."""
    response["Referrer-Policy"] = "no-referrer"
    return response
