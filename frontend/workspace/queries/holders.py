"""Which contracts and services belong to a subscriber: what the address of a page may name."""

from collections.abc import Sequence

from billing.models import LedgerAccount, Subscription
from crm.models import Customer
from frontend.workspace.params import BIGINT_MAX
from project.core.errors import NotFoundError


def check_key(*keys: int) -> None:
    """Raises NotFoundError for a number that no key of the database can be."""
    if any(key > BIGINT_MAX for key in keys):
        raise NotFoundError


def customer_of(*, customer_id: int) -> Customer:
    """The subscriber; raises NotFoundError."""
    check_key(customer_id)
    found = Customer.objects.filter(id=customer_id).first()
    if found is None:
        raise NotFoundError
    return found


def accounts_of(*, customer_id: int) -> list[LedgerAccount]:
    """The subscriber's contracts, the oldest first."""
    return list(LedgerAccount.objects.filter(customer_link__customer=customer_id).order_by("id"))


def chosen_account(
    accounts: Sequence[LedgerAccount], account_id: int | None
) -> LedgerAccount | None:
    """The asked contract, or the first when none is asked; raises NotFoundError for a stranger's.

    None when there is no contract yet.
    """
    if account_id is None:
        return accounts[0] if accounts else None
    for account in accounts:
        if account.id == account_id:
            return account
    raise NotFoundError


def service_of(*, subscription_id: int, customer_id: int | None = None) -> Subscription:
    """A service (of that subscriber); raises NotFoundError."""
    check_key(subscription_id, customer_id or 0)
    rows = Subscription.objects.select_related("account__customer_link__customer", "building")
    if customer_id is not None:
        rows = rows.filter(account__customer_link__customer=customer_id)
    found = rows.filter(id=subscription_id, account__customer_link__isnull=False).first()
    if found is None:
        raise NotFoundError
    return found
