"""The forms of signing in and of changing one's own password."""

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """User name and password of a member of staff."""

    error_messages = {
        "invalid_login": _("No such user name and password. Check the keyboard's language."),
        "inactive": _("This account is switched off."),
    }


class OwnPasswordForm(PasswordChangeForm):
    """The old password once, the new one twice."""

    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": _("This is not your present password."),
        "password_mismatch": _("The two new passwords differ."),
    }
