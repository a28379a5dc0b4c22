"""The shape of `POST /api/v1/availability`: what is asked and what is answered."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

MAX_ID = 2**63 - 1


class AvailabilityQuestion(serializers.Serializer[Any]):
    """One of: `address`, `building_id`, or `lon` with `lat` (and `accuracy_m` of the pin)."""

    address = serializers.CharField(
        required=False, max_length=300, help_text="As a person types it: «Бучми 30Г/1»."
    )
    building_id = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    lon = serializers.FloatField(required=False, help_text="WGS 84 longitude, degrees.")
    lat = serializers.FloatField(required=False, help_text="WGS 84 latitude, degrees.")
    accuracy_m = serializers.FloatField(
        required=False, min_value=0, max_value=100_000, help_text="Accuracy of the pin, metres."
    )

    def to_internal_value(self, data: Any) -> Any:
        """Unknown fields are refused, so that a misspelt one is not silently ignored."""
        if isinstance(data, dict):
            unknown = sorted(set(map(str, data)) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {name[:60]: [_("There is no such field.")] for name in unknown[:5]}
                )
        return super().to_internal_value(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one way of naming the place."""
        has_lon, has_lat = "lon" in attrs, "lat" in attrs
        if has_lon != has_lat:
            raise serializers.ValidationError(_("Longitude and latitude go together."))
        if "accuracy_m" in attrs and not has_lon:
            raise serializers.ValidationError(_("Accuracy belongs to a pin on the map."))
        asked = [has_lon, "address" in attrs, "building_id" in attrs]
        if sum(asked) != 1:
            raise serializers.ValidationError(
                _("Give one of: address, building_id, or lon and lat.")
            )
        return attrs


class MatchOut(serializers.Serializer[Any]):
    """How the address was tied to a building."""

    kind = serializers.CharField(help_text="exact, alias, fuzzy, ambiguous, street_only, none …")
    confidence = serializers.FloatField()
    building_id = serializers.IntegerField(allow_null=True)
    address = serializers.CharField(help_text="The address as it is now.")
    old_name = serializers.CharField(help_text="The old street name that was typed, or empty.")
    note = serializers.CharField(help_text="What to tell the person about the address, or empty.")


class CandidateOut(serializers.Serializer[Any]):
    """What the typed text may also mean."""

    label = serializers.CharField()  # type: ignore[assignment]
    building_id = serializers.IntegerField(allow_null=True)
    note = serializers.CharField()


class TariffOut(serializers.Serializer[Any]):
    """A tariff with its price at this place; money in kopecks, VAT included; speeds in bit/s."""

    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    speed_down_bit_s = serializers.IntegerField(allow_null=True)
    speed_up_bit_s = serializers.IntegerField(allow_null=True)
    charge_type = serializers.CharField(help_text="daily, monthly_prepaid, one_off")
    price_kopecks = serializers.IntegerField()
    price_text = serializers.CharField()
    day_text = serializers.CharField()
    connection_fee_kopecks = serializers.IntegerField()
    price_rule_id = serializers.IntegerField()
    is_planned = serializers.BooleanField(help_text="The price is planned, not for sale yet.")


class NetworkOut(serializers.Serializer[Any]):
    """The answer for one network type."""

    network_type = serializers.CharField()
    answer = serializers.CharField()
    reason = serializers.CharField()
    zone = serializers.CharField(help_text="Name of the winning zone, or empty.")
    distance_m = serializers.FloatField(allow_null=True, help_text="To the edge of the zone.")
    planned_for_date = serializers.DateField(allow_null=True)
    tariffs = TariffOut(many=True)
    addons = TariffOut(many=True)


class AvailabilityAnswer(serializers.Serializer[Any]):
    """The answer; `check` is its public id, by which it can be read again and a request filed."""

    check = serializers.UUIDField()
    checked_at = serializers.DateTimeField()
    answer = serializers.CharField(
        help_text="available, planned, suspended, needs_survey, no_coverage"
    )
    reason = serializers.CharField()
    match = MatchOut()
    candidates = CandidateOut(many=True)
    networks = NetworkOut(many=True)


class ErrorBody(serializers.Serializer[Any]):
    """What went wrong: a stable code and a sentence in the reader's language."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False)
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class ErrorOut(serializers.Serializer[Any]):
    """Every 4xx of this address."""

    error = ErrorBody()
