"""Requests for connection."""

from django.conf import settings
from django.db import models

from billing.models import Subscription, Tariff
from coverage.models import AvailabilityCheck, Building
from crm.models.customer import Customer


class ConnectionRequest(models.Model):
    """A client asks to be connected: a snapshot of the check, the plan and the contact.

    NEW → VERIFIED → SCHEDULED → INSTALLED, or REJECTED (reason), CANCELLED. `offer` keeps the
    prices that the client saw.
    """

    class State(models.TextChoices):
        """Progress of the request."""

        NEW = "NEW"
        VERIFIED = "VERIFIED"
        SCHEDULED = "SCHEDULED"
        INSTALLED = "INSTALLED"
        REJECTED = "REJECTED"
        CANCELLED = "CANCELLED"

    public_id = models.UUIDField(unique=True)
    number = models.BigAutoField(primary_key=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.NEW)
    created_at = models.DateTimeField(db_index=True)
    check_made = models.ForeignKey(AvailabilityCheck, on_delete=models.PROTECT, related_name="+")
    building = models.ForeignKey(
        Building, null=True, on_delete=models.PROTECT, related_name="requests"
    )
    unit = models.CharField(max_length=16, blank=True, default="")
    address_text = models.CharField(max_length=300)
    tariff = models.ForeignKey(Tariff, null=True, on_delete=models.PROTECT, related_name="+")
    network_type = models.CharField(max_length=8, blank=True, default="")
    offer = models.JSONField(default=dict)
    contact_name = models.CharField(max_length=200)
    contact_phone = models.CharField(max_length=16)
    contact_email = models.EmailField(blank=True, default="")
    comment = models.CharField(max_length=500, blank=True, default="")
    language = models.CharField(max_length=2, default="uk")
    scheduled_for_date = models.DateField(null=True)
    reject_reason = models.CharField(max_length=300, blank=True, default="")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.PROTECT, related_name="requests"
    )
    subscription = models.ForeignKey(
        Subscription, null=True, on_delete=models.PROTECT, related_name="+"
    )
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="REJECTED") | ~models.Q(reject_reason=""),
                name="crm_connectionrequest_reject_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.state}"
