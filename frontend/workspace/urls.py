"""Addresses of the workspace, all under /workspace/."""

from django.urls import path

from frontend.workspace.views import (
    audit,
    buildings,
    card,
    cash_desk,
    charging,
    customers,
    home,
    payments,
    requests,
    search,
    service_actions,
    services,
    sessions,
    staff,
    tariffs,
)

app_name = "workspace"

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.results, name="search"),
    path("search/suggest/", search.suggest, name="suggest"),
    path("map/", buildings.map_page, name="map"),
    path("map/buildings/<int:building_id>/", buildings.building, name="building"),
    path(
        "map/buildings/<int:building_id>/ladder/<int:tariff_id>/<slug:network_type>/",
        buildings.ladder,
        name="ladder",
    ),
    path("services/new/", services.new, name="service-new"),
    path("services/new/effect/", services.effect, name="service-effect"),
    path("services/new/customers/", services.customers, name="service-customers"),
    path("services/<int:subscription_id>/created/", services.created, name="service-created"),
    path("services/<int:subscription_id>/<slug:action>/", service_actions.act, name="service-act"),
    path("requests/", requests.request_list, name="requests"),
    path("requests/<int:number>/", requests.detail, name="request"),
    path("requests/<int:number>/move/", requests.move, name="request-move"),
    path("customers/", customers.customer_list, name="customers"),
    path("customers/<int:customer_id>/", card.card, name="customer"),
    path("customers/<int:customer_id>/statement/", card.statement, name="statement"),
    path(
        "customers/<int:customer_id>/recalculate/",
        card.recalculate,
        name="recalculate",
    ),
    path("customers/<int:customer_id>/sessions/", card.sessions, name="customer-sessions"),
    path(
        "customers/<int:customer_id>/journals/<int:journal_id>/",
        card.journal,
        name="journal",
    ),
    path(
        "customers/<int:customer_id>/password/<int:subscription_id>/",
        card.reveal_password,
        name="reveal-password",
    ),
    path("cash-desk/", cash_desk.desk, name="cash-desk"),
    path("cash-desk/<int:account_id>/", cash_desk.take, name="cash-take"),
    path("cash-desk/receipts/<int:payment_id>/", cash_desk.receipt, name="receipt"),
    path("payments/", payments.payment_list, name="payments"),
    path("charging/", charging.runs, name="charging"),
    path("charging/run/", charging.start, name="charging-run"),
    path("charging/<int:run_id>/", charging.run_detail, name="charge-run"),
    path("sessions/", sessions.open_sessions, name="sessions"),
    path("tariffs/", tariffs.tariff_list, name="tariffs"),
    path("tariffs/<slug:code>/", tariffs.detail, name="tariff"),
    path("staff/", staff.staff_list, name="staff"),
    path("staff/new/", staff.new, name="staff-new"),
    path("staff/<int:user_id>/", staff.edit, name="staff-edit"),
    path("audit/", audit.entries, name="audit"),
]
