"""The form of a merchant account, made from what its payment system declares."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.payments import listing
from billing.payments.gateway import Provider, Setting
from billing.payments.models import MerchantAccount
from frontend.workspace.forms import MoneyField, WorkspaceForm

COMMISSIONS = (
    ("DEFAULT", _("as the payment system's description says")),
    ("GROSS", _("all that the payer paid")),
    ("NET_FIELD", _("what the message says that we get")),
    ("PERCENT", _("what the payer paid, less a percentage")),
)
PREFIX = "setting_"


class MerchantForm(WorkspaceForm):
    """Rules of a merchant account and the settings of its payment system.

    A secret is written and never shown: an empty field keeps the one that is stored.
    """

    title = forms.CharField(label=_("Name"), max_length=120)
    entity = forms.ChoiceField(label=_("Legal entity"))
    slug = forms.CharField(label=_("Last part of the address"), max_length=64, required=False)
    is_active = forms.BooleanField(label=_("In use"), required=False)
    networks = forms.CharField(
        label=_("Networks that may call, one a line"),
        required=False,
        max_length=4000,
        widget=forms.Textarea({"rows": 3}),
    )
    base_url = forms.CharField(
        label=_("Its address, when it is another (a sandbox)"), max_length=200, required=False
    )
    low = MoneyField(label=_("Least amount, ₴"), max_length=16)
    high = MoneyField(label=_("Greatest amount, ₴"), max_length=16)
    commission = forms.ChoiceField(label=_("What is credited"), choices=COMMISSIONS)
    percent = forms.DecimalField(
        label=_("Percentage"), min_value=0, max_value=50, decimal_places=2, required=False
    )
    keeps_unknown = forms.BooleanField(
        label=_("Take money for unknown numbers, as payments without a payer"), required=False
    )

    def __init__(
        self, *args: Any, provider: Provider, merchant: MerchantAccount | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.provider, self.merchant = provider, merchant
        entity = self.fields["entity"]
        assert isinstance(entity, forms.ChoiceField)
        entity.choices = [(str(one.id), one.name) for one in listing.legal_entities()]
        if merchant is not None:
            del self.fields["entity"], self.fields["slug"]
        elif not entity.choices:
            entity.required = False
        for setting in provider.settings:
            self.fields[PREFIX + setting.name] = field_of(setting)

    @property
    def settings_fields(self) -> list[forms.BoundField]:
        """The fields of the payment system's own settings."""
        return [self[PREFIX + setting.name] for setting in self.provider.settings]

    def settings(self) -> dict[str, Any]:
        """The settings as typed; a number stays a number."""
        return {
            setting.name: self.cleaned_data[PREFIX + setting.name]
            for setting in self.provider.settings
            if not (setting.is_secret and not self.cleaned_data[PREFIX + setting.name])
        }

    def rules(self) -> dict[str, Any]:
        """The other fields, as operations take them."""
        known = self.cleaned_data
        return {
            "title": known["title"],
            "is_active": known["is_active"],
            "networks": known["networks"].split(),
            "base_url": known["base_url"].strip(),
            "min_kopecks": known["low"],
            "max_kopecks": known["high"],
            "commission": known["commission"],
            "commission_bp": int((known["percent"] or 0) * 100),
            "keeps_unknown": known["keeps_unknown"],
        }

    def clean_base_url(self) -> str:
        """Empty, or an address of the web."""
        written = str(self.cleaned_data["base_url"]).strip()
        if written and not written.startswith(("https://", "http://")):
            raise forms.ValidationError(_("An address begins with https://."))
        return written


def field_of(setting: Setting) -> forms.Field:
    """The field in which a setting is typed."""
    plain: dict[str, Any] = {"label": setting.name, "help_text": setting.help, "required": False}
    box = {"class": "form-control", "autocomplete": "off", "spellcheck": "false"}
    if setting.kind == "flag":
        return forms.BooleanField(**plain)
    if setting.choices:
        return forms.ChoiceField(
            **plain,
            choices=[(one, one) for one in setting.choices],
            widget=forms.Select({"class": "form-select"}),
        )
    if setting.kind == "number":
        return forms.IntegerField(**plain, widget=forms.NumberInput(box))
    if setting.kind == "key":
        return forms.CharField(
            **plain, max_length=20_000, widget=forms.Textarea({**box, "rows": 3})
        )
    if setting.kind == "secret":
        # Written only: whatever is typed is not given back into the page.
        secret = {**box, "autocomplete": "new-password"}
        return forms.CharField(**plain, max_length=2_000, widget=forms.PasswordInput(secret))
    return forms.CharField(**plain, max_length=2_000, widget=forms.TextInput(box))


def stored(merchant: MerchantAccount, provider: Provider) -> Mapping[str, Any]:
    """What the form shows of a merchant account: everything but secrets."""
    shown: dict[str, Any] = {
        PREFIX + setting.name: merchant.settings.get(setting.name, setting.default)
        for setting in provider.settings
        if not setting.is_secret
    }
    percent = merchant.commission_bp / 100
    return shown | {
        "title": merchant.title,
        "is_active": merchant.is_active,
        "networks": "\n".join(merchant.networks),
        "base_url": merchant.base_url,
        "low": f"{merchant.min_kopecks // 100},{merchant.min_kopecks % 100:02d}",
        "high": f"{merchant.max_kopecks // 100},{merchant.max_kopecks % 100:02d}",
        "commission": merchant.commission,
        "percent": percent or None,
        "keeps_unknown": merchant.keeps_unknown,
    }
