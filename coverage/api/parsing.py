"""A JSON parser that bears hostile bodies: too large, too deep, not finite."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_BODY_BYTES = 6_000_000


class BodyTooLarge(APIException):
    """More than any zone needs."""

    status_code = 413
    default_detail = _("This is too large for one zone.")
    default_code = "too_large"


class GeometryJSONParser(BaseParser):
    """JSON of at most 6 MB. NaN and Infinity are read and told as a fault of the geometry."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The object; raises ParseError (400) or BodyTooLarge (413)."""
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        try:
            value = json.loads(body.decode("utf-8"))
            if b"\\u" in body:  # half a surrogate pair can't be stored
                json.dumps(value, ensure_ascii=False).encode("utf-8")
        except (ValueError, RecursionError) as error:
            raise ParseError(_("The body is not correct JSON.")) from error
        if not isinstance(value, dict):
            raise ParseError(_("The body must be a JSON object."))
        return value
