"""A list that has one number twice keeps both rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0053_spans_by_btree")]

    operations = [
        migrations.AddField(
            model_name="providerregisterrow",
            name="copy",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RemoveConstraint(
            model_name="providerregisterrow", name="billing_register_row_once"
        ),
        migrations.AddConstraint(
            model_name="providerregisterrow",
            constraint=models.UniqueConstraint(
                fields=["register", "key", "is_reversal", "copy"],
                name="billing_register_row_once",
            ),
        ),
    ]
