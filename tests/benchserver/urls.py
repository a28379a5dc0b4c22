"""Addresses of the product, and the floor: what the barest view could do in the same process."""

import json
import uuid

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def one_select_one_insert(request: HttpRequest) -> JsonResponse:
    """One indexed SELECT of a building, one INSERT of a check, committed."""
    building_id = json.loads(request.body)["building_id"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, ST_X(point), ST_Y(point) FROM coverage_building WHERE id = %s",
            [building_id],
        )
        number, lon, lat = cursor.fetchone()
        cursor.execute(
            "INSERT INTO coverage_availabilitycheck (public_id, at, channel, query_kind, raw_text,"
            " match_kind, confidence, building_id, point, answer, reason, networks, candidates)"
            " VALUES (%s, now(), 'API', 'BUILDING', '', 'BUILDING_ID', 1, %s,"
            " ST_SetSRID(ST_MakePoint(%s, %s), 4326), 'AVAILABLE', 'AVAILABLE', '[]', '{}')",
            [uuid.uuid4(), building_id, lon, lat],
        )
    return JsonResponse({"number": number, "lon": lon, "lat": lat})


@csrf_exempt
def one_insert(request: HttpRequest) -> HttpResponse:
    """One INSERT, committed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_outboxevent (topic, payload, created_at, available_at, attempts,"
            " last_error) VALUES ('bench', '{}', now(), now(), 0, '')"
        )
    return HttpResponse(b"OK")


urlpatterns = [
    path("bench/insert", one_insert),
    path("bench/floor", one_select_one_insert),
    path("", include("project.urls")),
]
