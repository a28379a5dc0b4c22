"""When the map last changed; written by database triggers (`sql/map_tiles.sql`)."""

from django.db import models


class MapChange(models.Model):
    """A transaction changed a source of the map ("buildings", "zones", "requests").

    The rows that a reader sees make the version of the map; old rows are taken away.
    """

    source = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.source} {self.pk}"
