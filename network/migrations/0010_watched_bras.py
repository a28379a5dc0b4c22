"""A BRAS that another system still runs can be watched without being asked anything."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("network", "0009_fast_path_in_few_statements")]

    operations = [
        migrations.AddField(
            model_name="nas",
            name="only_watched",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
