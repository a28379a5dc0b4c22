"""What is kept of all open sessions together, so that pages need not read each of them."""

from django.contrib.gis.db import models


class SessionSpot(models.Model):
    """A building or a node of the network with how many sessions of each state are there.

    `key` is `b` or `n` and the number, or `-` for those of whom nobody knows where they are.
    Renewed by `network.standing`.
    """

    key = models.CharField(max_length=24, primary_key=True)
    building_id = models.BigIntegerField(null=True)
    node_id = models.BigIntegerField(null=True)
    point = models.PointField(srid=4326, null=True)
    online = models.IntegerField()
    guest = models.IntegerField()
    suspect = models.IntegerField()
    offline = models.IntegerField()

    class Meta:
        db_table = "network_session_spot"

    def __str__(self) -> str:
        return self.key


class IpConflictFound(models.Model):
    """What was wrong with an address when all were compared last (`addressing.conflicts.find`):
    `ref` is a session's unique id, or the number of an IpAssignment, as the kind is."""

    pk = models.CompositePrimaryKey("kind", "ref")
    kind = models.CharField(max_length=15)
    ref = models.CharField(max_length=64)

    class Meta:
        db_table = "network_ip_conflict_found"

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"


class SessionTally(models.Model):
    """How many open sessions a BRAS has; 0 stands for those of BRASes that nobody registered."""

    nas_id = models.BigIntegerField(primary_key=True)
    sessions = models.IntegerField()
    guests = models.IntegerField()
    suspects = models.IntegerField()
    nobodys = models.IntegerField()

    class Meta:
        db_table = "network_session_tally"

    def __str__(self) -> str:
        return f"{self.nas_id}: {self.sessions}"


class DriftFound(models.Model):
    """An open session that differed from its decision when all were compared last."""

    session_id = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "network_drift_found"

    def __str__(self) -> str:
        return str(self.session_id)


class Standing(models.Model):
    """When all was counted last, how long that took, and how many there were (one row)."""

    id = models.SmallIntegerField(primary_key=True)
    made_at = models.DateTimeField()
    took_ms = models.IntegerField()
    sessions = models.IntegerField()
    services = models.IntegerField()

    class Meta:
        db_table = "network_standing"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="network_standing_one")
        ]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d %H:%M:%S}: {self.sessions}"
