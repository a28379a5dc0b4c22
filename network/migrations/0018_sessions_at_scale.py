"""Open sessions by the million: indexes of what pages look for, and what is kept of all together."""

import django.contrib.gis.db.models.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0055_refunds_of_two_persons"),
        ("network", "0017_fast_path_in_lines"),
    ]

    operations = [
        migrations.CreateModel(
            name="DriftFound",
            fields=[
                ("session_id", models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={
                "db_table": "network_drift_found",
            },
        ),
        migrations.CreateModel(
            name="SessionSpot",
            fields=[
                ("key", models.CharField(max_length=24, primary_key=True, serialize=False)),
                ("building_id", models.BigIntegerField(null=True)),
                ("node_id", models.BigIntegerField(null=True)),
                ("point", django.contrib.gis.db.models.fields.PointField(null=True, srid=4326)),
                ("online", models.IntegerField()),
                ("guest", models.IntegerField()),
                ("suspect", models.IntegerField()),
                ("offline", models.IntegerField()),
            ],
            options={
                "db_table": "network_session_spot",
            },
        ),
        migrations.CreateModel(
            name="SessionTally",
            fields=[
                ("nas_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sessions", models.IntegerField()),
                ("guests", models.IntegerField()),
                ("suspects", models.IntegerField()),
                ("nobodys", models.IntegerField()),
            ],
            options={
                "db_table": "network_session_tally",
            },
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("made_at", models.DateTimeField()),
                ("took_ms", models.IntegerField()),
                ("sessions", models.IntegerField()),
                ("services", models.IntegerField()),
            ],
            options={
                "db_table": "network_standing",
            },
        ),
        migrations.AddField(
            model_name="nas",
            name="ends_unknown",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="session",
            name="nas",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="network.nas",
            ),
        ),
        migrations.AlterField(
            model_name="session",
            name="subscription",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.subscription",
            ),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["nas", "id"], name="network_session_nas"),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(("is_guest", True)), fields=["id"], name="network_session_guest"
            ),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(("state", "SUSPECT")),
                fields=["id"],
                name="network_session_suspect",
            ),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(("subscription__isnull", True)),
                fields=["id"],
                name="network_session_nobody",
            ),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("login"), name="text_pattern_ops"
                ),
                name="network_session_login",
            ),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                condition=models.Q(("mac", ""), _negated=True),
                fields=["mac"],
                name="network_session_mac",
            ),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["framed_ip"], name="network_session_ip"),
        ),
        migrations.AddConstraint(
            model_name="standing",
            constraint=models.CheckConstraint(
                condition=models.Q(("id", 1)), name="network_standing_one"
            ),
        ),
    ]
