"""Customers and the people to talk to."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models


class Customer(models.Model):
    """A person or a company that the provider serves. Has one or more ledger accounts."""

    class Kind(models.TextChoices):
        """Who it is in law."""

        PERSON = "PERSON"
        COMPANY = "COMPANY"

    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.PERSON)
    full_name = models.CharField(max_length=200)
    search_key = models.CharField(max_length=240, blank=True, default="")
    language = models.CharField(max_length=2, default="uk")
    created_at = models.DateTimeField()
    comment = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        indexes = [
            GinIndex(OpClass("search_key", name="gin_trgm_ops"), name="crm_customer_trgm"),
        ]

    def __str__(self) -> str:
        return self.full_name


class CustomerAccount(models.Model):
    """That a ledger account (a contract) belongs to this customer."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    account = models.OneToOneField(
        "billing.LedgerAccount", on_delete=models.PROTECT, related_name="customer_link"
    )

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.account_id}"


class Sale(models.Model):
    """One sale made at the counter: the form's key, so that sending it twice sells once."""

    key = models.UUIDField(unique=True)
    subscription = models.OneToOneField(
        "billing.Subscription", on_delete=models.PROTECT, related_name="sale"
    )
    account = models.ForeignKey("billing.LedgerAccount", on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    sold_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key}: {self.subscription_id}"


class ContactPerson(models.Model):
    """Somebody to call or write to about a customer. Phones are E.164 ("+380671234567")."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=200, blank=True, default="")
    phone = models.CharField(max_length=16, blank=True, default="", db_index=True)
    email = models.EmailField(blank=True, default="")
    is_main = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                name="crm_contactperson_one_main",
                condition=models.Q(is_main=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.phone}".strip()
