"""Who drew in a change set, remembered whoever draws over it later."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

KNOWN = """
    UPDATE coverage_zonechangeset changeset SET hands = drawn.hands
    FROM (
        SELECT changeset_id, array_agg(DISTINCT edited_by_id) AS hands FROM coverage_zonechange
        WHERE edited_by_id IS NOT NULL GROUP BY changeset_id
    ) drawn
    WHERE drawn.changeset_id = changeset.id
"""


class Migration(migrations.Migration):
    dependencies = [("coverage", "0075_shared_reports")]
    operations = [
        migrations.AddField(
            "zonechangeset", "hands", ArrayField(models.BigIntegerField(), default=list)
        ),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
