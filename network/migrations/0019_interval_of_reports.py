"""How often sessions report is a BRAS's own; ready replies are kept by what an Accept depends on."""

import django.db.models.expressions
from django.db import migrations, models

from project.core.sqlfiles import run_sql

KIND = """vendor || COALESCE('@' || interim_s::text, '') ||
    CASE WHEN capabilities ? 'multi_service' THEN
        CASE capabilities ->> 'multi_service' WHEN 'true' THEN '+' ELSE '-' END || 'multi_service'
    ELSE '' END"""


class Migration(migrations.Migration):
    dependencies = [("network", "0018_sessions_at_scale")]

    operations = [
        migrations.AddField(
            model_name="nas",
            name="interim_s",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="nas",
            name="interim_was_s",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="nas",
            name="interim_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="nas",
            name="kind",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.expressions.RawSQL(KIND, []),  # noqa: S611
                output_field=models.TextField(),
            ),
        ),
        migrations.AddConstraint(
            model_name="nas",
            constraint=models.CheckConstraint(
                condition=models.Q(("interim_s", None))
                | models.Q(("interim_s__gte", 60), ("interim_s__lte", 3600)),
                name="network_nas_interim_s",
            ),
        ),
        run_sql(__file__, "radius_kinds"),
    ]
