"""How far what changes by itself (nights, plans, pauses) was acted on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("network", "0011_lines_of_authorizations")]

    operations = [
        migrations.CreateModel(
            name="ScheduleMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("looked_at", models.DateTimeField()),
            ],
            options={
                "db_table": "network_schedule_mark",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="network_schedule_mark_one"
                    )
                ],
            },
        ),
    ]
