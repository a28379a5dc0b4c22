"""Closed sessions and events by day, traffic a day, and what an order of packets must not change.

The tables with a partition a day are made by SQL (`sql/session_partitions.sql`); Django is only
told how they look.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from project.core.sqlfiles import run_sql


def _foreign(to: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_constraint=False,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=to,
    )


def _added() -> dict[str, models.Field]:
    """The new columns of open and closed sessions."""
    return {
        "before_in_octets": models.BigIntegerField(default=0),
        "before_out_octets": models.BigIntegerField(default=0),
        "nas_port_id": models.CharField(blank=True, default="", max_length=253),
        "nonce": models.CharField(blank=True, default="", max_length=40),
        "remote_hex": models.CharField(blank=True, default="", max_length=506),
        "wrap_points": django.contrib.postgres.fields.ArrayField(
            base_field=models.BigIntegerField(), blank=True, default=list, size=None
        ),
    }


def _day(model: str, name: str) -> migrations.AddField:
    today = models.Func(template="CURRENT_DATE", output_field=models.DateField())
    return migrations.AddField(
        model_name=model, name=name, field=models.DateField(db_default=today)
    )


OF_THE_PARTITIONED = [
    migrations.CreateModel(
        name="SessionClosed",
        fields=[
            ("unique_id", models.CharField(max_length=64, primary_key=True, serialize=False)),
            ("closed_day", models.DateField()),
        ],
        options={
            "db_table": "network_session_closed",
            "indexes": [models.Index(fields=["closed_day"], name="network_session_closed_day")],
        },
    ),
    migrations.CreateModel(
        name="SessionEvent",
        fields=[
            (
                "id",
                models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                ),
            ),
            ("at", models.DateTimeField()),
            ("kind", models.CharField(max_length=16)),
            ("subscription", _foreign("billing.subscription")),
            ("session_unique_id", models.CharField(blank=True, default="", max_length=64)),
            ("nonce", models.CharField(blank=True, default="", max_length=40)),
            ("nas", _foreign("network.nas")),
            ("attributes", models.JSONField(default=dict)),
        ],
        options={"db_table": "network_session_event"},
    ),
    migrations.RemoveConstraint(
        model_name="sessionhistory", name="network_session_history_unique_id"
    ),
    *(
        migrations.AddField(model_name="sessionhistory", name=name, field=field)
        for name, field in _added().items()
    ),
    _day("sessionhistory", "counted_day"),
    _day("sessionhistory", "closed_day"),
    migrations.AlterField(model_name="sessionhistory", name="nas", field=_foreign("network.nas")),
    migrations.AlterField(
        model_name="sessionhistory", name="subscription", field=_foreign("billing.subscription")
    ),
    migrations.AddIndex(
        model_name="sessionhistory",
        index=models.Index(fields=["nas", "-stopped_at"], name="network_history_nas"),
    ),
    migrations.AddConstraint(
        model_name="sessionhistory",
        constraint=models.UniqueConstraint(
            fields=("unique_id", "closed_day"), name="network_session_history_unique_id_day"
        ),
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0043_run_progress"),
        ("network", "0002_access_actions"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[run_sql(__file__, "session_partitions")],
            state_operations=OF_THE_PARTITIONED,
        ),
        migrations.CreateModel(
            name="AccountingProgress",
            fields=[
                ("name", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("caught_up_at", models.DateTimeField(null=True)),
                ("packets", models.BigIntegerField(default=0)),
                ("updated_at", models.DateTimeField()),
            ],
            options={"db_table": "network_accounting_progress"},
        ),
        migrations.CreateModel(
            name="TrafficDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "subscription",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.subscription",
                    ),
                ),
                ("day", models.DateField()),
                ("in_octets", models.BigIntegerField(default=0)),
                ("out_octets", models.BigIntegerField(default=0)),
            ],
            options={"db_table": "network_traffic_day"},
        ),
        *(
            migrations.AddField(model_name="session", name=name, field=field)
            for name, field in _added().items()
        ),
        _day("session", "counted_day"),
        migrations.AddField(
            model_name="session", name="in_bit_s", field=models.BigIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="session", name="out_bit_s", field=models.BigIntegerField(null=True)
        ),
        # Interim updates change no indexed column: with room in the page they touch no index.
        migrations.RunSQL(
            "ALTER TABLE network_session SET (fillfactor = 60)",
            "ALTER TABLE network_session RESET (fillfactor)",
        ),
        migrations.RunSQL(
            "UPDATE network_session"
            " SET counted_day = (last_seen_at AT TIME ZONE 'Europe/Kyiv')::date",
            migrations.RunSQL.noop,
        ),
    ]
