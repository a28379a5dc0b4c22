"""Forms of the Tariff Constructor: they read what was typed; the rules live in the operations."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.calendar import ONE_DAY
from billing.subscriptions.plan_batches import Chosen
from billing.tariffs.discounts import Offer
from billing.tariffs.models import TariffVersion
from billing.tariffs.terms import Terms, terms_of
from frontend.workspace.forms import DateInput, KeyField, MoneyField, WorkspaceForm
from frontend.workspace.labels import NETWORK_LABELS

MBIT = 1_000_000
RESERVED_CODES = {"new"}
SERVICE_TYPES = [
    ("INTERNET", _("Internet")),
    ("TV", _("Television")),
    ("TELEPHONY", _("Telephony")),
    ("RENT", _("Equipment rent")),
    ("ONE_OFF", _("One-off service")),
    ("ADDITIONAL", _("Additional service")),
]
CHARGE_TYPES = [
    ("DAILY", _("every day, a part of the month's price")),
    ("MONTHLY_PREPAID", _("for a month ahead")),
    ("ONE_OFF", _("once")),
]
FUNDS_POLICIES = [
    ("BLOCK", _("the service is blocked until money comes")),
    ("ALLOW", _("the service goes on, the debt grows")),
]
RESUME_RULES = [
    ("RESUME_CALENDAR", _("pays the rest of the running month")),
    ("NEW_ANCHOR", _("a new month begins on the day of payment")),
]
NETWORKS = [("", pgettext_lazy("network", "any")), *NETWORK_LABELS.items()]


class SumField(MoneyField):
    """An amount in hryvnias that may be nothing: empty or 0 is zero kopecks."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=24, required=False, **kwargs)
        self.widget.attrs.update(inputmode="decimal", autocomplete="off", placeholder="0")

    def clean(self, value: Any) -> int:
        """Kopecks; zero when empty."""
        if re.fullmatch(r"\s*0*(?:[.,]0{1,2})?\s*", str(value or ""), re.ASCII):
            return 0
        return super().clean(value) or 0


class SpeedField(forms.IntegerField):
    """Megabits a second as typed, read as bit/s."""

    def __init__(self, *, max_value: int = 1_000_000, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=max_value, required=False, **kwargs)
        self.widget.attrs.update(inputmode="numeric")

    def clean(self, value: Any) -> int | None:
        """bit/s, or None when empty."""
        megabits = super().clean(value)
        return None if megabits is None else megabits * MBIT


class TimeInput(forms.TimeInput):
    """The browser's own clock field."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class TariffForm(WorkspaceForm):
    """A product: what it is called and what kind of service it is."""

    code = forms.RegexField(
        r"^[a-z0-9][a-z0-9-]{0,38}$",
        label=_("Code"),
        error_messages={"invalid": _("Small Latin letters, digits and hyphens, e.g. home-300.")},
    )
    service_type = forms.ChoiceField(label=_("Kind of service"), choices=SERVICE_TYPES)
    name_uk = forms.CharField(label=_("Name in Ukrainian"), max_length=80)
    name_en = forms.CharField(label=_("Name in English"), max_length=80)
    description_uk = forms.CharField(
        label=_("For whom, in Ukrainian"), max_length=300, required=False
    )
    description_en = forms.CharField(
        label=_("For whom, in English"), max_length=300, required=False
    )
    is_public = forms.BooleanField(label=_("Offered on the site"), required=False, initial=True)
    sort = forms.IntegerField(
        label=_("Order in lists"), min_value=0, max_value=32_000, initial=100, required=False
    )

    def clean_code(self) -> str:
        """A code is part of an address; some addresses are pages of their own."""
        code: str = self.cleaned_data["code"]
        if code in RESERVED_CODES:
            raise forms.ValidationError(_("This word cannot be a code. Choose another one."))
        return code

    def clean_sort(self) -> int:
        """In the middle when nothing is given."""
        sort = self.cleaned_data["sort"]
        return 100 if sort is None else int(sort)


class NamesForm(TariffForm):
    """The words of a tariff; its code and kind stay."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["code"], self.fields["service_type"]


class TermsForm(WorkspaceForm):
    """The terms of a version, with its dates."""

    applies_from = forms.DateField(label=_("New clients from"), widget=DateInput())
    applies_existing_from = forms.DateField(
        label=_("Existing clients from"), required=False, widget=DateInput()
    )
    charge_type = forms.ChoiceField(label=_("Charging"), choices=CHARGE_TYPES)
    funds_policy = forms.ChoiceField(label=_("When the money is out"), choices=FUNDS_POLICIES)
    resume_rule = forms.ChoiceField(
        label=_("A month that was blocked and is paid again"), choices=RESUME_RULES
    )
    charge_when_blocked = forms.BooleanField(label=_("Charged while blocked"), required=False)
    credit_kopecks = SumField(label=_("Credit of the tariff, ₴"))
    speed_down_bit_s = SpeedField(label=_("Download, Mbit/s"))
    speed_up_bit_s = SpeedField(label=_("Upload, Mbit/s"))
    night_from = forms.TimeField(label=_("Night from"), required=False, widget=TimeInput())
    night_until = forms.TimeField(label=_("Night until"), required=False, widget=TimeInput())
    night_down_bit_s = SpeedField(label=_("Download at night, Mbit/s"))
    night_up_bit_s = SpeedField(label=_("Upload at night, Mbit/s"))
    burst_down_bit_s = SpeedField(label=_("Burst down, Mbit/s"))
    burst_up_bit_s = SpeedField(label=_("Burst up, Mbit/s"))
    burst_s = forms.IntegerField(
        label=_("Burst lasts, seconds"), min_value=1, max_value=3600, required=False
    )
    pausable = forms.BooleanField(label=_("May be put on hold"), required=False)
    pause_min_days = forms.IntegerField(label=_("Shortest pause, days"), min_value=1, max_value=366)
    pause_max_days = forms.IntegerField(label=_("Longest pause, days"), min_value=1, max_value=366)
    pause_days_a_year = forms.IntegerField(
        label=_("Days on hold a year"), min_value=1, max_value=366, required=False
    )
    pause_gap_days = forms.IntegerField(label=_("Days between pauses"), min_value=0, max_value=366)
    pause_fee_kopecks = SumField(label=_("Fee for a pause, ₴"))
    promise_max_kopecks = SumField(label=_("Largest promised payment, ₴"))
    promise_days = forms.IntegerField(label=_("A promise lasts, days"), min_value=1, max_value=31)
    promises_a_month = forms.IntegerField(label=_("Promises a month"), min_value=1, max_value=31)
    promise_wait_days = forms.IntegerField(
        label=_("Days without promises after a broken one"), min_value=0, max_value=366
    )
    vat_percent = forms.IntegerField(label=_("VAT in the price, %"), min_value=0, max_value=99)
    revenue_account_code = forms.RegexField(
        r"^[a-z0-9][a-z0-9.:_-]{0,39}$",
        label=_("Account of the income"),
        error_messages={"invalid": _("Small Latin letters, digits and dots.")},
    )

    def terms(self) -> Terms:
        """What was typed, as terms."""
        data = dict(self.cleaned_data)
        data["vat_rate_bp"] = data.pop("vat_percent") * 100
        return Terms(**{name: data[name] for name in Terms.__slots__})


def terms_initial(version: TariffVersion | None, *, code: str, tomorrow: date) -> dict[str, Any]:
    """What the form of terms shows first: the draft, else the terms of today as from tomorrow."""
    terms = (
        terms_of(version)
        if version is not None
        else Terms(
            charge_type="DAILY", revenue_account_code=f"revenue.{code}"[:40], vat_rate_bp=2000
        )
    )
    shown: dict[str, Any] = {}
    for name in Terms.__slots__:
        value = getattr(terms, name)
        if name.endswith("_bit_s"):
            value = None if value is None else value // MBIT
        elif name.endswith("_kopecks"):
            whole, rest = divmod(value, 100)
            value = f"{whole},{rest:02d}" if rest else str(whole)
        shown[name] = value
    shown["vat_percent"] = terms.vat_rate_bp // 100
    is_draft = version is not None and version.published_at is None
    shown["applies_from"] = version.applies_from if is_draft and version else tomorrow
    shown["applies_existing_from"] = version.applies_existing_from if is_draft and version else None
    return shown


LEVELS = [
    ("ZONE", _("one zone")),
    ("LOCALITY", _("a locality, raion or oblast")),
    ("DEFAULT", _("everywhere")),
]


class PriceForm(WorkspaceForm):
    """A price in one place."""

    level = forms.ChoiceField(label=_("Where"), choices=LEVELS)
    zone_id = KeyField(label=_("Zone"), required=False)
    admin_unit_id = KeyField(label=_("Locality"), required=False)
    network_type = forms.ChoiceField(label=_("Network"), choices=NETWORKS, required=False)
    segment = forms.CharField(label=_("Kind of client"), max_length=24, required=False)
    price_kopecks = MoneyField(label=_("Price a month, ₴"), max_length=24)
    connection_fee_kopecks = SumField(label=_("Connection, ₴"))
    valid_from = forms.DateField(label=_("From"), widget=DateInput())
    valid_until = forms.DateField(label=_("Last day"), required=False, widget=DateInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price_kopecks"].widget.attrs.update(
            inputmode="decimal", autocomplete="off", placeholder="300"
        )
        self.fields["segment"].widget.attrs.update(list="tc-segments", autocomplete="off")

    def clean(self) -> dict[str, Any]:
        """The place that the level asks for, and no other."""
        data = super().clean() or self.cleaned_data
        level = data.get("level")
        for name, wanted, message in (
            ("zone_id", "ZONE", _("Choose a zone.")),
            ("admin_unit_id", "LOCALITY", _("Choose a locality.")),
        ):
            if level == wanted and not data.get(name) and name not in self.errors:
                self.add_error(name, message)
            elif level != wanted:
                data[name] = None
                self.errors.pop(name, None)
        return data


class EndForm(WorkspaceForm):
    """The last day of a price or of a discount."""

    last_date = forms.DateField(label=_("Last day"), widget=DateInput())


class PublishForm(WorkspaceForm):
    """That the draft was looked at; and, for prices alone, when existing clients get them."""

    seen = forms.RegexField(r"^[0-9a-f]{16}$")
    existing_from = forms.DateField(
        label=_("Existing clients from"), required=False, widget=DateInput()
    )


class CopyForm(WorkspaceForm):
    """Prices copied to other places."""

    rules = forms.TypedMultipleChoiceField(coerce=int, required=False)
    zones = forms.TypedMultipleChoiceField(coerce=int, required=False)
    admin_units = forms.CharField(max_length=2000, required=False)
    segments = forms.CharField(label=_("Kinds of client"), max_length=200, required=False)
    percent = forms.IntegerField(
        label=_("Dearer by, %"), min_value=-90, max_value=1000, required=False, initial=0
    )
    round_to = forms.TypedChoiceField(
        label=_("Rounded to"),
        choices=[(100, "1 ₴"), (500, "5 ₴"), (1000, "10 ₴"), (1, "0,01 ₴")],
        coerce=int,
        required=False,
    )
    valid_from = forms.DateField(label=_("From"), widget=DateInput())

    def __init__(self, *args: Any, rule_ids: list[int], zone_ids: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, ids in (("rules", rule_ids), ("zones", zone_ids)):
            field = self.fields[name]
            assert isinstance(field, forms.TypedMultipleChoiceField)
            field.choices = [(str(id_), str(id_)) for id_ in ids]

    def clean_segments(self) -> tuple[str, ...]:
        """Words apart by commas or spaces."""
        return tuple(dict.fromkeys(re.findall(r"[^\s,;]+", self.cleaned_data["segments"])))

    def clean_admin_units(self) -> tuple[int, ...]:
        """Ids apart by commas, as the page's search writes them."""
        words = re.findall(r"[^\s,;]+", self.cleaned_data["admin_units"])
        if any(not re.fullmatch(r"[1-9]\d{0,17}", word, re.ASCII) for word in words):
            raise forms.ValidationError(_("Choose localities from the list."))
        return tuple(dict.fromkeys(int(word) for word in words))

    def clean_round_to(self) -> int:
        """A hryvnia when nothing is chosen."""
        return int(self.cleaned_data["round_to"] or 100)

    def clean_percent(self) -> int:
        """No change when empty."""
        return int(self.cleaned_data["percent"] or 0)


class DiscountForm(WorkspaceForm):
    """A discount: how much, on what, for whom, when."""

    name_uk = forms.CharField(label=_("Name in Ukrainian"), max_length=80)
    name_en = forms.CharField(label=_("Name in English"), max_length=80)
    percent = forms.DecimalField(
        label=_("Percent"), min_value=0, max_value=100, decimal_places=2, required=False
    )
    amount_kopecks = SumField(label=_("or a sum a month, ₴"))
    tariff_id = KeyField(label=_("Tariff"), required=False)
    zone_id = KeyField(label=_("Zone"), required=False)
    segment = forms.CharField(label=_("Kind of client"), max_length=24, required=False)
    valid_from = forms.DateField(label=_("From"), widget=DateInput())
    last_date = forms.DateField(label=_("Last day"), widget=DateInput())

    def offer(self) -> Offer:
        """What was typed."""
        data = self.cleaned_data
        return Offer(
            name_uk=data["name_uk"],
            name_en=data["name_en"],
            percent_bp=int(data["percent"] * 100) or None if data["percent"] else None,
            amount_kopecks=data["amount_kopecks"] or None,
            tariff_id=data["tariff_id"],
            zone_id=data["zone_id"],
            segment=data["segment"],
            valid_from=data["valid_from"],
            valid_until=data["last_date"] + ONE_DAY,
        )


class BatchForm(WorkspaceForm):
    """Another tariff for many."""

    tariff_id = KeyField(label=_("New tariff"))
    from_date = forms.DateField(label=_("From"), widget=DateInput())
    from_tariff_id = KeyField(label=_("Who has the tariff"), required=False)
    zones = forms.TypedMultipleChoiceField(coerce=int, required=False)
    segment = forms.CharField(label=_("Kind of client"), max_length=24, required=False)
    contracts = forms.CharField(
        label=_("Contracts"),
        max_length=200_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, zone_ids: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = self.fields["zones"]
        assert isinstance(zones, forms.TypedMultipleChoiceField)
        zones.choices = [(str(id_), str(id_)) for id_ in zone_ids]

    def chosen(self) -> Chosen:
        """What was typed."""
        data = self.cleaned_data
        return Chosen(
            from_tariff_id=data["from_tariff_id"],
            zone_ids=tuple(data["zones"]),
            segment=data["segment"] or None,
            contracts=tuple(dict.fromkeys(re.findall(r"[^\s,;]+", data["contracts"]))),
        )
