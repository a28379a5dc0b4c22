"""A large refund through a payment system waits for a second person."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

IN_FLIGHT = ["CREATED", "SENT", "UNKNOWN", "HEARD", "WAITS"]


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("billing", "0054_numbers_that_stand_twice"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="refund", name="billing_refund_journal"),
        migrations.RemoveIndex(model_name="refund", name="billing_refund_open"),
        migrations.AddField(
            model_name="refund",
            name="asked_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="approved_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
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
                    ("WAITS", "Waits"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=Q(("state__in", IN_FLIGHT)),
                fields=["created_at"],
                name="billing_refund_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=Q(state="SUCCEEDED", journal_id__isnull=False, finished_at__isnull=False)
                | Q(
                    state="SUCCEEDED",
                    amount_kopecks=0,
                    journal_id__isnull=True,
                    finished_at__isnull=False,
                )
                | (
                    Q(state__in=["CREATED", "SENT", "FAILED", "UNKNOWN", "HEARD", "WAITS"])
                    & Q(journal_id__isnull=True)
                ),
                name="billing_refund_journal",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("asked_by")),
                name="billing_refund_two_persons",
            ),
        ),
    ]
