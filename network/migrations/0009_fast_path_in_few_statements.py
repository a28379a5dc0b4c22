"""The functions of the fast path with fewer statements, and look-ups that never read the whole table."""

from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("network", "0008_lines_on_the_map")]

    operations = [
        run_sql(__file__, "radius_resolve"),
        run_sql(__file__, "radius_authorize"),
    ]
