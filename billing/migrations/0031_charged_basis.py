"""By what a service was charged last, kept with it."""

import django.db.models.deletion
from django.db import migrations, models

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0030_money_operations"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="charged_basis",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.chargebasis",
            ),
        ),
        run_sql(__file__, "charged_basis"),
    ]
