"""The lines of registered ports as the rules of Option 82 read them.

Ports that were registered before are read in the first night (`rebuild_replies`), or at once when a
rule is saved.
"""

from django.db import migrations, models

from project.core.sqlfiles import again_sql


class Migration(migrations.Migration):
    dependencies = [("network", "0023_progress_of_streams")]

    operations = [
        migrations.AddField(
            model_name="radiusdecision",
            name="port_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddIndex(
            model_name="radiusdecision",
            index=models.Index(
                condition=models.Q(("port_key", ""), _negated=True),
                fields=["port_key"],
                name="radius_decision_key",
            ),
        ),
        migrations.AddIndex(
            model_name="radiusdecision",
            index=models.Index(
                condition=models.Q(("mode", "OPTION82"), models.Q(("port_key", ""), _negated=True)),
                fields=["subscription"],
                name="radius_decision_by_line",
            ),
        ),
        again_sql(__file__, "radius_authorize"),
    ]
