from django.db import migrations

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0004_sale"),
        ("coverage", "0070_places_edited"),
    ]

    operations = [run_sql(__file__, "requests_of_merged")]
