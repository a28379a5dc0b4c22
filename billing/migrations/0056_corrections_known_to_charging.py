"""What corrections had right is known to charging, and what came back by it is remembered."""

import django.db.models.deletion
from django.db import migrations, models

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0055_refunds_of_two_persons"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChargeCorrection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("posting_id", models.BigIntegerField()),
                ("facts", models.JSONField()),
                ("journal_id", models.BigIntegerField()),
                ("taken_back_journal_id", models.BigIntegerField(null=True)),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "db_table": "billing_charge_correction",
                "indexes": [
                    models.Index(fields=["journal_id"], name="billing_charge_correction_jrnl")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("posting_id", "journal_id"), name="billing_charge_correction_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken_back_journal_id__isnull", True),
                            ("taken_back_journal_id__gt", models.F("journal_id")),
                            _connector="OR",
                        ),
                        name="billing_charge_correction_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GivenBack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("posting_id", models.BigIntegerField()),
                ("from_date", models.DateField()),
                ("until_date", models.DateField()),
                ("amount_kopecks", models.BigIntegerField()),
                ("correction_journal_id", models.BigIntegerField(null=True)),
                ("journal_id", models.BigIntegerField(null=True, unique=True)),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "db_table": "billing_given_back",
                "indexes": [
                    models.Index(fields=["correction_journal_id"], name="billing_given_back_by")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("from_date__lt", models.F("until_date"))),
                        name="billing_given_back_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount_kopecks__gt", 0), ("journal_id__isnull", False)),
                            models.Q(("amount_kopecks", 0), ("journal_id__isnull", True)),
                            _connector="OR",
                        ),
                        name="billing_given_back_amount",
                    ),
                ],
            },
        ),
        run_sql(__file__, "correction_memory"),
    ]
