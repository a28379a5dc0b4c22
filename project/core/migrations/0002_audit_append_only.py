from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [run_sql(__file__, "audit_append_only")]
