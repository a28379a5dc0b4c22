"""What holds of payments in the database: sums of refunds, fixed money, append-only messages."""

from django.db import migrations, models

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("billing", "0044_payment_acceptance")]

    operations = [
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("refunded_kopecks", models.F("amount_kopecks")), ("state", "REVERSED")
                    ),
                    models.Q(
                        ("refunded_kopecks__gte", 0),
                        ("refunded_kopecks__lt", models.F("amount_kopecks")),
                        ("state", "CONFIRMED"),
                    ),
                    models.Q(
                        ("refunded_kopecks", 0),
                        ("state__in", ["CREATED", "PENDING", "FAILED", "CANCELLED"]),
                    ),
                    _connector="OR",
                ),
                name="billing_payment_refunded",
            ),
        ),
        run_sql(__file__, "payment_guards"),
    ]
