"""By what a service was charged last, kept with it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0040_lean_run"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="charged_basis_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
