"""Whether a port counts with another VLAN is said by rule: where each has a VLAN, it is the line.

Keys made before are of rules of which nobody has said so.
"""

from django.db import migrations, models

KEYS = """
UPDATE radius_decision SET port_key = '' WHERE port_key <> '';
ANALYZE radius_decision;
"""


class Migration(migrations.Migration):
    dependencies = [("network", "0025_logins_that_are_macs")]

    operations = [
        migrations.AddField(
            "option82rule", "ignores_vlan", models.BooleanField(default=False, db_default=False)
        ),
        migrations.AlterField("option82rule", "ignores_vlan", models.BooleanField(default=False)),
        migrations.RunSQL(KEYS, migrations.RunSQL.noop),
    ]
