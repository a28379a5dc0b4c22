"""The daily run with one look at each service, and posting with fewer passes over the legs."""

from django.db import migrations

from billing.ledger import sql
from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [("billing", "0045_payment_guards")]

    operations = [
        run_sql(__file__, "decided_once"),
        # The file says CREATE OR REPLACE and the hashes are the same, so undoing has nothing to do.
        migrations.RunSQL(
            sql=run_sql(sql.__file__, "posting").sql, reverse_sql=migrations.RunSQL.noop
        ),
    ]
