"""What has changed among the usual logins can be read by who keeps them beside a FreeRADIUS."""

from django.db import migrations

from project.core.sqlfiles import again_sql, whole_sql


class Migration(migrations.Migration):
    dependencies = [("network", "0027_addresses_in_an_outage")]

    operations = [
        *whole_sql(__file__, "radius_usual"),
        again_sql(__file__, "radius_authorize"),
    ]
