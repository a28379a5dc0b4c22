"""Operations of people with a client's money, and payments that were moved."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0021_tariff_constructor"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MoneyOperation",
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
                        choices=[
                            ("ADJUSTMENT", "Adjustment"),
                            ("REFUND", "Refund"),
                            ("WRITE_OFF", "Write Off"),
                            ("TRANSFER", "Transfer"),
                            ("CORRECTION", "Correction"),
                            ("REVERSAL", "Reversal"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PENDING", "Pending"),
                            ("POSTED", "Posted"),
                            ("REFUSED", "Refused"),
                            ("WITHDRAWN", "Withdrawn"),
                        ],
                        max_length=9,
                    ),
                ),
                ("amount_kopecks", models.BigIntegerField()),
                ("reason", models.CharField(max_length=300)),
                (
                    "method",
                    models.CharField(
                        blank=True,
                        choices=[("CASH", "Cash"), ("BANK", "Bank")],
                        default="",
                        max_length=4,
                    ),
                ),
                ("month", models.DateField(null=True)),
                ("facts", models.JSONField(default=dict)),
                ("idempotency_key", models.CharField(max_length=64, unique=True)),
                ("needs_second_person", models.BooleanField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by_label", models.CharField(max_length=150)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by_label", models.CharField(blank=True, default="", max_length=150)),
                ("decision_comment", models.CharField(blank=True, default="", max_length=300)),
                ("posted_at", models.DateTimeField(null=True)),
                ("journal_id", models.BigIntegerField(null=True, unique=True)),
            ],
            options={
                "db_table": "billing_money_operation",
            },
        ),
        migrations.AddField(
            model_name="payment",
            name="transfer_journal_id",
            field=models.BigIntegerField(null=True, unique=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="transferred_to",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments_moved_here",
                to="billing.ledgeraccount",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("transfer_journal_id__isnull", True), ("transferred_to__isnull", True)
                    ),
                    models.Q(
                        ("state", "CONFIRMED"),
                        ("transfer_journal_id__isnull", False),
                        ("transferred_to__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="billing_payment_transfer",
            ),
        ),
        migrations.AddField(
            model_name="moneyoperation",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="money_operations",
                to="billing.ledgeraccount",
            ),
        ),
        migrations.AddField(
            model_name="moneyoperation",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="moneyoperation",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="moneyoperation",
            name="payment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="moneyoperation",
            name="reverses",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversed_by",
                to="billing.moneyoperation",
            ),
        ),
        migrations.AddField(
            model_name="moneyoperation",
            name="subscription",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.subscription",
            ),
        ),
        migrations.AddField(
            model_name="moneyoperation",
            name="to_account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.ledgeraccount",
            ),
        ),
        migrations.AddIndex(
            model_name="moneyoperation",
            index=models.Index(fields=["account", "-id"], name="billing_money_op_account"),
        ),
        migrations.AddIndex(
            model_name="moneyoperation",
            index=models.Index(
                condition=models.Q(("state", "PENDING")),
                fields=["id"],
                name="billing_money_op_pending",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ("ADJUSTMENT", "REFUND", "WRITE_OFF", "TRANSFER", "CORRECTION", "REVERSAL"),
                    )
                ),
                name="billing_money_operation_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ("PENDING", "POSTED", "REFUSED", "WITHDRAWN"))),
                name="billing_money_operation_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_kopecks", 0), _negated=True),
                name="billing_money_operation_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="billing_money_operation_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("journal_id__isnull", False),
                        ("posted_at__isnull", False),
                        ("state", "POSTED"),
                    ),
                    models.Q(
                        models.Q(("state", "POSTED"), _negated=True),
                        ("journal_id__isnull", True),
                        ("posted_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="billing_money_operation_posted",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("needs_second_person", True),
                    models.Q(("decided_by__isnull", True), ("state", "POSTED")),
                    _connector="OR",
                ),
                name="billing_money_operation_small",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("needs_second_person", False),
                    ("state__in", ["PENDING", "WITHDRAWN"]),
                    models.Q(
                        ("decided_by__isnull", False),
                        models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="billing_money_operation_two_persons",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "TRANSFER"),
                        ("payment__isnull", False),
                        ("to_account__isnull", False),
                    ),
                    models.Q(
                        models.Q(("kind", "TRANSFER"), _negated=True), ("to_account__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="billing_money_operation_transfer",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "TRANSFER"), ("reverses__isnull", True)),
                    models.Q(
                        ("kind", "REVERSAL"), ("payment__isnull", False), ("reverses__isnull", True)
                    ),
                    models.Q(
                        ("kind", "REVERSAL"), ("payment__isnull", True), ("reverses__isnull", False)
                    ),
                    models.Q(
                        models.Q(("kind__in", ["TRANSFER", "REVERSAL"]), _negated=True),
                        ("payment__isnull", True),
                        ("reverses__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="billing_money_operation_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "CORRECTION"), ("month__day", 1), ("subscription__isnull", False)
                    ),
                    models.Q(
                        models.Q(("kind", "CORRECTION"), _negated=True),
                        ("month__isnull", True),
                        ("subscription__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="billing_money_operation_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount_kopecks__lt", 0),
                        ("kind", "REFUND"),
                        ("method__in", ["CASH", "BANK"]),
                    ),
                    models.Q(models.Q(("kind", "REFUND"), _negated=True), ("method", "")),
                    _connector="OR",
                ),
                name="billing_money_operation_refund",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["PENDING", "POSTED"])),
                fields=("reverses",),
                name="billing_money_operation_reversed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "PENDING")),
                fields=("payment",),
                name="billing_money_operation_payment_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="moneyoperation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "PENDING")),
                fields=("subscription", "month"),
                name="billing_money_operation_month_waits",
            ),
        ),
        run_sql(__file__, "money_operation_guards"),
    ]
