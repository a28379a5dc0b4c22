"""What goes back is counted as its provider counts; a part may be heard of before its payment."""

from django.db import migrations, models

from project.core.sqlfiles import run_sql, whole_sql

IN_FLIGHT = ["CREATED", "SENT", "UNKNOWN", "HEARD"]


class Migration(migrations.Migration):
    dependencies = [("billing", "0051_charge_state")]

    operations = [
        migrations.RemoveConstraint(model_name="refund", name="billing_refund_amount"),
        migrations.RemoveConstraint(model_name="refund", name="billing_refund_journal"),
        migrations.RemoveIndex(model_name="refund", name="billing_refund_open"),
        migrations.AddField(
            model_name="payment",
            name="told_back_kopecks",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="payment",
            name="told_kopecks",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="paymentattempt",
            name="ask_due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="settled_by",
            field=models.CharField(blank=True, default="", max_length=150),
        ),
        migrations.AddField(
            model_name="refund",
            name="told_kopecks",
            field=models.BigIntegerField(null=True),
        ),
        run_sql(__file__, "told_kopecks_known"),
        migrations.AlterField(
            model_name="payment",
            name="told_kopecks",
            field=models.BigIntegerField(),
        ),
        migrations.AlterField(
            model_name="refund",
            name="told_kopecks",
            field=models.BigIntegerField(),
        ),
        migrations.AlterField(
            model_name="refund",
            name="state",
            field=models.CharField(
                choices=[
                    ("CREATED", "Created"),
                    ("SENT", "Sent"),
                    ("SUCCEEDED", "Succeeded"),
                    ("FAILED", "Failed"),
                    ("UNKNOWN", "Unknown"),
                    ("HEARD", "Heard"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("state__in", IN_FLIGHT)),
                fields=["created_at"],
                name="billing_refund_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state", "REVERSED"), ("told_back_kopecks", models.F("told_kopecks"))
                    ),
                    models.Q(
                        ("state", "CONFIRMED"),
                        ("told_back_kopecks__gte", 0),
                        ("told_back_kopecks__lt", models.F("told_kopecks")),
                    ),
                    models.Q(
                        ("state__in", ["CREATED", "PENDING", "FAILED", "CANCELLED"]),
                        ("told_back_kopecks", 0),
                        ("told_kopecks__gt", 0),
                    ),
                    _connector="OR",
                ),
                name="billing_payment_told_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_kopecks__gte", 0), ("told_kopecks__gt", 0)),
                name="billing_refund_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("finished_at__isnull", False),
                        ("journal_id__isnull", False),
                        ("state", "SUCCEEDED"),
                    ),
                    models.Q(
                        ("amount_kopecks", 0),
                        ("finished_at__isnull", False),
                        ("journal_id__isnull", True),
                        ("state", "SUCCEEDED"),
                    ),
                    models.Q(
                        ("state__in", ["CREATED", "SENT", "FAILED", "UNKNOWN", "HEARD"]),
                        ("journal_id__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="billing_refund_journal",
            ),
        ),
        *whole_sql(__file__, "payment_guards"),
    ]
