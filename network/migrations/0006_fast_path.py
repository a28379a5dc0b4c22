"""The functions of the fast path, and the rules of Option 82 that come with the product."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils import timezone

from network.option82.shipped import RULES
from project.core.sqlfiles import run_sql


def add_rules(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    rule = apps.get_model("network", "Option82Rule")
    for number, values in enumerate(RULES, start=1):
        rule.objects.get_or_create(
            name=values["name"],
            defaults={**values, "position": number * 10, "changed_at": timezone.now()},
        )


class Migration(migrations.Migration):
    dependencies = [("network", "0005_access_identity")]

    operations = [
        run_sql(__file__, "radius_resolve"),
        run_sql(__file__, "radius_authorize"),
        migrations.RunPython(add_rules, migrations.RunPython.noop),
    ]
