"""The caller's address, whatever stands between us and the caller."""

import pytest
from django.conf import LazySettings
from django.test import RequestFactory

from project.core.http import client_ip


@pytest.mark.parametrize(
    ("proxies", "forwarded", "socket", "address"),
    [
        (0, "198.51.100.7", "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.7", "203.0.113.1", "198.51.100.7"),
        (1, "10.9.9.9, 198.51.100.7", "203.0.113.1", "198.51.100.7"),
        (2, "10.9.9.9, 198.51.100.7, 192.0.2.3", "203.0.113.1", "198.51.100.7"),
        (1, "2001:db8::7", "203.0.113.1", "2001:db8::7"),
        (1, "fe80::7%eth0", "203.0.113.1", "fe80::7"),
        (1, "unknown", "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.7:4711", "203.0.113.1", "203.0.113.1"),
        (1, "'; DROP TABLE", "203.0.113.1", "203.0.113.1"),
        (1, ",", "203.0.113.1", "203.0.113.1"),
        (0, "", "", None),
    ],
)
def test_an_address_is_an_address_or_nothing(
    settings: LazySettings, proxies: int, forwarded: str, socket: str, address: str | None
) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded, REMOTE_ADDR=socket)
    assert client_ip(request) == address
