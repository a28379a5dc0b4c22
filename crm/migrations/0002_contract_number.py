from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("crm", "0001_initial")]
    operations = [run_sql(__file__, "contract_number")]
