"""Where the line of an Option 82 leads."""

from django.contrib.gis.db import models

from coverage.models import Building, PlantNode


class LinePlace(models.Model):
    """A circuit id and remote id as sessions bring them (hex), and the place that the plant says.

    `point` is that of the building where the port leads, else of the node; null when nobody knows
    the line. Looked up anew every hour, for ports are connected otherwise (`network.session_map`).
    """

    circuit_hex = models.CharField(max_length=506)
    remote_hex = models.CharField(max_length=506, blank=True, default="")
    node = models.ForeignKey(PlantNode, null=True, on_delete=models.SET_NULL, related_name="+")
    building = models.ForeignKey(Building, null=True, on_delete=models.SET_NULL, related_name="+")
    port_number = models.IntegerField(null=True)
    point = models.PointField(srid=4326, null=True)
    placed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["circuit_hex", "remote_hex"], name="network_lineplace_once"
            )
        ]

    def __str__(self) -> str:
        return self.circuit_hex
