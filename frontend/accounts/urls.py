"""Addresses of signing in and out."""

from django.urls import path

from frontend.accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("start/", views.start, name="start"),
    path("password/", views.OwnPassword.as_view(), name="password"),
    path("language/", views.language, name="language"),
]
