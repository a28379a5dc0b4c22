"""How far a service is charged in a table of its own, and the functions of charging in force."""

import django.db.models.deletion
from django.db import migrations, models

from billing.ledger import sql
from project.core.sqlfiles import run_sql, whole_sql


class Migration(migrations.Migration):
    dependencies = [("billing", "0050_settlements_taken_back")]

    operations = [
        migrations.CreateModel(
            name="ChargeState",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="charge_state",
                        serialize=False,
                        to="billing.subscription",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.ledgeraccount",
                    ),
                ),
                ("charged_until", models.DateField(null=True)),
                ("charged_basis_id", models.BigIntegerField(null=True)),
                ("anchor_day", models.PositiveSmallIntegerField(default=1)),
                ("connection_charged_date", models.DateField(null=True)),
            ],
            options={
                "db_table": "billing_charge_state",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("anchor_day__gte", 1), ("anchor_day__lte", 31)),
                        name="billing_charge_state_anchor",
                    )
                ],
            },
        ),
        run_sql(__file__, "charge_state"),
        *whole_sql(__file__, "charge_arithmetic"),
        *whole_sql(__file__, "charging"),
        migrations.RemoveConstraint(model_name="subscription", name="billing_subscription_anchor"),
        migrations.RemoveField(model_name="subscription", name="anchor_day"),
        migrations.RemoveField(model_name="subscription", name="charged_basis_id"),
        migrations.RemoveField(model_name="subscription", name="charged_until"),
        migrations.RemoveField(model_name="subscription", name="connection_charged_date"),
        # The file says CREATE OR REPLACE and the hashes are the same, so undoing has nothing to do.
        migrations.RunSQL(
            sql=run_sql(sql.__file__, "posting").sql, reverse_sql=migrations.RunSQL.noop
        ),
    ]
