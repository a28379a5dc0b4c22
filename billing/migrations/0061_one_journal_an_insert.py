"""What every payment is checked for costs less; the key of a journal has one index, not two."""

from django.db import migrations, models

from billing.ledger import sql
from project.core.sqlfiles import again_sql

# The unique index stays as it is, under the name of the constraint that the model now has; what goes is
# Django's second index of a unique text, for LIKE, which nothing asks.
ONE_INDEX = """
    DROP INDEX IF EXISTS ledger_journal_idempotency_key_d0d03436_like;
    ALTER TABLE ledger_journal
        RENAME CONSTRAINT ledger_journal_idempotency_key_key TO ledger_journal_once
"""
TWO_INDEXES = """
    ALTER TABLE ledger_journal
        RENAME CONSTRAINT ledger_journal_once TO ledger_journal_idempotency_key_key;
    CREATE INDEX ledger_journal_idempotency_key_d0d03436_like
        ON ledger_journal (idempotency_key varchar_pattern_ops)
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0060_own_money")]

    operations = [
        again_sql(sql.__file__, "journals"),
        migrations.RunSQL(
            sql=ONE_INDEX,
            reverse_sql=TWO_INDEXES,
            state_operations=[
                migrations.AlterField(
                    model_name="ledgerjournal",
                    name="idempotency_key",
                    field=models.CharField(max_length=120),
                ),
                migrations.AddConstraint(
                    model_name="ledgerjournal",
                    constraint=models.UniqueConstraint(
                        fields=["idempotency_key"], name="ledger_journal_once"
                    ),
                ),
            ],
        ),
    ]
