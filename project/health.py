"""What a supervisor or a load balancer asks a process, and answers for programs."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse


def liveness(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all; it touches nothing outside the process."""
    return HttpResponse("ok\n", content_type="text/plain")


def readiness(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, 503 when it doesn't: then no traffic should come here."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Exception as error:  # whatever is wrong, the answer is "not ready"
        return JsonResponse({"ready": False, "error": type(error).__name__}, status=503)
    return JsonResponse({"ready": True})


def not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """404 without a page."""
    return JsonResponse({"error": "not found"}, status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    """500 without a page; what happened is in the log."""
    return JsonResponse({"error": "server error"}, status=500)
