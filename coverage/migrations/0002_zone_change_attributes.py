from django.db import migrations, models

NETWORK_TYPES = [
    ("FTTB", "Fttb"),
    ("GPON", "Gpon"),
    ("DOCSIS", "Docsis"),
    ("WIRELESS", "Wireless"),
]


class Migration(migrations.Migration):
    dependencies = [("coverage", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="zonechange",
            name="name",
            field=models.CharField(default="", max_length=120),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="zonechange",
            name="network_type",
            field=models.CharField(choices=NETWORK_TYPES, default="GPON", max_length=8),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="zonechange",
            name="priority",
            field=models.SmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="zoneversion",
            name="priority",
            field=models.SmallIntegerField(default=0),
        ),
    ]
