import django.contrib.gis.db.models.fields
import django.db.models.deletion
from django.db import migrations, models

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("coverage", "0041_existing_clients_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlantNode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("POP", "Pop"),
                            ("CABINET", "Cabinet"),
                            ("OLT", "Olt"),
                            ("SWITCH", "Switch"),
                            ("SPLITTER", "Splitter"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("PLANNED", "Planned"),
                            ("IN_SERVICE", "In Service"),
                            ("OUT_OF_SERVICE", "Out Of Service"),
                            ("RETIRED", "Retired"),
                        ],
                        max_length=14,
                    ),
                ),
                ("model", models.CharField(blank=True, default="", max_length=80)),
                (
                    "network_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("FTTB", "Fttb"),
                            ("GPON", "Gpon"),
                            ("DOCSIS", "Docsis"),
                            ("WIRELESS", "Wireless"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("point", django.contrib.gis.db.models.fields.PointField(srid=4326)),
                ("capacity", models.PositiveSmallIntegerField(default=0)),
                ("ratio", models.PositiveSmallIntegerField(null=True)),
                ("split_budget", models.PositiveSmallIntegerField(null=True)),
                ("reach_m", models.PositiveIntegerField(null=True)),
                ("management_ip", models.GenericIPAddressField(null=True, unique=True)),
                ("serial", models.CharField(blank=True, default="", max_length=60)),
                ("remote_id", models.CharField(max_length=128, null=True, unique=True)),
                ("circuit_template", models.CharField(blank=True, default="", max_length=80)),
                ("note", models.CharField(blank=True, default="", max_length=300)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "building",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plant_nodes",
                        to="coverage.building",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="coverage.plantnode",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlantNodeBuilding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "building",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="plant_links",
                        to="coverage.building",
                    ),
                ),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="building_links",
                        to="coverage.plantnode",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="plantnode",
            name="serves",
            field=models.ManyToManyField(
                related_name="serving_nodes",
                through="coverage.PlantNodeBuilding",
                to="coverage.building",
            ),
        ),
        migrations.CreateModel(
            name="PlantNodeZone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="zone_links",
                        to="coverage.plantnode",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plant_links",
                        to="coverage.zone",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="plantnode",
            name="zones",
            field=models.ManyToManyField(
                related_name="plant_nodes", through="coverage.PlantNodeZone", to="coverage.zone"
            ),
        ),
        migrations.CreateModel(
            name="PlantPort",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("label", models.CharField(blank=True, default="", max_length=40)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("FREE", "Free"),
                            ("RESERVED", "Reserved"),
                            ("IN_USE", "In Use"),
                            ("BROKEN", "Broken"),
                        ],
                        default="FREE",
                        max_length=8,
                    ),
                ),
                ("circuit_id", models.CharField(max_length=128, null=True)),
                ("circuit_scope", models.CharField(blank=True, default="", max_length=128)),
                ("subscription_ref", models.BigIntegerField(null=True, unique=True)),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                ("changed_at", models.DateTimeField()),
                (
                    "building",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plant_ports",
                        to="coverage.building",
                    ),
                ),
                (
                    "node",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ports",
                        to="coverage.plantnode",
                    ),
                ),
                (
                    "premise",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="plant_ports",
                        to="coverage.premise",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="plantnode",
            name="uplink_port",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="feeds",
                to="coverage.plantport",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnodebuilding",
            constraint=models.UniqueConstraint(
                fields=("node", "building"), name="coverage_plantnodebuilding_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnodezone",
            constraint=models.UniqueConstraint(
                fields=("node", "zone"), name="coverage_plantnodezone_once"
            ),
        ),
        migrations.AddIndex(
            model_name="plantport",
            index=models.Index(
                condition=models.Q(("circuit_id__isnull", False)),
                fields=["circuit_id"],
                name="coverage_plantport_by_circuit",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantport",
            constraint=models.UniqueConstraint(
                fields=("node", "number"), name="coverage_plantport_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="plantport",
            constraint=models.UniqueConstraint(
                condition=models.Q(("circuit_id__isnull", False)),
                fields=("circuit_scope", "circuit_id"),
                name="coverage_plantport_circuit",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantport",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["FREE", "RESERVED", "IN_USE", "BROKEN"])),
                name="coverage_plantport_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("subscription_ref__isnull", True),
                    ("state__in", ["RESERVED", "IN_USE"]),
                    _connector="OR",
                ),
                name="coverage_plantport_holder",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantport",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__range", (1, 1024))), name="coverage_plantport_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="plantport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("premise__isnull", True), ("building__isnull", False), _connector="OR"
                ),
                name="coverage_plantport_premise",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["POP", "CABINET", "OLT", "SWITCH", "SPLITTER"])),
                name="coverage_plantnode_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status__in", ["PLANNED", "IN_SERVICE", "OUT_OF_SERVICE"]),
                        ("retired_at__isnull", True),
                    ),
                    models.Q(("retired_at__isnull", False), ("status", "RETIRED")),
                    _connector="OR",
                ),
                name="coverage_plantnode_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("capacity", models.F("ratio")),
                        ("kind", "SPLITTER"),
                        ("ratio__in", (2, 4, 8, 16, 32, 64)),
                        ("ratio__isnull", False),
                    ),
                    models.Q(
                        models.Q(("kind", "SPLITTER"), _negated=True), ("ratio__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="coverage_plantnode_ratio",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "OLT"),
                        ("split_budget__in", (8, 16, 32, 64, 128)),
                        ("split_budget__isnull", False),
                    ),
                    models.Q(
                        models.Q(("kind", "OLT"), _negated=True), ("split_budget__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="coverage_plantnode_split_budget",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["POP", "CABINET"]),
                    models.Q(("network_type", ""), _negated=True),
                    _connector="OR",
                ),
                name="coverage_plantnode_network",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("network_type__in", ["", "FTTB", "GPON", "DOCSIS", "WIRELESS"])
                ),
                name="coverage_plantnode_network_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.CheckConstraint(
                condition=models.Q(("capacity__lte", 1024)), name="coverage_plantnode_capacity"
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reach_m__isnull", True), ("reach_m__range", (1, 60000)), _connector="OR"
                ),
                name="coverage_plantnode_reach",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("uplink_port__isnull", True), ("parent__isnull", False), _connector="OR"
                ),
                name="coverage_plantnode_uplink",
            ),
        ),
        migrations.AddConstraint(
            model_name="plantnode",
            constraint=models.UniqueConstraint(
                condition=models.Q(("uplink_port__isnull", False)),
                fields=("uplink_port",),
                name="coverage_plantnode_uplink_once",
            ),
        ),
        run_sql(__file__, "plant"),
    ]
