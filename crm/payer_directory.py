"""What payments may know of clients beyond their accounts: telephones."""

from crm import phones
from crm.models import ContactPerson, CustomerAccount

MAX_ACCOUNTS = 20


class PayerDirectory:
    """The directory that `billing.payments.payers` asks."""

    def phone_of(self, *, account_id: int) -> str:
        """The telephone of the account's client, digits only, or ""."""
        found = (
            ContactPerson.objects.filter(customer__accounts__account_id=account_id)
            .exclude(phone="")
            .order_by("-is_main", "id")
            .values_list("phone", flat=True)
            .first()
        )
        return (found or "").removeprefix("+")

    def accounts_of_phone(self, *, phone: str) -> list[int]:
        """Accounts of the clients with that telephone, however it is written."""
        wanted = phones.to_e164(phone)
        if wanted is None:
            return []
        links = CustomerAccount.objects.filter(customer__contacts__phone=wanted).order_by("id")
        return list(links.values_list("account_id", flat=True).distinct()[:MAX_ACCOUNTS])
