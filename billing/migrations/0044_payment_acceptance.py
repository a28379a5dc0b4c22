"""Payment acceptance: merchant accounts, attempts, refunds, the journal of messages, registers."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0043_run_progress"),
        ("coverage", "0076_hands"),
    ]

    operations = [
        migrations.CreateModel(
            name="LegalEntity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("edrpou", models.CharField(blank=True, default="", max_length=10)),
                ("iban", models.CharField(blank=True, default="", max_length=34)),
                ("bank_name", models.CharField(blank=True, default="", max_length=120)),
                ("mfo", models.CharField(blank=True, default="", max_length=6)),
                ("is_default", models.BooleanField(default=False)),
            ],
            options={
                "db_table": "billing_legal_entity",
            },
        ),
        migrations.CreateModel(
            name="LegalEntityArea",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "db_table": "billing_legal_entity_area",
            },
        ),
        migrations.CreateModel(
            name="MerchantAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=24)),
                ("slug", models.CharField(max_length=64)),
                ("title", models.CharField(max_length=120)),
                ("is_active", models.BooleanField(default=True)),
                ("settings", models.JSONField(default=dict)),
                ("secrets_encrypted", models.BinaryField(default=bytes)),
                (
                    "networks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=43), default=list, size=None
                    ),
                ),
                ("base_url", models.CharField(blank=True, default="", max_length=200)),
                (
                    "commission",
                    models.CharField(
                        choices=[
                            ("DEFAULT", "Default"),
                            ("GROSS", "Gross"),
                            ("NET_FIELD", "Net Field"),
                            ("PERCENT", "Percent"),
                        ],
                        default="DEFAULT",
                        max_length=9,
                    ),
                ),
                ("commission_bp", models.PositiveSmallIntegerField(default=0)),
                ("min_kopecks", models.BigIntegerField(default=100)),
                ("max_kopecks", models.BigIntegerField(default=15000000)),
                ("keeps_unknown", models.BooleanField(default=False)),
                ("clearing_code", models.CharField(max_length=40, unique=True)),
                ("clearing_account_id", models.BigIntegerField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "billing_merchant_account",
            },
        ),
        migrations.CreateModel(
            name="PaymentAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client", models.CharField(max_length=24)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("CREATED", "Created"),
                            ("SENT", "Sent"),
                            ("SUCCEEDED", "Succeeded"),
                            ("FAILED", "Failed"),
                            ("UNKNOWN", "Unknown"),
                        ],
                        max_length=9,
                    ),
                ),
                ("provider_ref", models.CharField(blank=True, default="", max_length=100)),
                ("url", models.TextField(blank=True, default="")),
                ("fields", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(null=True)),
                ("version_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, default="", max_length=300)),
            ],
            options={
                "db_table": "billing_payment_attempt",
            },
        ),
        migrations.CreateModel(
            name="PaymentMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "direction",
                    models.CharField(choices=[("IN", "In"), ("OUT", "Out")], max_length=3),
                ),
                ("endpoint", models.CharField(max_length=24)),
                ("operation", models.CharField(max_length=40)),
                ("remote_ip", models.GenericIPAddressField(null=True)),
                ("method", models.CharField(max_length=8)),
                ("address", models.TextField()),
                ("request_headers", models.JSONField(default=dict)),
                ("request_body", models.TextField(blank=True, default="")),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("reply_body", models.TextField(blank=True, default="")),
                ("result", models.CharField(max_length=20)),
                (
                    "verified",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=24), default=list, size=None
                    ),
                ),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                ("duration_us", models.PositiveIntegerField()),
            ],
            options={
                "db_table": "billing_payment_message",
            },
        ),
        migrations.CreateModel(
            name="ProviderRegister",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                (
                    "source",
                    models.CharField(
                        choices=[("PUSHED", "Pushed"), ("PULLED", "Pulled"), ("FILE", "File")],
                        max_length=6,
                    ),
                ),
                ("start_at", models.DateTimeField(null=True)),
                ("end_at", models.DateTimeField(null=True)),
                ("total_kopecks", models.BigIntegerField(null=True)),
                ("is_complete", models.BooleanField(default=True)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "db_table": "billing_provider_register",
            },
        ),
        migrations.CreateModel(
            name="ProviderRegisterRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                ("reference", models.CharField(blank=True, default="", max_length=100)),
                ("account_code", models.CharField(blank=True, default="", max_length=64)),
                ("amount_kopecks", models.BigIntegerField()),
                ("is_reversal", models.BooleanField(default=False)),
                ("paid_at", models.DateTimeField(null=True)),
                ("details", models.JSONField(default=dict)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("MATCHED", "Matched"),
                            ("MISSING_HERE", "Missing Here"),
                            ("AMOUNT_DIFFERS", "Amount Differs"),
                            ("ACCOUNT_DIFFERS", "Account Differs"),
                            ("NOT_CREDITED", "Not Credited"),
                        ],
                        max_length=15,
                    ),
                ),
            ],
            options={
                "db_table": "billing_provider_register_row",
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("space", models.CharField(blank=True, default="", max_length=24)),
                ("key", models.CharField(max_length=140)),
                (
                    "kind",
                    models.CharField(
                        choices=[("PROVIDER", "Provider"), ("OURS", "Ours")], max_length=8
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("CREATED", "Created"),
                            ("SENT", "Sent"),
                            ("SUCCEEDED", "Succeeded"),
                            ("FAILED", "Failed"),
                            ("UNKNOWN", "Unknown"),
                        ],
                        max_length=9,
                    ),
                ),
                ("amount_kopecks", models.BigIntegerField()),
                ("reason", models.CharField(blank=True, default="", max_length=300)),
                ("external_id", models.CharField(blank=True, default="", max_length=100)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(blank=True, default="", max_length=150)),
                ("sent_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("asked_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, default="", max_length=300)),
                ("journal_id", models.BigIntegerField(null=True, unique=True)),
            ],
            options={
                "db_table": "billing_payment_refund",
            },
        ),
        migrations.CreateModel(
            name="UsedNonce",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.CharField(max_length=128)),
                ("says", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "billing_used_nonce",
            },
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="billing_payment_external",
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="billing_payment_journal",
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="billing_payment_transfer",
        ),
        migrations.AddField(
            model_name="payment",
            name="account_code",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="payment",
            name="confirmed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="details",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="payment",
            name="endpoint",
            field=models.CharField(blank=True, default="", max_length=24),
        ),
        migrations.AddField(
            model_name="payment",
            name="fee_kopecks",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="payment",
            name="gross_kopecks",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="order_number",
            field=models.CharField(max_length=40, null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="refunded_kopecks",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="payment",
            name="request_hash",
            field=models.BinaryField(default=bytes, max_length=32),
        ),
        migrations.AddField(
            model_name="payment",
            name="service_code",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddField(
            model_name="payment",
            name="space",
            field=models.CharField(blank=True, default="", max_length=24),
        ),
        migrations.AlterField(
            model_name="payment",
            name="external_id",
            field=models.CharField(max_length=100, null=True),
        ),
        migrations.AddConstraint(
            model_name="legalentity",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)),
                fields=("is_default",),
                name="billing_legal_entity_one_default",
            ),
        ),
        migrations.AddConstraint(
            model_name="legalentity",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="billing_legal_entity_name"
            ),
        ),
        migrations.AddField(
            model_name="legalentityarea",
            name="admin_unit",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="coverage.adminunit",
            ),
        ),
        migrations.AddField(
            model_name="legalentityarea",
            name="legal_entity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="areas",
                to="billing.legalentity",
            ),
        ),
        migrations.AddField(
            model_name="merchantaccount",
            name="legal_entity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merchant_accounts",
                to="billing.legalentity",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="merchant",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="billing.merchantaccount",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("merchant__isnull", False)),
                fields=["merchant", "paid_at"],
                name="billing_payment_paid",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(
                    ("account__isnull", True),
                    ("state", "CONFIRMED"),
                    ("transferred_to__isnull", True),
                ),
                fields=["-id"],
                name="billing_payment_unallocated",
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("state__in", ["CREATED", "PENDING"])),
                fields=["created_at"],
                name="billing_payment_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("merchant__isnull", True)),
                fields=("channel", "external_id"),
                name="billing_payment_external",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id__isnull", False), ("merchant__isnull", False)),
                fields=("merchant", "space", "external_id"),
                name="billing_payment_provider_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("order_number__isnull", False)),
                fields=("merchant", "order_number"),
                name="billing_payment_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["CREATED", "PENDING", "CONFIRMED", "REVERSED", "FAILED", "CANCELLED"],
                    )
                ),
                name="billing_payment_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["CONFIRMED", "REVERSED"]), _negated=True),
                    models.Q(("external_id__isnull", False), ("journal_id__isnull", False)),
                    _connector="OR",
                ),
                name="billing_payment_journal",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["CONFIRMED", "REVERSED"]),
                    ("journal_id__isnull", True),
                    _connector="OR",
                ),
                name="billing_payment_no_journal",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("transfer_journal_id__isnull", True), ("transferred_to__isnull", True)
                    ),
                    models.Q(
                        ("state__in", ["CONFIRMED", "REVERSED"]),
                        ("transfer_journal_id__isnull", False),
                        ("transferred_to__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="billing_payment_transfer",
            ),
        ),
        migrations.AddField(
            model_name="paymentattempt",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attempts",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="paymentmessage",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="billing.merchantaccount",
            ),
        ),
        migrations.AddField(
            model_name="paymentmessage",
            name="payment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="providerregister",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="registers",
                to="billing.merchantaccount",
            ),
        ),
        migrations.AddField(
            model_name="providerregisterrow",
            name="payment",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="register_rows",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="providerregisterrow",
            name="register",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rows",
                to="billing.providerregister",
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="merchant",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds",
                to="billing.merchantaccount",
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="usednonce",
            name="merchant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="used_nonces",
                to="billing.merchantaccount",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantaccount",
            constraint=models.UniqueConstraint(
                fields=("provider", "slug"), name="billing_merchant_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("max_kopecks__gte", models.F("min_kopecks")), ("min_kopecks__gt", 0)
                ),
                name="billing_merchant_limits",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("commission__in", ["DEFAULT", "GROSS", "NET_FIELD", "PERCENT"])
                ),
                name="billing_merchant_commission",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(("commission_bp__lte", 5000)),
                name="billing_merchant_commission_bp",
            ),
        ),
        migrations.AddConstraint(
            model_name="merchantaccount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("slug", ""), _negated=True), models.Q(("provider", ""), _negated=True)
                ),
                name="billing_merchant_named",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentattempt",
            index=models.Index(
                condition=models.Q(("provider_ref", ""), _negated=True),
                fields=["provider_ref"],
                name="billing_attempt_ref",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentattempt",
            index=models.Index(
                condition=models.Q(("state__in", ["CREATED", "SENT", "UNKNOWN"])),
                fields=["created_at"],
                name="billing_attempt_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["CREATED", "SENT", "SUCCEEDED", "FAILED", "UNKNOWN"])
                ),
                name="billing_attempt_state",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentmessage",
            index=models.Index(
                condition=models.Q(("payment__isnull", False)),
                fields=["payment", "id"],
                name="billing_message_of_payment",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentmessage",
            index=models.Index(fields=["merchant", "-id"], name="billing_message_of_merchant"),
        ),
        migrations.AddConstraint(
            model_name="paymentmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(("direction__in", ["IN", "OUT"])),
                name="billing_message_direction",
            ),
        ),
        migrations.AddConstraint(
            model_name="providerregister",
            constraint=models.UniqueConstraint(
                fields=("merchant", "name"), name="billing_register_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="providerregister",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["PUSHED", "PULLED", "FILE"])),
                name="billing_register_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="providerregisterrow",
            constraint=models.UniqueConstraint(
                fields=("register", "key", "is_reversal"), name="billing_register_row_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="providerregisterrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "outcome__in",
                        [
                            "MATCHED",
                            "MISSING_HERE",
                            "AMOUNT_DIFFERS",
                            "ACCOUNT_DIFFERS",
                            "NOT_CREDITED",
                        ],
                    )
                ),
                name="billing_register_row_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(
                fields=("merchant", "space", "key"), name="billing_refund_key", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_kopecks__gt", 0)), name="billing_refund_amount"
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("finished_at__isnull", False),
                        ("journal_id__isnull", False),
                        ("state", "SUCCEEDED"),
                    ),
                    models.Q(
                        ("state__in", ["CREATED", "SENT", "FAILED", "UNKNOWN"]),
                        ("journal_id__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="billing_refund_journal",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["PROVIDER", "OURS"])), name="billing_refund_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="usednonce",
            constraint=models.UniqueConstraint(
                fields=("merchant", "value"), name="billing_used_nonce_once"
            ),
        ),
        # What was paid so far came over the desk: it was credited when it was made.
        migrations.RunSQL(
            sql="""
                UPDATE billing_payment
                SET gross_kopecks = amount_kopecks, confirmed_at = created_at,
                    refunded_kopecks = CASE state WHEN 'REVERSED' THEN amount_kopecks ELSE 0 END
                WHERE state IN ('CONFIRMED', 'REVERSED')
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
