import django.db.models.deletion
from django.db import migrations, models

from coverage.zoning import covering


def derive(apps, schema_editor):
    """Fill the table from BuildingCoverage, as every later publication does."""
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
                ("fttb", models.SmallIntegerField(null=True)),
                ("gpon", models.SmallIntegerField(null=True)),
                ("docsis", models.SmallIntegerField(null=True)),
                ("wireless", models.SmallIntegerField(null=True)),
            ],
        ),
        # Room on each page, so that a changed answer stays where it is and no index is touched.
        migrations.RunSQL(
            "ALTER TABLE coverage_buildinganswer SET (fillfactor = 60)",
            "ALTER TABLE coverage_buildinganswer RESET (fillfactor)",
        ),
        migrations.RunPython(derive, migrations.RunPython.noop),
    ]
