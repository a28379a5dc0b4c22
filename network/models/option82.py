"""How a make of switch writes Option 82, as data."""

from django.db import models
from django.db.models import Q


class Option82Rule(models.Model):
    """What one make of switch (or relay) puts into Option 82, as patterns.

    Rules are tried in the order of `position`; the first whose patterns all match is the answer. A
    pattern is a regular expression for the whole value, with named groups `switch`, `port`, `vlan`,
    `mac`, over the value's hex digits or its text; an empty pattern takes anything. `*_source` is
    the RADIUS attribute it is read from. `ignores_vlan`: a port that it reads counts for log-ins
    with another VLAN too; only where no line is known by its VLAN (one VLAN per subscriber).
    `modifiers` change a group's text: {"port": ["decimal", "+1"]} (`network.option82.parsing`).
    `sample_*_hex` is a real value that it must read.
    """

    class Form(models.TextChoices):
        """What a pattern is matched with."""

        HEX = "HEX"
        TEXT = "TEXT"

    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=100)
    circuit_source = models.CharField(max_length=40, default="Agent-Circuit-Id")
    circuit_form = models.CharField(max_length=4, choices=Form.choices, default=Form.HEX)
    circuit_pattern = models.CharField(max_length=200, blank=True, default="")
    remote_source = models.CharField(max_length=40, default="Agent-Remote-Id")
    remote_form = models.CharField(max_length=4, choices=Form.choices, default=Form.HEX)
    remote_pattern = models.CharField(max_length=200, blank=True, default="")
    modifiers = models.JSONField(default=dict, blank=True)
    sample_circuit_hex = models.CharField(max_length=506, blank=True, default="")
    sample_remote_hex = models.CharField(max_length=506, blank=True, default="")
    ignores_vlan = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(circuit_pattern="") | ~Q(remote_pattern=""),
                name="network_option82rule_pattern",
            )
        ]

    def __str__(self) -> str:
        return self.name
