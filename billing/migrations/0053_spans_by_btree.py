"""The plan of a service is looked up by the B-tree, however many services there are."""

from django.db import migrations

from billing.ledger import sql
from project.core.sqlfiles import again_sql, whole_sql


class Migration(migrations.Migration):
    dependencies = [("billing", "0052_refunds_as_told")]

    operations = [*whole_sql(__file__, "charging"), again_sql(sql.__file__, "posting")]
