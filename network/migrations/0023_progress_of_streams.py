"""Progress of accounting is told by streams, no more by workers.

There was one stream until now; its name is not known here, so it has none until somebody reads it
to its end (`network.progress.BEFORE`).
"""

from django.db import migrations, models

ONE_STREAM = """
DELETE FROM network_accounting_progress p WHERE EXISTS (
    SELECT FROM network_accounting_progress q
    WHERE (COALESCE(q.caught_up_at, '-infinity'), q.name)
        > (COALESCE(p.caught_up_at, '-infinity'), p.name)
);
UPDATE network_accounting_progress SET name = ''
"""


class Migration(migrations.Migration):
    dependencies = [("network", "0022_usual_logins_with_their_port")]

    operations = [
        migrations.AddField(
            "accountingprogress",
            "read_by",
            models.CharField(max_length=120, default="", db_default=""),
        ),
        migrations.RunSQL(ONE_STREAM, migrations.RunSQL.noop),
    ]
