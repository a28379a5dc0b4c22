"""What a drawn polygon would give, as JSON for the planner's panel; and the report made of it."""

from typing import Any

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.tariffs.forecast import Forecast
from coverage import operations as coverage
from coverage.api.parsing import GeometryJSONParser
from coverage.api.zones import ANY_OBJECT, MAX_ID, GeometryField, read
from coverage.demand.reports import token_of
from coverage.models import NetworkType, SharedReport
from coverage.zoning.geometry import accepted
from frontend import formats
from frontend.planner.demand.sharing import what_if_content
from frontend.planner.demand.texts import LEVELS
from frontend.planner.demand.what_if import TAKE_UP_PERCENT, Question, WhatIf, what_if
from frontend.states import state_of
from project.core import clock
from project.core.http import actor_of, api_permission, may
from project.core.roles import Permission

Viewing = api_permission(Permission.ZONES_VIEW)
Sharing = api_permission(Permission.ZONES_EDIT)


class WhatIfSerializer(serializers.Serializer[Any]):
    """A polygon, the network to build in it, the zone it is drawn for, shares of homes in %."""

    geometry = GeometryField()
    network_type = serializers.ChoiceField(choices=NetworkType.choices)
    zone_id = serializers.IntegerField(allow_null=True, default=None, min_value=1, max_value=MAX_ID)
    take_up_percent = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=100),
        min_length=1,
        max_length=5,
        default=list(TAKE_UP_PERCENT),
    )


class ShareWhatIfSerializer(WhatIfSerializer):
    """The same with the title and the days of the link."""

    title = serializers.CharField(max_length=160, error_messages={"blank": _("Give a title.")})
    days = serializers.IntegerField(default=30)


class WhatIfView(APIView):
    """The question itself; nothing is stored."""

    parser_classes = [GeometryJSONParser]
    permission_classes = [Viewing]

    @extend_schema(
        summary="What a drawn polygon would give", request=WhatIfSerializer, responses=ANY_OBJECT
    )
    def post(self, request: Request) -> Response:
        """Buildings, flats, wishes, zones met; prices and income for those who may see tariffs."""
        question = question_of(read(WhatIfSerializer, request))
        found = what_if(question=question, at=clock.now(), on_date=clock.today())
        return Response(as_json(found, with_prices=may(request, Permission.TARIFFS_VIEW)))


class WhatIfShare(APIView):
    """A report of it, to be sent."""

    parser_classes = [GeometryJSONParser]
    permission_classes = [Sharing]

    @extend_schema(
        summary="Share a what-if by a link",
        request=ShareWhatIfSerializer,
        responses={201: ANY_OBJECT},
    )
    def post(self, request: Request) -> Response:
        """Counts only; the answer holds the link."""
        values = read(ShareWhatIfSerializer, request)
        question, at = question_of(values), clock.now()
        found = what_if(question=question, at=at, on_date=clock.today(at))
        report = coverage.share_report(
            at=at,
            actor=actor_of(request),
            kind=SharedReport.Kind.WHAT_IF,
            title=values["title"],
            days=values["days"],
            language=get_language() or "uk",
            content=what_if_content(question=question, found=found, at=at),
        )
        path = reverse("planner:report", args=[token_of(report)])
        body = {"url": request.build_absolute_uri(path), "expires_at": report.expires_at}
        return Response(body, status=201)


def question_of(values: dict[str, Any]) -> Question:
    """The question of a checked body; raises what `accepted` raises."""
    return Question(
        shape=accepted(values["geometry"]),
        network_type=values["network_type"],
        zone_id=values["zone_id"],
        take_up_percent=tuple(sorted(set(values["take_up_percent"]))),
    )


def as_json(found: WhatIf, *, with_prices: bool) -> dict[str, Any]:
    """The answer for a script; money in kopecks and as text."""
    totals = found.totals
    return {
        "area_m2": round(found.area_m2),
        "buildings": {
            "inside": totals.buildings,
            "numbered": totals.numbered,
            "served": totals.served,
        },
        "flats": {
            "counted": totals.flats,
            "buildings_counted": totals.with_flats,
            "estimated": totals.guessed,
            "buildings_estimated": totals.with_guess,
            "buildings_unknown": totals.buildings - totals.with_flats,
        },
        "premises": totals.premises,
        "homes": totals.homes,
        "wishes": {
            "waiting": found.waiting.wishes,
            "requests": found.waiting.requests,
            "failed": found.waiting.failed,
            "planned": found.waiting.planned,
            "served_since": found.served,
        },
        "zones": [
            {
                "zone_id": zone.zone_id,
                "name": zone.name,
                "network_type": zone.network_type,
                "status": zone.status,
                "status_word": str(state_of(kind="zone", value=zone.status).word),
                "priority": zone.priority,
                "buildings": zone.buildings,
                "area_m2": round(zone.area_m2),
            }
            for zone in found.met
        ],
        "prices": [
            {
                "locality_id": place.locality_id,
                "locality": place.name,
                "homes": place.homes,
                "offers": [_offer(offer) for offer in place.offers],
            }
            for place in found.prices
        ]
        if with_prices
        else None,
        "income": [
            {
                "percent": income.percent,
                "subscribers": income.subscribers,
                "least_kopecks": income.least_kopecks,
                "most_kopecks": income.most_kopecks,
                "least": _money(income.least_kopecks),
                "most": _money(income.most_kopecks),
            }
            for income in found.income
        ]
        if with_prices
        else None,
    }


def _offer(offer: Forecast) -> dict[str, Any]:
    return {
        "code": offer.tariff_code,
        "name": offer.name(language=get_language() or "uk"),
        "price_kopecks": offer.price_kopecks,
        "price": _money(offer.price_kopecks),
        "connection_fee_kopecks": offer.connection_fee_kopecks,
        "level": offer.level,
        "level_word": str(LEVELS[offer.level]),
        "ladder": [
            {
                "price": _money(step.rule.price_kopecks),
                "level": step.rule.level,
                "level_word": str(LEVELS[step.rule.level]),
                "verdict": str(step.verdict),
                "why": step.text,
            }
            for step in offer.ladder
        ],
    }


def _money(kopecks: int | None) -> str:
    return "" if kopecks is None else formats.money(kopecks, whole=True)
