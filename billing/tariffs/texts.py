"""Words for people about prices: why a rule won or lost, how a tariff is charged."""

from django.utils.translation import gettext_lazy as _

from billing.tariffs.resolution import Verdict

VERDICT_TEXTS = {
    Verdict.WON: _("This rule sets the price."),
    Verdict.NOT_IN_FORCE: _("Not in force on this date."),
    Verdict.OTHER_NETWORK: _("For another network type."),
    Verdict.OTHER_ZONE: _("For another zone than the one that serves this place."),
    Verdict.OTHER_PLACE: _("For another locality."),
    Verdict.OTHER_SEGMENT: _("For another kind of client."),
    Verdict.WIDER_LEVEL: _("A rule for a narrower area exists."),
    Verdict.WIDER_UNIT: _("A rule for a smaller administrative unit exists."),
    Verdict.ANY_NETWORK: _("A rule for exactly this network type exists."),
    Verdict.ANY_SEGMENT: _("A rule for exactly this kind of client exists."),
    Verdict.OLDER: _("A newer rule exists."),
}

LEVEL_TEXTS = {
    "ZONE": _("Price of the zone"),
    "LOCALITY": _("Price of the locality"),
    "DEFAULT": _("Price everywhere"),
}

CHARGE_TYPE_TEXTS = {
    "DAILY": _("charged every day"),
    "MONTHLY_PREPAID": _("paid for a month ahead"),
    "ONE_OFF": _("paid once"),
}
