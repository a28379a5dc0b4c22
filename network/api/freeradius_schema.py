"""The OpenAPI document of what FreeRADIUS asks (`network.api.freeradius`), served with the others.

The views themselves are plain functions: an authorization has no time for more. Here each of them
has a face that only describes it; a test holds answers and document together. In rlm_rest's own
contract "do_xlat" is true by default, which would let FreeRADIUS expand our data as its program: in
this document, and in each answer, it is false.
"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.views import APIView

from network.api import freeradius

JSON = "application/json"
SCALAR = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
MESSAGE: dict[str, Any] = {
    "type": "object",
    "description": (
        "All attributes of the request list, by name. Octets are `0x` and hex up to 3.2.3, one "
        "`\\u00XX` a byte from 3.2.4 on; text that is not ASCII is one character a byte. "
        "`Bill-*` are attributes of ours: the packet's source, MAC and Option 82 as hex."
    ),
    "additionalProperties": {
        "type": "object",
        "properties": {
            "type": {"type": "string", "description": "string, integer, octets, ipaddr, …"},
            "value": {"type": "array", "items": {"type": ["string", "integer", "number"]}},
        },
        "required": ["value"],
    },
}
REPLY: dict[str, Any] = {
    "type": "object",
    "description": (
        "Attributes to set: `[request:|reply:|control:]Name[:tag]`, the list is reply when none is "
        "named. Several values of one attribute are a list with `+=`."
    ),
    "propertyNames": {"pattern": r"^((request|reply|control):)?[A-Za-z0-9-]+(:[0-9]{1,2})?$"},
    "additionalProperties": {
        "type": "object",
        "properties": {
            "do_xlat": {"const": False},
            "op": {"enum": [":=", "+="]},
            "value": {"oneOf": [*SCALAR["oneOf"], {"type": "array", "items": SCALAR}]},
        },
        "required": ["do_xlat", "value"],
        "additionalProperties": False,
    },
    "minProperties": 1,
}
FAULT: dict[str, Any] = {
    "type": "object",
    "properties": {"error": {"type": "string"}},
    "required": ["error"],
    "additionalProperties": False,
}
UNWELL = {(400, JSON): FAULT, (500, JSON): FAULT, (503, JSON): FAULT}
AUTH: Any = [{"token": []}]
SETTINGS = {
    "TITLE": "Geobill RADIUS REST",
    "DESCRIPTION": (
        "What FreeRADIUS' rlm_rest asks, in a process group of its own that listens on loopback. "
        "The status is what rlm_rest makes of it: 200 go on, 204 done, 401 refuse, "
        "400 not understood, 500 not now, 503 unwell (the circuit breaker opens)."
    ),
    "OAS_VERSION": "3.1.0",
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "token": {"type": "apiKey", "in": "header", "name": freeradius.TOKEN_HEADER}
        }
    },
    "SCHEMA_PATH_PREFIX": "/radius",
}


class _Described(APIView):
    """A view of FreeRADIUS' as the document knows it."""

    authentication_classes: Sequence[Any] = []
    permission_classes: Sequence[Any] = []


class Authorize(_Described):
    """POST /radius/authorize."""

    @extend_schema(
        auth=AUTH,
        operation_id="radius_authorize",
        tags=["radius"],
        summary="One Access-Request: may it in, with what",
        description=(
            "`control:Cleartext-Password` is what pap, chap and mschap check; where the equipment "
            "was proof enough it is `control:Auth-Type` = Accept instead. "
            "`request:Bill-Reason` says why, and comes back with the note after the answer. "
            "`request:Bill-Lent` says which addresses are lent for this session only: an answer "
            "from the memory of FreeRADIUS leaves them out."
        ),
        request={JSON: MESSAGE},
        responses={(200, JSON): REPLY, (401, JSON): REPLY, **UNWELL},
        examples=[
            OpenApiExample(
                "PAP over PPPoE",
                value={
                    "User-Name": {"type": "string", "value": ["gb17"]},
                    "User-Password": {"type": "string", "value": ["secret"]},
                    "Calling-Station-Id": {"type": "string", "value": ["AA:BB:CC:DD:EE:FF"]},
                    "Bill-Nas-Src": {"type": "string", "value": ["192.0.2.1"]},
                },
                request_only=True,
            ),
            OpenApiExample(
                "Let in",
                value={
                    "control:Cleartext-Password": {"do_xlat": False, "value": "secret"},
                    "request:Bill-Reason": {"do_xlat": False, "value": "OK//17"},
                    "Framed-IP-Address": {"op": ":=", "do_xlat": False, "value": "10.9.8.7"},
                    "Class": {"op": ":=", "do_xlat": False, "value": "s:17:ab12cd34"},
                },
                response_only=True,
                status_codes=["200"],
            ),
        ],
    )
    def post(self, request: Request) -> HttpResponse:
        """One Access-Request."""
        return freeradius.authorize(_plain(request))


class Accounting(_Described):
    """POST /radius/accounting."""

    @extend_schema(
        auth=AUTH,
        operation_id="radius_accounting",
        tags=["radius"],
        summary="One Accounting-Request; telling the same twice changes nothing",
        description=(
            "200 with `request:Bill-Verdict` = CLOSED where the service has no full access now: "
            "FreeRADIUS forgets the answer that it keeps for outages."
        ),
        request={JSON: MESSAGE},
        responses={204: None, (200, JSON): REPLY, **UNWELL},
    )
    def post(self, request: Request) -> HttpResponse:
        """One Accounting-Request."""
        return freeradius.accounting(_plain(request))


class PostAuth(_Described):
    """POST /radius/post-auth."""

    @extend_schema(
        auth=AUTH,
        operation_id="radius_post_auth",
        tags=["radius"],
        summary="What was answered in the end, for the time line and the log of refusals",
        description="`Bill-Entry` is the note, as `raddb/policy/notes` writes it; no passwords.",
        request={JSON: MESSAGE},
        responses={204: None, **UNWELL},
    )
    def post(self, request: Request) -> HttpResponse:
        """One note."""
        return freeradius.post_auth(_plain(request))


class NasList(_Described):
    """GET /radius/nas/<address>."""

    @extend_schema(
        auth=AUTH,
        operation_id="radius_nas",
        tags=["radius"],
        summary="The BRAS with this address, as a dynamic client; 404 for a stranger",
        parameters=[
            OpenApiParameter("address", str, OpenApiParameter.PATH),
            OpenApiParameter(
                "format",
                str,
                enum=["json"],
                description="as attributes, which keep a secret with spaces whole",
            ),
        ],
        responses={
            (200, JSON): REPLY,
            (200, "text/plain"): {"type": "string", "description": "secret, space, name"},
            404: None,
            (503, JSON): FAULT,
        },
    )
    def get(self, request: Request, address: str) -> HttpResponse:
        """One BRAS."""
        return freeradius.nas(_plain(request), address=address)


def _plain(request: Request) -> HttpRequest:
    return request._request


PATTERNS = [
    path("radius/authorize", Authorize.as_view()),
    path("radius/accounting", Accounting.as_view()),
    path("radius/post-auth", PostAuth.as_view()),
    path("radius/nas/<str:address>", NasList.as_view()),
]
document = SpectacularAPIView.as_view(patterns=PATTERNS, custom_settings=SETTINGS)
