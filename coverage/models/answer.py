"""Derived: what the zones on the map say of each building now."""

from django.db import models

from coverage.models.building import Building


class BuildingAnswer(models.Model):
    """A building as maps of the present draw it, with the answer of each network's winning zone.

    0 AVAILABLE, 1 PLANNED, 2 SUSPENDED; null where no zone of that network covers it. The answers
    are derived from BuildingCoverage whenever that changes (`coverage.zoning.covering`), the rest
    is kept like the building by triggers (`sql/building_answers.sql`); nothing here is edited.
    Overrides are not in it. The table also has `tile_point`, unknown to the ORM.
    """

    building = models.OneToOneField(
        Building, on_delete=models.CASCADE, primary_key=True, related_name="present_answer"
    )
    number = models.CharField(max_length=24, null=True)
    wiring = models.CharField(max_length=9)
    retired_at = models.DateTimeField(null=True)
    fttb = models.SmallIntegerField(null=True)
    gpon = models.SmallIntegerField(null=True)
    docsis = models.SmallIntegerField(null=True)
    wireless = models.SmallIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.building_id}: {self.fttb} {self.gpon} {self.docsis} {self.wireless}"
