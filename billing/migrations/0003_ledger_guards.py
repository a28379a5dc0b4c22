"""The ledger as the database guards it: postings by month, guards, the posting function, privileges."""

from django.db import migrations, models

from billing.ledger import sql
from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("billing", "0002_initial")]

    operations = [
        migrations.AddField(
            model_name="ledgerbalance",
            name="stopped",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="ledgerseal",
            name="last_journal_id",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="ledgeraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "SUBSCRIBER",
                            "CLEARING",
                            "REVENUE",
                            "TAX",
                            "ADJUSTMENT",
                            "SUSPENSE",
                            "BAD_DEBT",
                        ],
                    )
                ),
                name="ledger_account_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgeraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("code", ""), _negated=True), name="ledger_account_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgeraccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency", "UAH")), name="ledger_account_currency"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerjournal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "PAYMENT",
                            "CHARGE",
                            "REFUND",
                            "ADJUSTMENT",
                            "REVERSAL",
                            "CORRECTION",
                            "TRANSFER",
                            "WRITE_OFF",
                        ],
                    )
                ),
                name="ledger_journal_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerjournal",
            constraint=models.CheckConstraint(
                condition=models.Q(("idempotency_key", ""), _negated=True),
                name="ledger_journal_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerjournal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "REVERSAL"), ("reverses__isnull", False)),
                    models.Q(
                        models.Q(("kind", "REVERSAL"), _negated=True), ("reverses__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="ledger_journal_reverses",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerperiod",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1)), name="ledger_period_first_day"
            ),
        ),
        run_sql(sql.__file__, "tables"),
        run_sql(sql.__file__, "journals"),
        run_sql(sql.__file__, "guards"),
        run_sql(sql.__file__, "partitions"),
        run_sql(sql.__file__, "posting"),
        run_sql(sql.__file__, "accounts"),
        run_sql(sql.__file__, "seals"),
        run_sql(sql.__file__, "privileges"),
    ]
