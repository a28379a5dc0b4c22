"""Plans of charging stay right where statistics are of tables that were empty."""

import django.db.models.deletion
from django.db import migrations, models

from project.core.sqlfiles import again_sql


class Migration(migrations.Migration):
    dependencies = [("billing", "0057_moved_prices_by_index")]

    operations = [
        migrations.AlterField(
            model_name="chargebasis",
            name="discount",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.discount",
            ),
        ),
        migrations.AddIndex(
            model_name="chargebasis",
            index=models.Index(
                condition=models.Q(("discount__isnull", False)),
                fields=["discount"],
                name="billing_charge_basis_discount",
            ),
        ),
        again_sql(__file__, "moved_prices"),
    ]
