"""Forms of the workspace: they read what was typed; the rules live in the operations."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from frontend.workspace.labels import NETWORK_LABELS, ROLE_LABELS
from frontend.workspace.money_words import METHODS, SIGNS
from frontend.workspace.params import BIGINT_MAX
from project.core.errors import DomainError
from project.core.roles import Role

MAX_AMOUNT_KOPECKS = 100_000_000  # a million hryvnias: beyond it somebody typed a phone number


FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)


def _in_our_days(day: date) -> None:
    """A day beyond is a slip, and the last days of the calendar have none after them."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise forms.ValidationError(_("Check the year."))


class MoneyField(forms.CharField):
    """An amount in hryvnias as typed ("1 234,50", "300"), read as kopecks."""

    def __init__(
        self, *, may_be_zero: bool = False, may_be_negative: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.may_be_zero, self.may_be_negative = may_be_zero, may_be_negative

    def clean(self, value: Any) -> int | None:  # type: ignore[override]
        """Kopecks, more than nothing; below zero only where that has a meaning."""
        text = re.sub(r"[\s\u00a0\u202f₴]|грн\.?", "", super().clean(value))
        if not text:
            return None
        is_negative = self.may_be_negative and text[0] in "-−"
        text = text[1:] if is_negative else text
        match = re.fullmatch(r"(\d{1,9})(?:[.,](\d{1,2}))?", text, re.ASCII)
        if match is None:
            raise forms.ValidationError(_("Write an amount like 300 or 300,50."))
        kopecks = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
        if kopecks == 0 and not self.may_be_zero:
            raise forms.ValidationError(_("The amount must be more than zero."))
        if kopecks > MAX_AMOUNT_KOPECKS:
            raise forms.ValidationError(
                _("That is more than a million hryvnias. Check the amount.")
            )
        return -kopecks if is_negative else kopecks


class WorkspaceForm(forms.Form):
    """A form whose fields look alike and that can carry an operation's error to its field."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DateField):
                field.validators = [*field.validators, _in_our_days]
            is_select = isinstance(field.widget, forms.Select)
            if not isinstance(field.widget, (forms.CheckboxInput, forms.CheckboxSelectMultiple)):
                field.widget.attrs.setdefault(
                    "class", "form-select" if is_select else "form-control"
                )

    def add_domain_error(self, error: DomainError) -> None:
        """Show the error beside its field, or above the form when it has none here."""
        self.add_error(error.field if error.field in self.fields else None, str(error.message))


class KeyField(forms.IntegerField):
    """A database key."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=BIGINT_MAX, **kwargs)


class DateInput(forms.DateInput):
    """The browser's own date field."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ServiceForm(WorkspaceForm):
    """Who gets what service in which flat of a building."""

    who = forms.ChoiceField(choices=[("new", _("New")), ("existing", _("Existing"))])
    holder = forms.RegexField(r"^[1-9]\d{0,17}:([1-9]\d{0,17})?$", required=False)
    contact_name = forms.CharField(label=_("Name"), max_length=200, required=False)
    contact_phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    contact_email = forms.CharField(label=_("E-mail"), max_length=254, required=False)
    unit = forms.CharField(label=_("Flat or unit"), max_length=16, required=False)
    plan = forms.CharField(max_length=80)
    token = forms.UUIDField(widget=forms.HiddenInput)
    addons = forms.MultipleChoiceField(required=False)
    uncovered_reason = forms.CharField(
        label=_("Why it is sold without coverage"), max_length=300, required=False
    )

    def __init__(self, *args: Any, addon_ids: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        addons = self.fields["addons"]
        assert isinstance(addons, forms.MultipleChoiceField)
        addons.choices = [(str(i), str(i)) for i in addon_ids]
        for name, hint in {
            "contact_name": "name",
            "contact_phone": "tel",
            "contact_email": "email",
        }.items():
            self.fields[name].widget.attrs["autocomplete"] = f"off {hint}"
        self.fields["contact_phone"].widget.attrs["inputmode"] = "tel"
        self.fields["contact_phone"].widget.attrs["placeholder"] = "067 123 45 67"

    def clean_holder(self) -> tuple[int | None, int | None]:
        """`holder` is "customer id:account id"; without the account a new contract is opened."""
        customer_id, _colon, account_id = self.cleaned_data["holder"].partition(":")
        return (
            int(customer_id) if customer_id else None,
            int(account_id) if account_id else None,
        )

    def clean_plan(self) -> tuple[int, str]:
        """`plan` is "tariff id:network type"."""
        tariff_id, _colon, network_type = self.cleaned_data["plan"].partition(":")
        if not re.fullmatch(r"[1-9]\d{0,17}", tariff_id, re.ASCII) or (
            network_type not in NETWORK_LABELS
        ):
            raise forms.ValidationError(_("Choose a plan."))
        return int(tariff_id), network_type


class CashForm(WorkspaceForm):
    """Cash taken from a client."""

    amount = MoneyField(label=_("Amount, ₴"), max_length=24)
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False)
    token = forms.RegexField(r"^[0-9a-f-]{36}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].widget.attrs.update(
            inputmode="decimal", autocomplete="off", placeholder="300"
        )


class OperationForm(WorkspaceForm):
    """What an operation with a client's money may ask for; which fields are shown depends on it."""

    sign = forms.ChoiceField(choices=SIGNS, required=False)
    amount = MoneyField(label=_("Amount, ₴"), max_length=24, required=False)
    method = forms.ChoiceField(label=_("How"), choices=METHODS, required=False)
    payment_id = KeyField(required=False)
    operation_id = KeyField(required=False)
    to_contract = forms.CharField(label=_("To contract №"), max_length=40, required=False)
    subscription_id = KeyField(required=False)
    month = forms.RegexField(
        r"^20\d\d-(0[1-9]|1[0-2])$",
        label=_("Month"),
        required=False,
        widget=forms.TextInput(attrs={"type": "month"}),
    )
    was_price = MoneyField(max_length=24, required=False)
    right_price = MoneyField(
        label=_("Right price of a month, ₴"), max_length=24, required=False, may_be_zero=True
    )
    free_from = forms.DateField(label=_("First day"), required=False, widget=DateInput())
    free_last = forms.DateField(label=_("Last day"), required=False, widget=DateInput())
    reason = forms.CharField(label=_("Reason"), max_length=300)
    token = forms.RegexField(r"^[0-9a-f-]{36}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("amount", "right_price"):
            self.fields[name].widget.attrs.update(inputmode="decimal", autocomplete="off")
        self.fields["to_contract"].widget.attrs.update(inputmode="numeric", autocomplete="off")


class DecisionForm(WorkspaceForm):
    """What a second person says of an operation."""

    do = forms.ChoiceField(choices=[(one, one) for one in ("approve", "refuse", "withdraw")])
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False)


class MoveRequestForm(WorkspaceForm):
    """The next state of a request."""

    to_state = forms.CharField(max_length=16)
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)
    scheduled_for_date = forms.DateField(
        label=_("Day of the visit"), required=False, widget=DateInput()
    )


class ActionForm(WorkspaceForm):
    """What an action on a service may ask for."""

    comment = forms.CharField(label=_("Reason"), max_length=300, required=False)
    from_date = forms.DateField(label=_("From"), required=False, widget=DateInput())
    until_date = forms.DateField(label=_("Until"), required=False, widget=DateInput())
    tariff_id = KeyField(required=False)
    amount = MoneyField(label=_("Amount, ₴"), max_length=24, required=False)
    days = forms.IntegerField(label=_("Days"), min_value=1, max_value=92, required=False)
    typed_word = forms.CharField(max_length=40, required=False)


class StaffForm(WorkspaceForm):
    """A member of staff."""

    username = forms.CharField(label=_("User name"), max_length=150)
    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    email = forms.EmailField(label=_("E-mail"), required=False)
    password = forms.CharField(
        label=_("Password"), max_length=200, strip=False, widget=forms.PasswordInput
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=[(r.value, ROLE_LABELS[r]) for r in Role],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget.attrs["autocomplete"] = "off"
        self.fields["password"].widget.attrs["autocomplete"] = "new-password"


class RolesForm(WorkspaceForm):
    """The roles of a member of staff."""

    roles = forms.MultipleChoiceField(
        choices=[(r.value, ROLE_LABELS[r]) for r in Role], required=False
    )


class PasswordForm(WorkspaceForm):
    """A new password."""

    password = forms.CharField(max_length=200, strip=False, widget=forms.PasswordInput)


class RunForm(WorkspaceForm):
    """The day to charge."""

    charge_date = forms.DateField(label=_("Day"), widget=DateInput())

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_charge_date(self) -> date:
        """Nothing is charged ahead of its day."""
        day: date = self.cleaned_data["charge_date"]
        if day > self.today:
            raise forms.ValidationError(_("A day in the future cannot be charged yet."))
        return day


class ListForm(WorkspaceForm):
    """A list of addresses to be checked."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,  # the reader says what is wrong with it
        max_length=1000,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
        error_messages={"required": _("Choose a file.")},
    )
