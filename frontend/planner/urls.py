"""Addresses of the planner, under /planner/."""

from django.urls import path

from frontend.planner import views

app_name = "planner"
urlpatterns = [path("", views.planner, name="map")]
