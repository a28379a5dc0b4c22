"""The two forms of the public site: an address to check, and a request for connection."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class CheckForm(forms.Form):
    """An address in words, a building that was chosen, or a point on the map."""

    text = forms.CharField(max_length=300, required=False, strip=True)
    building_id = forms.IntegerField(min_value=1, max_value=2**62, required=False)
    lon = forms.FloatField(min_value=-180, max_value=180, required=False)
    lat = forms.FloatField(min_value=-90, max_value=90, required=False)
    accuracy_m = forms.FloatField(min_value=0, required=False)

    def clean(self) -> dict[str, Any]:
        """One of the three must be there; a building wins over words, words over a point."""
        data = super().clean() or {}
        has_point = data.get("lon") is not None and data.get("lat") is not None
        if not self.errors and not (data.get("building_id") or data.get("text") or has_point):
            raise forms.ValidationError(
                _("Write the street and the house, for example: Buchmy 42.")
            )
        return data

    def place(self) -> dict[str, Any]:
        """Keyword arguments for `check_availability`."""
        data = self.cleaned_data
        if data.get("building_id"):
            return {"building_id": data["building_id"], "text": data.get("text") or ""}
        if data.get("text"):
            return {"text": data["text"]}
        accuracy = data.get("accuracy_m")
        return {
            "lon": data["lon"],
            "lat": data["lat"],
            "accuracy_m": None if accuracy is None else round(min(accuracy, 100_000)),
        }


class RequestForm(forms.Form):
    """Who asks to be connected. What a phone or a name must look like is a rule of crm."""

    contact_name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        error_messages={"required": _("Please write a name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact_phone = forms.CharField(
        label=_("Your phone"),
        max_length=40,
        error_messages={"required": _("Write the phone that we may call.")},
        widget=forms.TextInput(
            attrs={
                "type": "tel",
                "inputmode": "tel",
                "autocomplete": "tel",
                "placeholder": "067 123 45 67",
            }
        ),
    )
    unit = forms.CharField(
        label=_("Flat"),
        max_length=16,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}),
    )
    comment = forms.CharField(
        label=_("Anything we should know"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    plan = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput())
    # People never see this field; programs that fill in every field do.
    website = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"})
    )

    @property
    def is_from_a_robot(self) -> bool:
        """Whether the field that nobody sees was filled in."""
        return bool(self.data.get("website"))

    def mark(self) -> None:
        """Tie each wrong field to its message for those who hear the page."""
        for name in self.errors:
            if name in self.fields:
                self.fields[name].widget.attrs.update(
                    {"aria-invalid": "true", "aria-describedby": f"id_{name}_error"}
                )
