"""Who has no full access, and what changed just now, is found without reading all decisions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("network", "0015_presumed_ends")]

    operations = [
        migrations.AddIndex(
            model_name="radiusdecision",
            index=models.Index(
                fields=["subscription"],
                name="radius_decision_closed",
                condition=~models.Q(state="FULL"),
            ),
        ),
        migrations.AddIndex(
            model_name="radiusdecision",
            index=models.Index(fields=["felt_at"], name="radius_decision_felt"),
        ),
    ]
