from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("coverage", "0002_zone_change_attributes")]
    operations = [run_sql(__file__, "zone_guards")]
