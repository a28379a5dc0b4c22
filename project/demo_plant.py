"""The plant of the demonstration: a POP, two OLTs, switches and splitters in the houses.

Made by the operations that planners use, before the first sale, so that sales take ports. Nodes
stand where customers will come (`homes`, in their order), and a few more elsewhere: full, broken,
planned ones.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from coverage.models import Building, PlantNode, PlantPort
from coverage.plant import operations as plant
from project.core.actor import Actor

SEED = 40
SWITCHES = 20
SPLITTERS = 16
MODELS = {"SWITCH": "D-Link DES-3200-28", "SPLITTER": "PLC 1×8 SC/APC", "OLT": "Huawei MA5608T"}


class Builder:
    """Puts nodes up one after another; the same buildings give the same plant."""

    def __init__(self, *, actor: Actor, at: datetime) -> None:
        self.actor = actor
        self.at = at
        self.chance = random.Random(SEED)  # noqa: S311  (a story, not a secret)

    def build(self, *, fttb: Sequence[int], gpon: Sequence[int]) -> None:
        """Nodes for these buildings, those first in the lists certainly."""
        houses = Building.objects.in_bulk([*fttb, *gpon])
        centre = houses[(fttb or gpon)[0]]
        pop = self.node("POP", "POP Салтівка", centre, capacity=0, building_id=centre.id)
        core = self.node(
            "SWITCH", "AGG-1", centre, parent_id=pop, network_type="FTTB", capacity=48,
            model="Huawei S6720", management_ip="10.10.0.1",
        )  # fmt: skip
        olts = [
            self.node(
                "OLT", f"OLT-{n}", centre, parent_id=pop, capacity=8, split_budget=64,
                management_ip=f"10.10.0.{10 + n}", remote_id=f"olt-{n}",
            )
            for n in (1, 2)
        ]  # fmt: skip
        for number, building_id in enumerate(fttb[:SWITCHES], 1):
            self.switch(number, houses[building_id], core)
        self.splitters([houses[key] for key in gpon[:SPLITTERS]], olts)
        self.troubles([houses[key] for key in fttb[SWITCHES : SWITCHES + 4]], core)

    def switch(self, number: int, house: Building, core: int) -> int:
        """A switch in the cellar of a house, on the aggregation switch."""
        capacity = self.chance.choice([8, 16, 24])
        made = self.node(
            "SWITCH", f"SW-{number:03d}", house, parent_id=core, uplink_number=number,
            network_type="FTTB", capacity=capacity, building_id=house.id,
            management_ip=f"10.10.1.{number}", remote_id=f"00:1e:58:00:{number // 256:02x}:"
            f"{number % 256:02x}", circuit_template="eth 0/{port}",
        )  # fmt: skip
        self.wear(made, used=self.chance.randrange(0, capacity - 3))
        return made

    def splitters(self, houses: list[Building], olts: list[int]) -> None:
        """Two levels: 1:4 on a PON port in the first house of four, 1:8 in each house."""
        for group in range(0, len(houses), 4):
            part = houses[group : group + 4]
            number = group // 4 + 1
            head = self.node(
                "SPLITTER", f"SPL-{number}", part[0], parent_id=olts[number % 2],
                uplink_number=(number + 1) // 2, ratio=4, building_id=part[0].id,
                model="PLC 1×4 SC/APC",
            )  # fmt: skip
            for place, house in enumerate(part, 1):
                made = self.node(
                    "SPLITTER", f"SPL-{number}.{place}", house, parent_id=head,
                    uplink_number=place, ratio=8, building_id=house.id,
                    circuit_template=f"gpon 0/{number}:{{port}} s{place}",
                )  # fmt: skip
                self.wear(made, used=self.chance.randrange(0, 4))

    def troubles(self, houses: list[Building], core: int) -> None:
        """What a planner looks for: full, out of order, planned."""
        wanted = [("IN_SERVICE", 24), ("IN_SERVICE", 24), ("OUT_OF_SERVICE", 3), ("PLANNED", 0)]
        for number, (house, (status, used)) in enumerate(zip(houses, wanted, strict=False), 1):
            made = self.node(
                "SWITCH", f"SW-{900 + number}", house, parent_id=core,
                uplink_number=SWITCHES + number, network_type="FTTB", capacity=24,
                building_id=house.id, status=status, management_ip=f"10.10.9.{number}",
                circuit_template="ge 1/{port}", remote_id=f"sw-{900 + number}",
            )  # fmt: skip
            self.wear(made, used=used)

    def node(self, kind: str, name: str, house: Building, **fields: Any) -> int:
        """One node at a house."""
        told = {"model": MODELS.get(kind, ""), "network_type": ""} | fields
        return plant.create_node(
            fields=plant.NodeFields(
                name=name, kind=kind, lon=house.point.x, lat=house.point.y, **told
            ),
            actor=self.actor,
            at=self.at,
        )

    def wear(self, node_id: int, *, used: int) -> None:
        """Ports that were in use before this system came, and now and then a broken one."""
        node = PlantNode.objects.get(id=node_id)
        ports = list(node.ports.filter(feeds__isnull=True).order_by("number"))
        taken = self.chance.sample(ports, min(used, len(ports)))
        broken = [p for p in ports if p not in taken and self.chance.random() < 0.02][:1]
        for rows, state in ((taken, "IN_USE"), (broken, "BROKEN")):
            PlantPort.objects.filter(id__in=[row.id for row in rows]).update(state=state)


def load(*, actor: Actor, at: datetime, homes: Sequence[tuple[int, str]]) -> None:
    """Put the plant up for these (building, network type), the first to be sold in first."""
    by_network: dict[str, list[int]] = {"FTTB": [], "GPON": []}
    for building_id, network_type in homes:
        rows = by_network.get(network_type)
        if rows is not None and building_id not in rows:
            rows.append(building_id)
    Builder(actor=actor, at=at).build(fttb=by_network["FTTB"], gpon=by_network["GPON"])
