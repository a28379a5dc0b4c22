"""Which ends of sessions were told by their BRAS, and which were only concluded from silence."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("network", "0014_fast_path_as_attributes")]

    operations = [
        migrations.AddField(
            model_name="sessionhistory",
            name="is_presumed",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
