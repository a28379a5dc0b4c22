"""Forms of IP addresses: a pool, a rule, a reserved range, an own address, a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import LedgerAccount
from frontend.workspace.address_words import KINDS, MODES
from frontend.workspace.forms import KeyField, WorkspaceForm
from frontend.workspace.labels import NETWORK_LABELS
from network.addressing.editing import PoolWish, RuleWish

MINUTE_S = 60
MINUTES_MOST = 60 * 24 * 90


class PoolChangeForm(WorkspaceForm):
    """What of a pool can be changed. Times are asked for in minutes where people think so."""

    name = forms.CharField(label=_("Name"), max_length=80)
    is_open = forms.BooleanField(label=_("Gives out new addresses"), required=False)
    hold_s = forms.IntegerField(label=_("Hold, seconds"), min_value=10, max_value=3_600)
    grace_min = forms.IntegerField(
        label=_("Grace after a session, minutes"), min_value=0, max_value=1_440
    )
    rest_min = forms.IntegerField(
        label=_("Rest before another one, minutes"), min_value=0, max_value=MINUTES_MOST
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def wish(self) -> PoolWish:
        """What the operation is asked for."""
        data = self.cleaned_data
        return PoolWish(
            name=data["name"],
            is_open=data["is_open"],
            hold_s=data["hold_s"],
            grace_s=data["grace_min"] * MINUTE_S,
            quarantine_s=data["rest_min"] * MINUTE_S,
            note=data["note"],
            **self.made_of(),
        )

    def made_of(self) -> dict[str, Any]:
        """What is asked for only once."""
        return {}


class PoolForm(PoolChangeForm):
    """A new pool."""

    kind = forms.ChoiceField(label=_("What it gives"), choices=list(KINDS.items()))
    range = forms.CharField(label=_("Range or network"), max_length=90)
    unit_bits = forms.IntegerField(
        label=_("Length of one prefix"), min_value=40, max_value=64, required=False
    )
    is_guest = forms.BooleanField(label=_("Only for guests"), required=False)

    def made_of(self) -> dict[str, Any]:
        """The range and what is cut from it."""
        data = self.cleaned_data
        return {
            "kind": data["kind"],
            "range_text": data["range"],
            "unit_bits": data["unit_bits"],
            "is_guest": data["is_guest"],
        }


class RuleForm(WorkspaceForm):
    """A rule: its pool and its conditions."""

    pool_id = KeyField(label=_("Pool"))
    mode = forms.ChoiceField(label=_("The address is"), choices=list(MODES.items()))
    admin_unit_id = KeyField(label=_("Place"), required=False)
    zone_id = KeyField(label=_("Zone"), required=False)
    tariff_id = KeyField(label=_("Tariff"), required=False)
    contract = forms.CharField(label=_("Contract"), max_length=40, required=False)
    network_type = forms.ChoiceField(
        label=_("Network"), required=False, choices=[("", _("any")), *NETWORK_LABELS.items()]
    )
    priority = forms.IntegerField(
        label=_("Priority"), min_value=-999, max_value=999, required=False
    )

    def clean_contract(self) -> int | None:
        """The account of the contract."""
        code = self.cleaned_data["contract"].strip()
        if not code:
            return None
        found = LedgerAccount.objects.filter(code__iexact=code, kind="SUBSCRIBER").first()
        if found is None:
            raise forms.ValidationError(_("There is no such contract."))
        return int(found.id)

    def wish(self) -> RuleWish:
        """What the operation is asked for."""
        data = self.cleaned_data
        return RuleWish(
            pool_id=data["pool_id"],
            mode=data["mode"],
            account_id=data["contract"],
            tariff_id=data["tariff_id"],
            zone_id=data["zone_id"],
            admin_unit_id=data["admin_unit_id"],
            network_type=data["network_type"],
            priority=data["priority"] or 0,
        )


class ReserveForm(WorkspaceForm):
    """A range that nobody is given."""

    range = forms.CharField(label=_("Address, range or network"), max_length=90)
    note = forms.CharField(label=_("What stands there"), max_length=120)


class OwnAddressForm(WorkspaceForm):
    """An address for one service; empty leaves the choice to the rules."""

    address = forms.CharField(label=_("Address"), max_length=60, required=False)
    may_be_outside = forms.BooleanField(label=_("Also when no pool has it"), required=False)
    comment = forms.CharField(label=_("Why"), max_length=200, required=False)


class FileForm(WorkspaceForm):
    """A file with addresses."""

    file = forms.FileField(label=_("File"), widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}))
