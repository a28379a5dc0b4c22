"""Sentences of provisioning for people; English here, Ukrainian in `locale/`."""

from django.utils.translation import gettext_lazy as _

# What the subscriber's own device shows (RADIUS Reply-Message, at most 240 bytes).
REPLY_MESSAGES = {
    "UNKNOWN": _("Wrong login or password."),
    "CONFLICT": _("This login belongs to another line."),
    "NEW_MAC": _("A new device. Please have it confirmed by support."),
    "WRONG_PORT": _("This device belongs to another line."),
    "NO_PASSWORD": _("A login and a password are needed."),
    "TOO_FEW": _("Your equipment is not recognised. Please call support."),
    "TOO_MANY_SESSIONS": _("Too many devices are online already."),
    "UNKNOWN_NAS": _("This access server is not registered."),
    "TERMINATED": _("The service has been terminated."),
    "NOT_ACTIVE": _("The service is not active yet."),
    "NO_PLAN": _("The service has no tariff today."),
    "PAUSED": _("The service is paused at your request."),
    "DEBT": _("The balance is not enough. Please top up your account."),
    "ADMIN": _("The service is blocked. Please call support."),
    "ABUSE": _("The service is blocked because of abuse. Please call support."),
}
