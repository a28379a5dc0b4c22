"""Connection fee of a sale, one basis a plan span and version, price guards."""

from django.db import migrations, models

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_ledger_guards"),
        ("coverage", "0003_zone_guards"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="connection_charged_date",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="connection_fee_kopecks",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["account", "-id"], name="billing_payment_account"),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("state", "TERMINATED")),
                fields=["terminated_date"],
                name="billing_subscription_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="chargebasis",
            constraint=models.UniqueConstraint(
                fields=("plan_span", "tariff_version"), name="billing_charge_basis_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "TERMINATED"), _negated=True),
                    ("terminated_date__isnull", False),
                    _connector="OR",
                ),
                name="billing_subscription_terminated",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("anchor_day__gte", 1), ("anchor_day__lte", 31)),
                name="billing_subscription_anchor",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.CheckConstraint(
                condition=models.Q(("connection_fee_kopecks__gte", 0)),
                name="billing_subscription_fee",
            ),
        ),
        run_sql(__file__, "price_guards"),
    ]
