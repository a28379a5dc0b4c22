"""Why the constructor's desk refuses to publish or to end a price."""

from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError


class NothingToPublishError(DomainError):
    """The tariff has no draft."""

    code = "nothing_to_publish"
    http_status = 409
    message = _("There is no draft to publish: somebody may have published or dropped it.")


class DraftChangedError(DomainError):
    """The draft is not the one that the person has looked at."""

    code = "draft_changed"
    http_status = 409
    message = _("The draft has been changed meanwhile. Look at it again before publishing.")


class StalePriceError(DomainError):
    """A prepared price would end another price than the one it was drawn up against.

    The context names it: `rule_id`, `price_kopecks`; none when there is no open price any more.
    """

    code = "stale_draft_price"
    http_status = 409
    message = _(
        "The price that a prepared one was to replace is another one now: look at it and put the "
        "price into the draft again."
    )


class RuleEndError(DomainError):
    """The price cannot end on that day."""

    code = "bad_rule_end"
    http_status = 409
    message = _("A price can end today or later, and not after the day it ends already.")
