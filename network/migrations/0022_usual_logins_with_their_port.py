"""The row of a usual login has ready what it is asked with when its own port is told."""

from django.db import migrations

from project.core.sqlfiles import again_sql, whole_sql


class Migration(migrations.Migration):
    dependencies = [("network", "0021_found_ip_conflicts")]

    operations = [
        *whole_sql(__file__, "radius_usual"),
        again_sql(__file__, "radius_authorize"),
    ]
