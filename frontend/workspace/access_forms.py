"""Forms of identity, guests and Option 82: they read what was typed."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from coverage.models import Zone
from frontend.workspace.access_words import FORMS, MODES, REASONS
from frontend.workspace.forms import WorkspaceForm
from frontend.workspace.tariff_forms import MBIT, SpeedField
from network import guest_rules, guests, session_operations
from network.identifiers import hex_of_typed
from network.models import GuestRule, Nas, Option82Rule
from network.option82 import rules
from network.option82.parsing import FIELDS, Part

# How long another speed may be asked for, in minutes.
DURATIONS = [
    (60, _("an hour")),
    (180, _("three hours")),
    (1_440, pgettext_lazy("duration", "a day")),
]
TEMPORARY_MOST = session_operations.SPEED_MAX_BIT_S // MBIT
SPEED_MOST = guest_rules.SPEED_MAX_BIT_S // MBIT


def hex_of(text: str) -> str:
    """Hex digits of an id as somebody types it; no attribute carries more than 253 octets."""
    return hex_of_typed(text)[:506]


class IdField(forms.CharField):
    """A circuit id or remote id as people write it; gives hex digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=600, required=False, **kwargs)
        self.widget.attrs.update(autocomplete="off", spellcheck="false")

    def clean(self, value: Any) -> str:
        """Hex digits, "" for nothing."""
        return hex_of(super().clean(value) or "")


class ModeForm(WorkspaceForm):
    """The mode of a place."""

    place = forms.ChoiceField(label=_("Where"), required=False)
    mode = forms.ChoiceField(label=_("How services are told apart"), choices=[*MODES.items()])
    reconnects = forms.BooleanField(
        label=_("reconnect the running sessions that came in another way"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        brases = [(f"nas-{one.id}", one.name) for one in _brases()]
        zones = [(f"zone-{one.id}", f"{one.name} · {one.network_type}") for one in _zones()]
        self.fields["place"].choices = [  # type: ignore[attr-defined]
            ("", _("everywhere else")),
            (_("BRAS"), brases),
            (_("Zone"), zones),
        ]

    def place_ids(self) -> dict[str, Any]:
        """`zone_id` and `nas_id` for the operation."""
        kind, _sep, number = self.cleaned_data["place"].partition("-")
        return {
            "zone_id": int(number) if kind == "zone" else None,
            "nas_id": int(number) if kind == "nas" else None,
        }


class ParametersForm(WorkspaceForm):
    """Access parameters of one service."""

    mode = forms.ChoiceField(label=_("How it is told apart"), required=False)
    sessions_max = forms.IntegerField(
        label=_("Devices at once"), min_value=1, max_value=100, required=False
    )
    mac = forms.CharField(label=_("MAC"), max_length=40, required=False)
    circuit = IdField(label=_("Circuit id (Option 82)"))
    remote = IdField(label=_("Remote id (Option 82)"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mode"].choices = [  # type: ignore[attr-defined]
            ("", _("as its place says")),
            *MODES.items(),
        ]


class CredentialsForm(WorkspaceForm):
    """A login and a password of the service's own."""

    login = forms.CharField(label=_("Login"), max_length=253)
    password = forms.CharField(label=_("New password"), max_length=512, required=False, strip=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("login", "password"):
            self.fields[name].widget.attrs.update(
                autocomplete="off", autocapitalize="none", spellcheck="false"
            )


class GuestRuleForm(WorkspaceForm):
    """A guest rule."""

    name = forms.CharField(label=_("Name"), max_length=80)
    reasons = forms.MultipleChoiceField(
        label=_("Who"),
        choices=[(one, REASONS[one]) for one in guests.REASONS],
        widget=forms.CheckboxSelectMultiple,
    )
    zone = forms.ModelChoiceField(
        Zone.objects.none(), label=_("Zone"), required=False, empty_label=_("everywhere")
    )
    nas = forms.ModelChoiceField(
        Nas.objects.none(), label=_("BRAS"), required=False, empty_label=_("any")
    )
    speed_down = SpeedField(label=_("Down, Mbit/s"), max_value=SPEED_MOST)
    speed_up = SpeedField(label=_("Up, Mbit/s"), max_value=SPEED_MOST)
    minutes = forms.IntegerField(label=_("Minutes to the next check"), min_value=1, max_value=1440)
    per_port_max = forms.IntegerField(
        label=_("Guests at one port"), min_value=1, max_value=10_000, required=False
    )
    per_mac_day_max = forms.IntegerField(
        label=_("Log-ins of one MAC a day"), min_value=1, max_value=10_000, required=False
    )
    redirect_url = forms.CharField(label=_("Redirect to"), max_length=240, required=False)
    pool = forms.CharField(label=_("Address pool on the BRAS"), max_length=64, required=False)
    position = forms.IntegerField(label=_("Order"), min_value=1, max_value=32_000)
    is_active = forms.BooleanField(label=_("the rule is in use"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].queryset = _zones()  # type: ignore[attr-defined]
        self.fields["nas"].queryset = _brases()  # type: ignore[attr-defined]
        for name in ("speed_down", "speed_up"):
            self.fields[name].required = True

    @staticmethod
    def initial_of(rule: GuestRule | None) -> dict[str, Any]:
        """What the form shows of a rule, or of a new one."""
        if rule is None:
            return {
                "speed_down": 1,
                "speed_up": 1,
                "minutes": 5,
                "position": guest_rules.next_position(),
                "is_active": True,
            }
        return {
            **{
                name: getattr(rule, name)
                for name in ("name", "reasons", "zone", "nas", "per_port_max", "per_mac_day_max",
                             "redirect_url", "pool", "position", "is_active")
            },
            "speed_down": max(rule.speed_down_bit_s // 1_000_000, 1),
            "speed_up": max(rule.speed_up_bit_s // 1_000_000, 1),
            "minutes": max(rule.session_timeout_s // 60, 1),
        }  # fmt: skip

    def wanted(self) -> guest_rules.Wanted:
        """The rule as typed."""
        data = self.cleaned_data
        return guest_rules.Wanted(
            name=data["name"],
            reasons=data["reasons"],
            zone_id=data["zone"].id if data["zone"] else None,
            nas_id=data["nas"].id if data["nas"] else None,
            speed_down_bit_s=data["speed_down"],
            speed_up_bit_s=data["speed_up"],
            session_timeout_s=data["minutes"] * 60,
            per_port_max=data["per_port_max"],
            per_mac_day_max=data["per_mac_day_max"],
            redirect_url=data["redirect_url"],
            pool=data["pool"],
            position=data["position"],
            is_active=data["is_active"],
        )


class Option82RuleForm(WorkspaceForm):
    """A rule of Option 82."""

    name = forms.CharField(label=_("Make of switch"), max_length=80)
    circuit_source = forms.ChoiceField(
        label=_("Circuit id from"), choices=[(one, one) for one in rules.SOURCES]
    )
    circuit_form = forms.ChoiceField(label=_("read as"), choices=[*FORMS.items()])
    circuit_pattern = forms.CharField(label=_("Pattern"), max_length=200, required=False)
    remote_source = forms.ChoiceField(
        label=_("Remote id from"), choices=[(one, one) for one in rules.SOURCES]
    )
    remote_form = forms.ChoiceField(label=_("read as"), choices=[*FORMS.items()])
    remote_pattern = forms.CharField(label=_("Pattern"), max_length=200, required=False)
    modifiers = forms.CharField(
        label=_("Modifiers"),
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    sample_circuit = IdField(label=_("Sample circuit id"))
    sample_remote = IdField(label=_("Sample remote id"))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)
    position = forms.IntegerField(label=_("Order"), min_value=1, max_value=32_000)
    is_active = forms.BooleanField(label=_("the rule is in use"), required=False)
    ignores_vlan = forms.BooleanField(
        label=_("a registered port counts with another VLAN too"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("circuit_pattern", "remote_pattern", "modifiers"):
            self.fields[name].widget.attrs.update(autocomplete="off", spellcheck="false")

    @staticmethod
    def initial_of(rule: Option82Rule | None) -> dict[str, Any]:
        """What the form shows of a rule, or of a new one."""
        if rule is None:
            return {
                "circuit_source": rules.SOURCES[0],
                "remote_source": rules.SOURCES[1],
                "position": 100,
                "is_active": True,
            }
        told = {
            field.name: getattr(rule, field.name)
            for field in Option82Rule._meta.fields
            if field.name != "modifiers"
        }
        lines = [f"{name}: {', '.join(one)}" for name, one in rule.modifiers.items()]
        return {
            **told,
            "modifiers": "\n".join(lines),
            "sample_circuit": f"0x{rule.sample_circuit_hex}" if rule.sample_circuit_hex else "",
            "sample_remote": f"0x{rule.sample_remote_hex}" if rule.sample_remote_hex else "",
        }

    def clean_modifiers(self) -> dict[str, list[str]]:
        """ "port: decimal, +1" by line → {"port": ["decimal", "+1"]}."""
        told: dict[str, list[str]] = {}
        for line in self.cleaned_data["modifiers"].splitlines():
            name, _sep, rest = line.partition(":")
            if not line.strip():
                continue
            words = [one for one in re.split(r"[,\s]+", rest) if one]
            if name.strip() not in FIELDS or not words:
                raise forms.ValidationError(_("One line for each field, like “port: decimal, +1”."))
            told[name.strip()] = words
        return told

    def wanted(self) -> rules.Wanted:
        """The rule as typed."""
        data = self.cleaned_data
        return rules.Wanted(
            name=data["name"],
            circuit=Part(data["circuit_form"], data["circuit_pattern"]),
            remote=Part(data["remote_form"], data["remote_pattern"]),
            modifiers=data["modifiers"],
            circuit_source=data["circuit_source"],
            remote_source=data["remote_source"],
            position=data["position"],
            is_active=data["is_active"],
            ignores_vlan=data["ignores_vlan"],
            sample_circuit_hex=data["sample_circuit"],
            sample_remote_hex=data["sample_remote"],
            note=data["note"],
        )


def _zones() -> Any:
    return Zone.objects.order_by("name", "id")


def _brases() -> Any:
    return Nas.objects.filter(retired_at=None).order_by("name")


class TemporarySpeedForm(WorkspaceForm):
    """Another speed for a while."""

    down = SpeedField(label=_("Down, Mbit/s"), max_value=TEMPORARY_MOST)
    up = SpeedField(label=_("Up, Mbit/s"), max_value=TEMPORARY_MOST)
    minutes = forms.TypedChoiceField(
        label=pgettext_lazy("duration", "For"), choices=DURATIONS, coerce=int
    )
    reason = forms.CharField(label=_("Why"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("down", "up"):
            self.fields[name].required = True
