"""Refunds that the bank has paid out, and cash that was taken to the bank."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0059_charges_of_locked_accounts"),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnMove",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("REFUND_PAID", "Refund Paid"), ("CASH_BANKED", "Cash Banked")],
                        max_length=11,
                    ),
                ),
                ("bank_kopecks", models.BigIntegerField()),
                ("till_refunds_kopecks", models.BigIntegerField(default=0)),
                ("reference", models.CharField(max_length=60)),
                ("of_date", models.DateField()),
                ("journal_id", models.BigIntegerField(unique=True)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=150)),
                ("reversal_journal_id", models.BigIntegerField(null=True, unique=True)),
                ("reversed_at", models.DateTimeField(null=True)),
                ("reversed_by", models.CharField(blank=True, default="", max_length=150)),
                ("reversal_reason", models.CharField(blank=True, default="", max_length=300)),
                (
                    "refund",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payouts",
                        to="billing.moneyoperation",
                    ),
                ),
            ],
            options={
                "db_table": "billing_own_move",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("bank_kopecks__lt", 0),
                                ("kind", "REFUND_PAID"),
                                ("refund__isnull", False),
                                ("till_refunds_kopecks", 0),
                            ),
                            models.Q(
                                ("bank_kopecks__gte", 0),
                                ("kind", "CASH_BANKED"),
                                ("refund__isnull", True),
                                (
                                    "till_refunds_kopecks__gte",
                                    django.db.models.expressions.CombinedExpression(
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("bank_kopecks"), "*", models.Value(-1)
                                        ),
                                        "+",
                                        models.Value(1),
                                    ),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="billing_own_move_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("till_refunds_kopecks__gte", 0)),
                        name="billing_own_move_till",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        name="billing_own_move_named",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("reversal_journal_id__isnull", True), ("reversed_at__isnull", True)
                            ),
                            models.Q(
                                ("reversal_journal_id__isnull", False),
                                ("reversed_at__isnull", False),
                                models.Q(("reversal_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="billing_own_move_reversal",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("reversal_journal_id__isnull", True)),
                        fields=("refund",),
                        name="billing_own_move_paid_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("kind", "CASH_BANKED"), ("reversal_journal_id__isnull", True)
                        ),
                        fields=("reference", "of_date"),
                        name="billing_own_move_banked_once",
                    ),
                ],
            },
        ),
        run_sql(__file__, "own_move_guards"),
    ]
