"""Whether the network is so large that pages read what `network.standing` keeps."""

from network.models import Standing

# Sessions and services together. Below it, each page counts by itself and is of now.
LIVE_UP_TO = 50_000


def is_large() -> bool:
    """By the last count; a network of which nothing was counted yet is small."""
    last = Standing.objects.first()
    return last is not None and last.sessions + last.services > LIVE_UP_TO
