import django.db.models.deletion
from django.db import migrations, models

from coverage.zoning import covering
from project.core.sqlfiles import run_sql


def derive(apps, schema_editor):
    """Fill in the answers from BuildingCoverage, as every later publication does."""
    covering.refresh_answers()


class Migration(migrations.Migration):
    dependencies = [("coverage", "0060_plant")]

    operations = [
        migrations.CreateModel(
            name="BuildingAnswer",
            fields=[
                (
                    "building",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="present_answer",
                        serialize=False,
                        to="coverage.building",
                    ),
                ),
                ("number", models.CharField(max_length=24, null=True)),
                ("wiring", models.CharField(max_length=9)),
                ("retired_at", models.DateTimeField(null=True)),
                ("fttb", models.SmallIntegerField(null=True)),
                ("gpon", models.SmallIntegerField(null=True)),
                ("docsis", models.SmallIntegerField(null=True)),
                ("wireless", models.SmallIntegerField(null=True)),
            ],
        ),
        run_sql(__file__, "building_answers"),
        migrations.RunPython(derive, migrations.RunPython.noop),
        # Later migrations change tables that these rows point at.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
    ]
