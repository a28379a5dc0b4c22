"""Derived: what the zones on the map say of each building now."""

from django.db import models

from coverage.models.building import Building


class BuildingAnswer(models.Model):
    """The present answer of the winning zone of each network type at a building.

    0 AVAILABLE, 1 PLANNED, 2 SUSPENDED; null where no zone of that network covers it. A building
    that no zone covers has no row. Derived from BuildingCoverage whenever that changes
    (`coverage.zoning.covering`), never edited; overrides and wiring are not in it. It is what maps
    of the present read: a tile would else decide every winner anew.
    """

    building = models.OneToOneField(
        Building, on_delete=models.CASCADE, primary_key=True, related_name="present_answer"
    )
    fttb = models.SmallIntegerField(null=True)
    gpon = models.SmallIntegerField(null=True)
    docsis = models.SmallIntegerField(null=True)
    wireless = models.SmallIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.building_id}: {self.fttb} {self.gpon} {self.docsis} {self.wireless}"
