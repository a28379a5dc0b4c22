"""A note of an authorization that is handed over twice is one line of the time line."""

from django.db import migrations

ONCE = """
CREATE UNIQUE INDEX network_session_event_authorized ON network_session_event (nonce, kind, at)
WHERE kind = 'AUTHORIZE' AND nonce <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("network", "0010_watched_bras")]

    operations = [
        migrations.RunSQL(ONCE, "DROP INDEX network_session_event_authorized"),
    ]
