"""The lease that a device has is found by its index, however many there are."""

from django.db import migrations

from project.core.sqlfiles import again_sql


class Migration(migrations.Migration):
    dependencies = [("network", "0012_exact_minutes")]

    operations = [again_sql(__file__, "leases")]
