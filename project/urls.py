"""Addresses of the web process. The RADIUS REST group has its own: `project.urls_radius`."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from network.api import freeradius_schema
from project.health import liveness, readiness

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", liveness, name="liveness"),
    path("readyz", readiness, name="readiness"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/schema", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/v1/radius/schema", freeradius_schema.document, name="radius-schema"),
    # Each app adds one line, the API under api/v1/, the pages (frontend) last:
    path("api/v1/jobs/", include("project.core.jobs.api")),
    path("api/v1/", include("billing.api.urls")),
    path("api/v1/coverage/", include("coverage.api.zone_urls")),
    path("api/v1/", include("coverage.api.address_urls")),
    path("pay/", include("billing.payments.urls")),
    path("", include("frontend.urls")),
]
handler500 = "frontend.errors.server_error"
