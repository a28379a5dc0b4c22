"""The provider's own equipment: where it stands, what it feeds, what is still free."""

from django.contrib.gis.db import models
from django.db.models import Q

from coverage.models.building import Building, Premise
from coverage.models.zone import NetworkType, Zone

SPLIT_RATIOS = (2, 4, 8, 16, 32, 64)
SPLIT_BUDGETS = (8, 16, 32, 64, 128)
MAX_PORTS = 1_024
MAX_REACH_M = 60_000


class PlantNode(models.Model):
    """A point of the network: a POP, a street cabinet, an OLT, a switch or an optical splitter.

    `parent` is what feeds it and `uplink_port` the parent's port it hangs on; cycles are refused
    by a trigger. `capacity` is how many ports the equipment has; a splitter has as many as its
    `ratio`. `split_budget` of an OLT is how many clients one of its PON ports may serve, however
    many splitter outlets hang below it. `reach_m` is the longest drop from here to a building of a
    linked zone. `remote_id` is the Agent Remote ID of Option 82, normalised
    (`coverage.plant.option82`); `circuit_template` makes the circuit ids of new ports.
    """

    class Kind(models.TextChoices):
        """What stands there."""

        POP = "POP"
        CABINET = "CABINET"
        OLT = "OLT"
        SWITCH = "SWITCH"
        SPLITTER = "SPLITTER"

    class Status(models.TextChoices):
        """PLANNED → IN_SERVICE ⇄ OUT_OF_SERVICE → RETIRED."""

        PLANNED = "PLANNED"
        IN_SERVICE = "IN_SERVICE"
        OUT_OF_SERVICE = "OUT_OF_SERVICE"
        RETIRED = "RETIRED"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    status = models.CharField(max_length=14, choices=Status.choices)
    model = models.CharField(max_length=80, blank=True, default="")
    network_type = models.CharField(
        max_length=8, choices=NetworkType.choices, blank=True, default=""
    )
    point = models.PointField(srid=4326)
    building = models.ForeignKey(
        Building, null=True, on_delete=models.PROTECT, related_name="plant_nodes"
    )
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    uplink_port = models.ForeignKey(
        "coverage.PlantPort", null=True, on_delete=models.PROTECT, related_name="feeds"
    )
    capacity = models.PositiveSmallIntegerField(default=0)
    ratio = models.PositiveSmallIntegerField(null=True)
    split_budget = models.PositiveSmallIntegerField(null=True)
    reach_m = models.PositiveIntegerField(null=True)
    management_ip = models.GenericIPAddressField(null=True, unique=True)
    serial = models.CharField(max_length=60, blank=True, default="")
    remote_id = models.CharField(max_length=128, null=True, unique=True)
    circuit_template = models.CharField(max_length=80, blank=True, default="")
    note = models.CharField(max_length=300, blank=True, default="")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    zones = models.ManyToManyField(Zone, through="PlantNodeZone", related_name="plant_nodes")
    serves = models.ManyToManyField(
        Building, through="PlantNodeBuilding", related_name="serving_nodes"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["POP", "CABINET", "OLT", "SWITCH", "SPLITTER"]),
                name="coverage_plantnode_kind",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["PLANNED", "IN_SERVICE", "OUT_OF_SERVICE"])
                & Q(retired_at__isnull=True)
                | Q(status="RETIRED", retired_at__isnull=False),
                name="coverage_plantnode_status",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind="SPLITTER",
                    ratio__isnull=False,
                    ratio__in=SPLIT_RATIOS,
                    capacity=models.F("ratio"),
                )
                | ~Q(kind="SPLITTER") & Q(ratio__isnull=True),
                name="coverage_plantnode_ratio",
            ),
            models.CheckConstraint(
                condition=Q(kind="OLT", split_budget__isnull=False, split_budget__in=SPLIT_BUDGETS)
                | ~Q(kind="OLT") & Q(split_budget__isnull=True),
                name="coverage_plantnode_split_budget",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["POP", "CABINET"]) | ~Q(network_type=""),
                name="coverage_plantnode_network",
            ),
            models.CheckConstraint(
                condition=Q(network_type__in=["", *NetworkType.values]),
                name="coverage_plantnode_network_known",
            ),
            models.CheckConstraint(
                condition=Q(capacity__lte=MAX_PORTS), name="coverage_plantnode_capacity"
            ),
            models.CheckConstraint(
                condition=Q(reach_m__isnull=True) | Q(reach_m__range=(1, MAX_REACH_M)),
                name="coverage_plantnode_reach",
            ),
            models.CheckConstraint(
                condition=Q(uplink_port__isnull=True) | Q(parent__isnull=False),
                name="coverage_plantnode_uplink",
            ),
            models.UniqueConstraint(
                fields=["uplink_port"],
                name="coverage_plantnode_uplink_once",
                condition=Q(uplink_port__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PlantPort(models.Model):
    """A port of a node: a socket of a switch, an outlet of a splitter, a PON port of an OLT.

    `building` and `premise` say where the cable from it leads; they outlive the service on it.
    `subscription_ref` is the number of the service that uses it, given by the app that sells:
    coverage only keeps it. `circuit_id` is the Agent Circuit ID of Option 82, normalised. It is
    unique below its node's remote id, and everywhere where the node has none (`circuit_scope`, kept
    by triggers). A port that feeds another node (`feeds`) is no client's.
    """

    class State(models.TextChoices):
        """FREE ⇄ RESERVED → IN_USE → FREE; BROKEN is out of all use."""

        FREE = "FREE"
        RESERVED = "RESERVED"
        IN_USE = "IN_USE"
        BROKEN = "BROKEN"

    node = models.ForeignKey(PlantNode, on_delete=models.PROTECT, related_name="ports")
    number = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.FREE)
    circuit_id = models.CharField(max_length=128, null=True)
    circuit_scope = models.CharField(max_length=128, blank=True, default="")
    building = models.ForeignKey(
        Building, null=True, on_delete=models.PROTECT, related_name="plant_ports"
    )
    premise = models.ForeignKey(
        Premise, null=True, on_delete=models.PROTECT, related_name="plant_ports"
    )
    subscription_ref = models.BigIntegerField(null=True, unique=True)
    note = models.CharField(max_length=200, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "number"], name="coverage_plantport_number"),
            models.UniqueConstraint(
                fields=["circuit_scope", "circuit_id"],
                name="coverage_plantport_circuit",
                condition=Q(circuit_id__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["FREE", "RESERVED", "IN_USE", "BROKEN"]),
                name="coverage_plantport_state",
            ),
            models.CheckConstraint(
                condition=Q(subscription_ref__isnull=True) | Q(state__in=["RESERVED", "IN_USE"]),
                name="coverage_plantport_holder",
            ),
            models.CheckConstraint(
                condition=Q(number__range=(1, MAX_PORTS)), name="coverage_plantport_range"
            ),
            models.CheckConstraint(
                condition=Q(premise__isnull=True) | Q(building__isnull=False),
                name="coverage_plantport_premise",
            ),
        ]
        indexes = [
            models.Index(
                fields=["circuit_id"],
                name="coverage_plantport_by_circuit",
                condition=Q(circuit_id__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.node_id}/{self.number} {self.state}"


class PlantNodeBuilding(models.Model):
    """This node serves this building: the cable is there, whatever the distance."""

    node = models.ForeignKey(PlantNode, on_delete=models.CASCADE, related_name="building_links")
    building = models.ForeignKey(Building, on_delete=models.CASCADE, related_name="plant_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "building"], name="coverage_plantnodebuilding_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.node_id} → {self.building_id}"


class PlantNodeZone(models.Model):
    """This node belongs to this zone: with a reach, it serves the zone's buildings within it."""

    node = models.ForeignKey(PlantNode, on_delete=models.CASCADE, related_name="zone_links")
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, related_name="plant_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "zone"], name="coverage_plantnodezone_once")
        ]

    def __str__(self) -> str:
        return f"{self.node_id} ∈ {self.zone_id}"
