"""The fast path answers with attributes, in one statement and a list for most questions."""

from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("network", "0013_lease_of_device")]

    operations = [
        run_sql(__file__, "radius_resolve"),
        run_sql(__file__, "radius_authorize"),
    ]
