"""Transfers of payment systems to the bank, and differences that are being cleared up."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0045_payment_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProviderDispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on_date", models.DateField()),
                ("outcome", models.CharField(max_length=15)),
                ("comment", models.CharField(max_length=300)),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.CharField(max_length=150)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, default="", max_length=150)),
                ("resolution", models.CharField(blank=True, default="", max_length=300)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.merchantaccount",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.payment",
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.providerregisterrow",
                    ),
                ),
            ],
            options={
                "db_table": "billing_provider_dispute",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True), ("row__isnull", False)),
                        fields=("row",),
                        name="billing_dispute_of_row",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True), ("row__isnull", True)),
                        fields=("payment",),
                        name="billing_dispute_of_payment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("row__isnull", False), ("payment__isnull", False), _connector="OR"
                        ),
                        name="billing_dispute_about",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on_date", models.DateField()),
                ("reference", models.CharField(max_length=60)),
                ("bank_kopecks", models.BigIntegerField()),
                ("fee_kopecks", models.BigIntegerField(default=0)),
                ("journal_id", models.BigIntegerField(unique=True)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=150)),
                (
                    "merchant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="settlements",
                        to="billing.merchantaccount",
                    ),
                ),
            ],
            options={
                "db_table": "billing_settlement",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("merchant", "reference"), name="billing_settlement_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("bank_kopecks__gte", 0),
                            ("fee_kopecks__gte", 0),
                            models.Q(
                                ("bank_kopecks__gt", 0), ("fee_kopecks__gt", 0), _connector="OR"
                            ),
                        ),
                        name="billing_settlement_amounts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        name="billing_settlement_named",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            """
            DO $$ BEGIN
                IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
                    REVOKE UPDATE, DELETE, TRUNCATE ON billing_settlement FROM geobill_app;
                    REVOKE DELETE, TRUNCATE ON billing_provider_dispute FROM geobill_app;
                END IF;
            END $$
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
