"""Places: the administrative tree, streets, and their other names."""

from django.contrib.gis.db import models
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db.models import Q


class AdminUnit(models.Model):
    """An administrative unit of Ukraine: oblast, raion, hromada, settlement, city district.

    `path` is the materialised path of ids from the root, "/12/345/6789/", so that "in or under" is
    one prefix test; the code itself is never parsed at query time.
    """

    class Category(models.TextChoices):
        """KATOTTG category letter in words."""

        OBLAST = "OBLAST"
        SPECIAL_CITY = "SPECIAL_CITY"
        RAION = "RAION"
        HROMADA = "HROMADA"
        CITY = "CITY"
        TOWN = "TOWN"
        VILLAGE = "VILLAGE"
        SETTLEMENT = "SETTLEMENT"
        CITY_DISTRICT = "CITY_DISTRICT"

    katottg = models.CharField(max_length=19, unique=True, null=True)
    category = models.CharField(max_length=13, choices=Category.choices)
    name = models.CharField(max_length=120)
    search_key = models.CharField(max_length=120)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=120, unique=True)
    depth = models.PositiveSmallIntegerField()
    centroid = models.PointField(srid=4326, null=True)
    geom = models.MultiPolygonField(srid=4326, null=True)
    geom_source = models.CharField(max_length=40, blank=True, default="")
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(
                OpClass("path", name="text_pattern_ops"), name="coverage_adminunit_path_p"
            ),
            models.Index(fields=["search_key"], name="coverage_adminunit_key"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True)
                | Q(valid_from__isnull=True)
                | Q(valid_until__gt=models.F("valid_from")),
                name="coverage_adminunit_validity",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AdminUnitAlias(models.Model):
    """An old or foreign name of an administrative unit, with the day on which it stopped."""

    unit = models.ForeignKey(AdminUnit, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=120)
    search_key = models.CharField(max_length=120, db_index=True)
    kind = models.CharField(max_length=12, default="OLD")
    until_date = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "search_key"], name="coverage_adminunitalias_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Street(models.Model):
    """A street of one locality. Identity is (locality, type, normalised name).

    «Нагорна вулиця» and «Нагорний провулок» are two streets. `name` is the official name without
    the type; `name_norm` its canonical form, in which the order of words does not matter;
    `search_key` the looser form, in the written order, used to look things up.
    `locality` is the settlement, or the hromada where the settlement is not known.
    A street that was merged stays, retired, and `merged_into` names the one that took its houses;
    its name is free again.
    """

    locality = models.ForeignKey(AdminUnit, on_delete=models.PROTECT, related_name="streets")
    type = models.CharField(max_length=16)
    name = models.CharField(max_length=160)
    name_norm = models.CharField(max_length=160)
    search_key = models.CharField(max_length=160)
    geom = models.MultiLineStringField(srid=4326, null=True)
    source = models.CharField(max_length=40, blank=True, default="")
    revision = models.PositiveIntegerField(default=1, db_default=1)
    retired_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True)
                | (Q(retired_at__isnull=False) & ~Q(merged_into=models.F("id"))),
                name="coverage_street_merged_is_retired",
            ),
            models.UniqueConstraint(
                fields=["locality", "type", "name_norm"],
                name="coverage_street_identity",
                condition=Q(merged_into__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                models.F("locality"),
                OpClass("search_key", name="text_pattern_ops"),
                name="coverage_street_key",
            ),
            GinIndex(OpClass("search_key", name="gin_trgm_ops"), name="coverage_street_trgm"),
            models.Index(fields=["name_norm"], name="coverage_street_name"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


class StreetAlias(models.Model):
    """An old, colloquial, Russian or transliterated name of a street, with dates where known.

    An alias never merges identities: one old name may point at two streets; then people are asked.
    """

    class Kind(models.TextChoices):
        """Where the other name comes from."""

        OLD = "OLD"
        COLLOQUIAL = "COLLOQUIAL"
        RUSSIAN = "RUSSIAN"
        TRANSLIT = "TRANSLIT"

    street = models.ForeignKey(Street, on_delete=models.CASCADE, related_name="aliases")
    type = models.CharField(max_length=16)
    name = models.CharField(max_length=160)
    name_norm = models.CharField(max_length=160)
    search_key = models.CharField(max_length=160)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OLD)
    from_date = models.DateField(null=True)
    until_date = models.DateField(null=True)
    source = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["street", "type", "name_norm"], name="coverage_streetalias_once"
            )
        ]
        indexes = [
            models.Index(
                OpClass("search_key", name="text_pattern_ops"), name="coverage_streetalias_key"
            ),
            GinIndex(OpClass("search_key", name="gin_trgm_ops"), name="coverage_streetalias_trgm"),
            models.Index(fields=["name_norm"], name="coverage_streetalias_name"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.name}"
