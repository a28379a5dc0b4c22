"""Where payment providers call: one address for all of them, by provider and merchant account."""

from django.urls import re_path

from billing.payments.http import provider_calls

urlpatterns = [
    re_path(
        r"^(?P<provider>[a-z][a-z0-9]{1,23})/(?P<merchant>[a-z0-9][a-z0-9_-]{0,63})"
        r"(?P<suffix>(?:/[A-Za-z0-9_.-]*)*)$",
        provider_calls,
        name="payment-provider",
    ),
]
