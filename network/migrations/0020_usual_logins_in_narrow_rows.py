"""The fast path finds most logins in a narrow row of their own."""

from pathlib import Path

from django.db import migrations

from project.core.sqlfiles import run_sql

SQL = Path(__file__).resolve().parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("network", "0019_interval_of_reports")]

    operations = [
        run_sql(__file__, "radius_usual"),
        # Undone, the call is again what it was: with the server's rows of before, in wide rows.
        migrations.RunSQL(
            sql=(SQL / "radius_authorize.sql").read_text(encoding="utf-8"),
            reverse_sql=(SQL / "radius_wide.sql").read_text(encoding="utf-8"),
        ),
    ]
