"""FreeRADIUS may ask the database for a session's addresses while the REST group is away."""

from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("network", "0026_vlan_is_the_line_unless_said")]

    operations = [run_sql(__file__, "radius_lend")]
