"""Prices that moved on are looked for by index, however many services there are."""

from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("billing", "0056_corrections_known_to_charging")]

    operations = [run_sql(__file__, "moved_prices")]
