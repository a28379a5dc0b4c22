"""Models of the CRM."""

from crm.models.customer import ContactPerson, Customer, CustomerAccount, Sale
from crm.models.request import ConnectionRequest

__all__ = ["ConnectionRequest", "ContactPerson", "Customer", "CustomerAccount", "Sale"]
