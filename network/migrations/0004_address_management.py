import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import network.models.fields
from project.core.sqlfiles import run_sql

# The pools of before held IPv4 only, with their place in themselves, and assignments with a span of
# time each. Kept aside, and told anew in the tables of now.
KEEP = """
CREATE TABLE network_old_pool AS SELECT * FROM network_ippool;
CREATE TABLE network_old_assignment AS SELECT * FROM network_ipassignment;
"""

BRING = """
INSERT INTO network_ippool (id, name, kind, first, last, unit_bits, base, size, next_index,
    is_guest, is_open, hold_s, grace_s, quarantine_s, note, created_at)
SELECT id, name, 'IPV4', first_address, last_address, 32, first_address - '0.0.0.0'::inet,
       last_address - first_address + 1, 0, is_guest, true, 120, 300, 3600, '', now()
FROM network_old_pool;
SELECT setval(pg_get_serial_sequence('network_ippool', 'id'), COALESCE(max(id), 0) + 1, false)
FROM network_ippool;
INSERT INTO network_iprule (pool_id, mode, zone_id, admin_unit_id, network_type, priority,
    created_at)
SELECT id, 'PERMANENT', zone_id, CASE WHEN zone_id IS NULL THEN admin_unit_id END, '', priority,
       now()
FROM network_old_pool WHERE NOT is_guest ORDER BY id;
INSERT INTO network_ipassignment (pool_id, kind, address, subscription_id, device, state, source,
    session_unique_id, since_at)
SELECT pool_id, 'IPV4', address, subscription_id, '', 'ASSIGNED', 'RULE', '', lower(valid)
FROM network_old_assignment WHERE upper_inf(valid) AND NOT isempty(valid);
INSERT INTO network_iphistory (pool_id, kind, address, subscription_id, device, source,
    session_unique_id, valid)
SELECT pool_id, 'IPV4', address, subscription_id, '', 'RULE', '', valid
FROM network_old_assignment WHERE NOT upper_inf(valid) AND NOT isempty(valid);
DROP TABLE network_old_pool, network_old_assignment;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0043_run_progress"),
        ("coverage", "0076_hands"),
        ("network", "0003_session_accounting"),
    ]

    operations = [
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.DeleteModel("IpAssignment"),
        migrations.DeleteModel("IpPool"),
        migrations.CreateModel(
            name="IpBasis",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="billing.subscription",
                    ),
                ),
                ("basis", models.CharField(max_length=120)),
            ],
        ),
        migrations.AddField(
            model_name="radiusdecision",
            name="delegated_ipv6_prefix",
            field=network.models.fields.PrefixField(null=True),
        ),
        migrations.AddField(
            model_name="radiusdecision",
            name="framed_ipv6_prefix",
            field=network.models.fields.PrefixField(null=True),
        ),
        migrations.CreateModel(
            name="IpPool",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("IPV4", "Ipv4"),
                            ("IPV6_PREFIX", "Ipv6 Prefix"),
                            ("DELEGATED", "Delegated"),
                        ],
                        max_length=11,
                    ),
                ),
                ("first", network.models.fields.PrefixField()),
                ("last", network.models.fields.PrefixField()),
                ("unit_bits", models.PositiveSmallIntegerField()),
                ("base", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("next_index", models.BigIntegerField(default=0)),
                ("is_guest", models.BooleanField(default=False)),
                ("is_open", models.BooleanField(default=True)),
                ("hold_s", models.PositiveIntegerField(default=120)),
                ("grace_s", models.PositiveIntegerField(default=300)),
                ("quarantine_s", models.PositiveIntegerField(default=3600)),
                ("note", models.CharField(blank=True, default="", max_length=200)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("size__gte", 1)), name="network_ippool_range"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "IPV4"), ("unit_bits", 32)),
                            models.Q(
                                models.Q(("kind", "IPV4"), _negated=True),
                                ("unit_bits__gte", 40),
                                ("unit_bits__lte", 64),
                            ),
                            _connector="OR",
                        ),
                        name="network_ippool_unit",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("next_index__gte", 0), ("next_index__lte", models.F("size"))
                        ),
                        name="network_ippool_next",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IpReserve",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first", network.models.fields.PrefixField()),
                ("last", network.models.fields.PrefixField()),
                ("note", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["first"], name="network_ipreserve_first")],
            },
        ),
        migrations.CreateModel(
            name="IpClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("IPV4", "Ipv4"),
                            ("IPV6_PREFIX", "Ipv6 Prefix"),
                            ("DELEGATED", "Delegated"),
                        ],
                        max_length=11,
                    ),
                ),
                ("address", network.models.fields.PrefixField()),
                ("source", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("settled_at__isnull", True)),
                        fields=("subscription", "kind", "address"),
                        name="network_ipclaim_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IpPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("IPV4", "Ipv4"),
                            ("IPV6_PREFIX", "Ipv6 Prefix"),
                            ("DELEGATED", "Delegated"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("PERMANENT", "Permanent"), ("DYNAMIC", "Dynamic")], max_length=9
                    ),
                ),
                ("rule_id", models.BigIntegerField()),
                (
                    "pool_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subscription", "kind"), name="network_ipplan_one_each"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IpHistory",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("IPV4", "Ipv4"),
                            ("IPV6_PREFIX", "Ipv6 Prefix"),
                            ("DELEGATED", "Delegated"),
                        ],
                        max_length=11,
                    ),
                ),
                ("address", network.models.fields.PrefixField()),
                ("device", models.CharField(blank=True, default="", max_length=64)),
                ("source", models.CharField(max_length=7)),
                ("session_unique_id", models.CharField(blank=True, default="", max_length=64)),
                ("valid", django.contrib.postgres.fields.ranges.DateTimeRangeField()),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="network.ippool",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["address"], name="network_iphistory_address"),
                    models.Index(fields=["subscription"], name="network_iphistory_sub"),
                ],
            },
        ),
        migrations.CreateModel(
            name="IpFree",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", network.models.fields.PrefixField()),
                ("ready_at", models.DateTimeField()),
                ("last_subscription_id", models.BigIntegerField(null=True)),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="network.ippool",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["pool", "ready_at", "address"], name="network_ipfree_next"
                    ),
                    models.Index(
                        condition=models.Q(("last_subscription_id__isnull", False)),
                        fields=["last_subscription_id"],
                        name="network_ipfree_last",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("pool", "address"), name="network_ipfree_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="IpAssignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("IPV4", "Ipv4"),
                            ("IPV6_PREFIX", "Ipv6 Prefix"),
                            ("DELEGATED", "Delegated"),
                        ],
                        max_length=11,
                    ),
                ),
                ("address", network.models.fields.PrefixField(unique=True)),
                ("device", models.CharField(blank=True, default="", max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ASSIGNED", "Assigned"),
                            ("HELD", "Held"),
                            ("IN_USE", "In Use"),
                            ("GRACE", "Grace"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("RULE", "Rule"),
                            ("STAFF", "Staff"),
                            ("IMPORT", "Import"),
                            ("SESSION", "Session"),
                        ],
                        max_length=7,
                    ),
                ),
                ("rule_id", models.BigIntegerField(null=True)),
                ("session_unique_id", models.CharField(blank=True, default="", max_length=64)),
                ("since_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ip_assignments",
                        to="billing.subscription",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="network.ippool",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["pool", "state"], name="network_ipassignment_pool"),
                    models.Index(
                        condition=models.Q(("expires_at__isnull", False)),
                        fields=["expires_at"],
                        name="network_ipassignment_expires",
                    ),
                    models.Index(
                        condition=models.Q(("session_unique_id", ""), _negated=True),
                        fields=["session_unique_id"],
                        name="network_ipassignment_session",
                    ),
                ],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                django.contrib.postgres.indexes.OpClass(
                                    models.F("address"), name="inet_ops"
                                ),
                                "&&",
                            )
                        ],
                        name="network_ipassignment_no_double",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "ASSIGNED")),
                        fields=("subscription", "kind"),
                        name="network_ipassignment_one_each",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "ASSIGNED"), _negated=True),
                        fields=("subscription", "kind", "device"),
                        name="network_ipassignment_one_a_device",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("expires_at__isnull", False), ("state__in", ["HELD", "GRACE"])
                            ),
                            models.Q(
                                ("expires_at__isnull", True), ("state__in", ["ASSIGNED", "IN_USE"])
                            ),
                            _connector="OR",
                        ),
                        name="network_ipassignment_expiry",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IpPoolDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("taken", models.BigIntegerField()),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="network.ippool",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("pool", "day"), name="network_ippoolday_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="IpRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[("PERMANENT", "Permanent"), ("DYNAMIC", "Dynamic")],
                        default="PERMANENT",
                        max_length=9,
                    ),
                ),
                ("network_type", models.CharField(blank=True, default="", max_length=8)),
                ("priority", models.SmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.ledgeraccount",
                    ),
                ),
                (
                    "admin_unit",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="coverage.adminunit",
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rules",
                        to="network.ippool",
                    ),
                ),
                (
                    "tariff",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.tariff",
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="coverage.zone",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "pool",
                            "mode",
                            "account",
                            "tariff",
                            "zone",
                            "admin_unit",
                            "network_type",
                        ),
                        name="network_iprule_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        run_sql(__file__, "addresses"),
        run_sql(__file__, "leases"),
        migrations.RunSQL(BRING, migrations.RunSQL.noop),
    ]
