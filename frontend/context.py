"""What every page knows: the provider's name, telephone and colours."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def brand(request: HttpRequest) -> dict[str, Any]:
    """`brand` of the provider whose site this is, from settings; empty parts are not shown."""
    return {
        "brand": {
            "name": settings.GEOBILL_BRAND_NAME,
            "phone": settings.GEOBILL_BRAND_PHONE,
            "colour": settings.GEOBILL_BRAND_COLOUR,
        },
        "map_tiles_url": settings.GEOBILL_MAP_TILES_URL,
    }
