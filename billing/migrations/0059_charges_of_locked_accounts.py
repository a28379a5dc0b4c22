"""A charge run posts to the accounts that it has locked without looking them up again."""

from django.db import migrations

from billing.ledger import sql
from project.core.sqlfiles import again_sql, whole_sql

# `ledger_post` had one parameter less: beside the new one it would be a second function of that name.
OLD = """
    DROP FUNCTION IF EXISTS ledger_post(
        text, date, timestamptz, text, text, text, text, bigint[], bigint[], bigint[], text[],
        smallint[], bigint[], bigint[], bigint)
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0058_bases_without_a_discount")]

    operations = [
        migrations.RunSQL(sql=OLD, reverse_sql=migrations.RunSQL.noop),
        again_sql(sql.__file__, "posting"),
        again_sql(sql.__file__, "privileges"),
        *whole_sql(__file__, "charging"),
    ]
