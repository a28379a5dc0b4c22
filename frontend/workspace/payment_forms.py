"""Forms of payment acceptance: filters of the list, allocation."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.ledger import queries as ledger_queries
from billing.payments import listing
from billing.payments.listing import Wanted
from frontend.workspace.forms import MoneyField, WorkspaceForm
from frontend.workspace.labels import CHANNEL_LABELS, word


class PaymentFilter(WorkspaceForm):
    """What to look for in the list of payments. What cannot be understood filters nothing."""

    first = forms.DateField(
        label=_("First day"), required=False, widget=forms.DateInput({"type": "date"})
    )
    last = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput({"type": "date"})
    )
    channel = forms.ChoiceField(label=_("Channel"), required=False)
    entity = forms.ChoiceField(label=_("Legal entity"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    contract = forms.CharField(label=_("Contract"), required=False, max_length=64)
    key = forms.CharField(label=_("Payment's number"), required=False, max_length=100)
    low = MoneyField(label=_("Amount from"), required=False, may_be_zero=True, max_length=16)
    high = MoneyField(label=_("Amount to"), required=False, max_length=16)

    def __init__(self, *args: Any, states: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entities = [(str(one.id), one.name) for one in listing.legal_entities()]
        channels = [(code, word(CHANNEL_LABELS, code)) for code in listing.channels()]
        choices: dict[str, list[tuple[str, Any]]] = {
            "channel": [("", _("all")), *channels],
            "entity": [("", _("any")), *entities],
            "state": [("", _("any")), *states],
        }
        for name, options in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = options

    def wanted(self) -> Wanted:
        """The filter; fields that are wrong are left out (the page says so beside them)."""
        self.is_valid()
        known = self.cleaned_data
        entity = known.get("entity") or ""
        return Wanted(
            first=known.get("first"),
            last=known.get("last"),
            channel=known.get("channel") or "",
            legal_entity_id=int(entity) if entity else None,
            state=known.get("state") or "",
            account=(known.get("contract") or "").strip(),
            key=(known.get("key") or "").strip(),
            low_kopecks=known.get("low"),
            high_kopecks=known.get("high"),
        )


class AllocateForm(WorkspaceForm):
    """Whose the payment is: a contract number, and why."""

    contract = forms.CharField(label=_("Contract"), max_length=64)
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def clean_contract(self) -> int:
        """The account with that number."""
        text = self.cleaned_data["contract"].strip()
        found = ledger_queries.subscriber_with_balance(code=text) if text.isprintable() else None
        if found is None:
            raise forms.ValidationError(_("There is no contract with this number."))
        return int(found.id)
