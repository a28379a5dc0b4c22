"""The fast path answers with ready lines, and looks a BRAS up in one row."""

from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("network", "0016_closed_and_new_decisions")]

    operations = [
        run_sql(__file__, "radius_nas"),
        run_sql(__file__, "radius_resolve"),
        run_sql(__file__, "radius_authorize"),
    ]
