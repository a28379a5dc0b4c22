"""Logins that are a MAC in whatever spelling are found by its digits."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("network", "0024_ports_as_they_are_read")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX network_accesscredential_mac_login ON network_accesscredential"
            " ((regexp_replace(login, '[^0-9a-f]', '', 'g')))"
            " WHERE length(regexp_replace(login, '[^0-9a-f]', '', 'g')) BETWEEN 12 AND 14",
            "DROP INDEX network_accesscredential_mac_login",
        )
    ]
