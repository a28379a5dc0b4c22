"""`POST /api/v1/availability`: can this place be served, by what, for how much."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.views import APIView

from billing.api.serializers import AvailabilityAnswer, AvailabilityQuestion, ErrorOut
from billing.tariffs import queries as tariffs
from billing.tariffs.queries import Offer
from coverage import operations as coverage
from coverage.answers import CheckResult
from project.core import clock
from project.core.http import actor_of
from project.core.throttling import ScopeThrottle


@cache
def question_in(_language: str) -> AvailabilityQuestion:
    """The form of a question, one for each language.

    It holds nothing of a question, and making its fields anew each time took longer than reading
    them; but its fields keep what they said first, in the language of that moment.
    """
    return AvailabilityQuestion()


class AvailabilityView(APIView):
    """Availability and offers at an address, a building or a point."""

    permission_classes = [AllowAny]
    throttle_classes = [ScopeThrottle]
    throttle_scope = "availability"

    @extend_schema(
        operation_id="check_availability",
        tags=["availability"],
        summary="Can this place be served, by which network, with which tariffs and prices?",
        description=(
            "Name the place by exactly one of `address`, `building_id`, or `lon` with `lat`. "
            "The check is stored; its public id comes back as `check`. An address that is not "
            "matched for certain is answered `needs_survey` with candidates to choose from."
        ),
        request=AvailabilityQuestion,
        responses={200: AvailabilityAnswer, 400: ErrorOut, 404: ErrorOut, 429: ErrorOut},
        examples=[
            OpenApiExample("Address", value={"address": "Бучми 30Г/1"}, request_only=True),
            OpenApiExample(
                "Pin",
                value={"lon": 36.3312, "lat": 50.0178, "accuracy_m": 20},
                request_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Check, store, and answer with offers."""
        try:
            asked = question_in(get_language() or "uk").run_validation(request.data)
        except ValidationError as error:
            return Response(_bad_question(error), status=status.HTTP_400_BAD_REQUEST)
        at = clock.now()
        check = coverage.check_availability(
            at=at,
            channel="API",
            actor=actor_of(request._request),
            text=asked.get("address", ""),
            building_id=asked.get("building_id"),
            lon=asked.get("lon"),
            lat=asked.get("lat"),
            accuracy_m=asked.get("accuracy_m"),
        )
        return Response(answer_json(check=check, at=at, language=get_language() or "uk"))


def answer_json(*, check: CheckResult, at: datetime, language: str) -> dict[str, Any]:
    """The body of the answer: enumerations in lower case, texts in `language`."""
    on_date = clock.today(at)
    shelf = tariffs.shelf_for_check(check=check, on_date=on_date)
    return {
        "check": check.public_id,
        "checked_at": at.isoformat(),
        "answer": check.answer.value.lower(),
        "reason": check.reason.value.lower(),
        "match": {
            "kind": check.match_kind.value.lower(),
            "confidence": round(check.confidence, 3),
            "building_id": check.building_id,
            "address": check.address_label,
            "old_name": check.old_name,
            "note": _old_name_note(check),
        },
        "candidates": [
            {"label": c.label, "building_id": c.building_id, "note": c.note}
            for c in check.candidates
        ],
        "networks": [
            {
                "network_type": network.network_type.lower(),
                "answer": network.answer.value.lower(),
                "reason": network.reason.value.lower(),
                "zone": network.zone_name,
                "distance_m": network.distance_m,
                "planned_for_date": network.planned_for_date,
                "tariffs": _tariffs_json(shelf.main, network.network_type, language),
                "addons": _tariffs_json(shelf.addons, network.network_type, language),
            }
            for network in check.networks
        ],
    }


def _tariffs_json(
    offers: Sequence[Offer], network_type: str, language: str
) -> list[dict[str, Any]]:
    return [
        {
            "code": offer.tariff_code,
            "name": offer.name(language=language),
            "description": offer.description(language=language),
            "speed_down_bit_s": offer.speed_down_bit_s,
            "speed_up_bit_s": offer.speed_up_bit_s,
            "charge_type": offer.charge_type.lower(),
            "price_kopecks": offer.price_kopecks,
            "price_text": offer.price_text,
            "day_text": offer.day_text,
            "connection_fee_kopecks": offer.connection_fee_kopecks,
            "price_rule_id": offer.price_rule_id,
            "is_planned": offer.is_planned,
        }
        for offer in offers
        if offer.network_type == network_type
    ]


def _old_name_note(check: CheckResult) -> str:
    if not check.old_name:
        return ""
    return _("%(old)s is now: %(new)s") % {"old": check.old_name, "new": check.address_label}


def _bad_question(error: ValidationError) -> dict[str, Any]:
    """The serializer's errors as one sentence and, beside it, by field."""
    fields = {
        "" if name == "non_field_errors" else str(name): [str(text) for text in texts]
        for name, texts in as_serializer_error(error).items()
    }
    first = next(iter(fields.items()))
    message = f"{first[0]}: {first[1][0]}" if first[0] else first[1][0]
    return {"error": {"code": "bad_question", "message": message, "fields": fields}}
