from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("crm", "0002_contract_number"), ("coverage", "0030_map_tiles")]
    operations = [run_sql(__file__, "requests_on_map")]
