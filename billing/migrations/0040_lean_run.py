"""The day up to which a service is charged is in no index: it moves each night."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0030_money_operations")]

    operations = [
        migrations.RemoveIndex(model_name="subscription", name="billing_subscription_due"),
    ]
