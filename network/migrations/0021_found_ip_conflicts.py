"""What is wrong with addresses in a large network is found by a task, not for each page."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("network", "0020_usual_logins_in_narrow_rows")]

    operations = [
        migrations.CreateModel(
            name="IpConflictFound",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "kind", "ref", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=15)),
                ("ref", models.CharField(max_length=64)),
            ],
            options={"db_table": "network_ip_conflict_found"},
        ),
    ]
