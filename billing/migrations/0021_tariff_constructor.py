"""Draft terms and prices, discounts, limits of pauses and promises, tariffs for many at once."""

import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

from project.core.sqlfiles import run_sql


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0020_terms_follow_the_map"),
        ("coverage", "0075_shared_reports"),
    ]

    operations = [
        migrations.CreateModel(
            name="Discount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name_uk", models.CharField(max_length=80)),
                ("name_en", models.CharField(max_length=80)),
                ("segment", models.CharField(blank=True, default="", max_length=24)),
                (
                    "kind",
                    models.CharField(
                        choices=[("PERCENT", "Percent"), ("FIXED", "Fixed")], max_length=7
                    ),
                ),
                ("percent_bp", models.PositiveIntegerField(null=True)),
                ("amount_kopecks", models.BigIntegerField(null=True)),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(blank=True, default="", max_length=150)),
            ],
            options={
                "db_table": "billing_discount",
            },
        ),
        migrations.CreateModel(
            name="DraftPrice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("ZONE", "Zone"),
                            ("LOCALITY", "Locality"),
                            ("DEFAULT", "Default"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "network_type",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("FTTB", "Fttb"),
                            ("GPON", "Gpon"),
                            ("DOCSIS", "Docsis"),
                            ("WIRELESS", "Wireless"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                ("segment", models.CharField(blank=True, default="", max_length=24)),
                ("price_kopecks", models.BigIntegerField()),
                ("connection_fee_kopecks", models.BigIntegerField(default=0)),
                ("valid", django.contrib.postgres.fields.ranges.DateRangeField()),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(blank=True, default="", max_length=150)),
            ],
            options={
                "db_table": "billing_draft_price",
            },
        ),
        migrations.CreateModel(
            name="PlanBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_date", models.DateField()),
                ("chosen", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PREPARED", "Prepared"),
                            ("SCHEDULED", "Scheduled"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="PREPARED",
                        max_length=9,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(blank=True, default="", max_length=150)),
                ("scheduled_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "billing_plan_batch",
            },
        ),
        migrations.CreateModel(
            name="PlanBatchItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("account_id", models.BigIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("PENDING", "Pending"),
                            ("SCHEDULED", "Scheduled"),
                            ("REFUSED", "Refused"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="PENDING",
                        max_length=9,
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=40)),
            ],
            options={
                "db_table": "billing_plan_batch_item",
            },
        ),
        migrations.RemoveConstraint(
            model_name="chargebasis",
            name="billing_charge_basis_once",
        ),
        migrations.RemoveConstraint(
            model_name="chargebasis",
            name="billing_charge_basis_version",
        ),
        migrations.AddField(
            model_name="subscription",
            name="ends_date",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="burst_down_bit_s",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="burst_s",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="burst_up_bit_s",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="credit_kopecks",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="night_down_bit_s",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="night_from",
            field=models.TimeField(null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="night_until",
            field=models.TimeField(null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="night_up_bit_s",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="pause_days_a_year",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="pause_fee_kopecks",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="pause_gap_days",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="pause_max_days",
            field=models.PositiveSmallIntegerField(default=183),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="pause_min_days",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="promise_days",
            field=models.PositiveSmallIntegerField(default=5),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="promise_max_kopecks",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="promise_wait_days",
            field=models.PositiveSmallIntegerField(default=30),
        ),
        migrations.AddField(
            model_name="tariffversion",
            name="promises_a_month",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AlterField(
            model_name="termsmove",
            name="rezoning",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="moves",
                to="billing.rezoning",
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("ends_date__isnull", False), ("state", "ACTIVE")),
                fields=["ends_date"],
                name="billing_subscription_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at__isnull", True)),
                fields=("tariff",),
                name="billing_tariff_version_one_draft",
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("night_down_bit_s__isnull", True),
                        ("night_from__isnull", True),
                        ("night_until__isnull", True),
                        ("night_up_bit_s__isnull", True),
                    ),
                    models.Q(
                        ("night_down_bit_s__isnull", False),
                        ("night_from__isnull", False),
                        ("night_until__isnull", False),
                        ("night_up_bit_s__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="billing_tariff_version_night",
            ),
        ),
        migrations.AddConstraint(
            model_name="tariffversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("credit_kopecks__gte", 0),
                    ("pause_fee_kopecks__gte", 0),
                    ("pause_min_days__gte", 1),
                    ("promise_max_kopecks__gte", 0),
                    ("pause_max_days__gte", models.F("pause_min_days")),
                ),
                name="billing_tariff_version_limits",
            ),
        ),
        migrations.AddField(
            model_name="discount",
            name="tariff",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="discounts",
                to="billing.tariff",
            ),
        ),
        migrations.AddField(
            model_name="discount",
            name="zone",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="coverage.zone",
            ),
        ),
        migrations.AddField(
            model_name="chargebasis",
            name="discount",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.discount",
            ),
        ),
        migrations.AddConstraint(
            model_name="chargebasis",
            constraint=models.UniqueConstraint(
                fields=("plan_span", "tariff_version", "discount"),
                name="billing_charge_basis_version",
                nulls_distinct=False,
            ),
        ),
        migrations.AddField(
            model_name="draftprice",
            name="admin_unit",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="coverage.adminunit",
            ),
        ),
        migrations.AddField(
            model_name="draftprice",
            name="based_on",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.pricerule",
            ),
        ),
        migrations.AddField(
            model_name="draftprice",
            name="tariff",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="draft_prices",
                to="billing.tariff",
            ),
        ),
        migrations.AddField(
            model_name="draftprice",
            name="zone",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="coverage.zone",
            ),
        ),
        migrations.AddField(
            model_name="planbatch",
            name="from_tariff",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.tariff",
            ),
        ),
        migrations.AddField(
            model_name="planbatch",
            name="tariff",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.tariff"
            ),
        ),
        migrations.AddField(
            model_name="planbatchitem",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="items",
                to="billing.planbatch",
            ),
        ),
        migrations.AddField(
            model_name="planbatchitem",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.subscription",
            ),
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount_kopecks__isnull", True),
                        ("kind", "PERCENT"),
                        ("percent_bp__gt", 0),
                        ("percent_bp__lte", 10000),
                    ),
                    models.Q(
                        ("amount_kopecks__gt", 0), ("kind", "FIXED"), ("percent_bp__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="billing_discount_worth",
            ),
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid__endswith__isnull", False),
                    ("valid__startswith__isnull", False),
                    ("valid__isempty", False),
                ),
                name="billing_discount_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="draftprice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("admin_unit__isnull", True), ("level", "ZONE"), ("zone__isnull", False)
                    ),
                    models.Q(
                        ("admin_unit__isnull", False), ("level", "LOCALITY"), ("zone__isnull", True)
                    ),
                    models.Q(
                        ("admin_unit__isnull", True), ("level", "DEFAULT"), ("zone__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="billing_draft_price_target",
            ),
        ),
        migrations.AddConstraint(
            model_name="draftprice",
            constraint=models.CheckConstraint(
                condition=models.Q(("connection_fee_kopecks__gte", 0), ("price_kopecks__gt", 0)),
                name="billing_draft_price_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="draftprice",
            constraint=models.UniqueConstraint(
                fields=("tariff", "level", "zone", "admin_unit", "network_type", "segment"),
                name="billing_draft_price_place",
                nulls_distinct=False,
            ),
        ),
        migrations.AddIndex(
            model_name="planbatchitem",
            index=models.Index(
                fields=["batch", "outcome", "account_id"], name="billing_plan_batch_item_next"
            ),
        ),
        migrations.AddConstraint(
            model_name="planbatchitem",
            constraint=models.UniqueConstraint(
                fields=("batch", "subscription"), name="billing_plan_batch_item_once"
            ),
        ),
        run_sql(__file__, "discount_guard"),
    ]
