"""Words of operations with a client's money: what each is called, what it does, how it is asked."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class MoneyAction:
    """One operation of people; `slug` stands in the address, `kind` in the database."""

    slug: str
    kind: str
    title: Any
    icon: str
    explanation: Any


ACTIONS: dict[str, MoneyAction] = {
    one.slug: one
    for one in (
        MoneyAction(
            "adjust",
            "ADJUSTMENT",
            _("Adjust the balance"),
            "ti-plus-minus",
            _(
                "Adds to the balance or takes from it, with a reason: a compensation, a fine, a "
                "bonus. What is due for today is charged at once."
            ),
        ),
        MoneyAction(
            "correct",
            "CORRECTION",
            _("Correct a month"),
            "ti-calendar-stats",
            _(
                "The month is computed again by what was right. Only the difference is posted, "
                "today, and names the month: closed months stay as they are."
            ),
        ),
        MoneyAction(
            "transfer",
            "TRANSFER",
            _("Move a payment"),
            "ti-transfer",
            _(
                "A payment that came to the wrong contract goes to the right one, whole. Both "
                "statements show it."
            ),
        ),
        MoneyAction(
            "refund",
            "REFUND",
            _("Return money"),
            "ti-cash-banknote",
            _(
                "The client's own money goes back to the client: no more than stands on the "
                "contract."
            ),
        ),
        MoneyAction(
            "write-off",
            "WRITE_OFF",
            _("Write a debt off"),
            "ti-eraser",
            _("A debt that nobody will pay is ended at the provider's cost."),
        ),
        MoneyAction(
            "take-back",
            "REVERSAL",
            _("Take back"),
            "ti-arrow-back-up",
            _(
                "A payment (a mistake, a chargeback) or an earlier operation is reversed. Both "
                "entries stay on the statement and lead to each other."
            ),
        ),
    )
}
BY_KIND: dict[str, MoneyAction] = {one.kind: one for one in ACTIONS.values()}
METHODS = [
    ("BANK", pgettext_lazy("how money is returned", "to a bank account")),
    ("CASH", pgettext_lazy("how money is returned", "in cash at the desk")),
]
SIGNS = [
    ("plus", _("add to the balance")),
    ("minus", _("take from the balance")),
]
