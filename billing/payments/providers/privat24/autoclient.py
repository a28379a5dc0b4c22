"""Privat24 E and D: the bank's statement (Autoclient) and the fast-pay link.

Only real, posted credits count. The account of a client is found in the purpose text by a pattern
of the merchant account; a row in which none is found goes to people.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from billing.payments.calls import Seen, SeenState
from billing.payments.engines import client
from billing.payments.engines.client import BareClient
from billing.payments.gateway import (
    Checkout,
    Link,
    Merchant,
    Order,
    ProviderRefusedError,
    ProviderUnreachableError,
    Setting,
)
from billing.payments.wire import documents, values

ADDRESS = "https://acp.privatbank.ua"
FAST_PAY = "https://my-payments.privatbank.ua"
FAST_PAY_PATH = "/mypayments/customauth/identification/fp/static"
PAGE_ROWS, MAX_PAGES = 100, 200
MAX_PURPOSE = 1_000
# An entry's number at the bank: no payment id of the Debt messages nor of LiqPay.
SPACE = "statement"
TIME = "%d.%m.%Y %H:%M:%S"
SETTINGS = (
    Setting("autoclient_token", kind="secret", help="Autoclient: token"),
    Setting("autoclient_id", help="Autoclient: client id, of older installations"),
    Setting("autoclient_account", help="Autoclient: our IBAN"),
    Setting(
        "autoclient_path",
        default="/api/statements/transactions",
        choices=("/api/statements/transactions", "/api/proxy/transactions"),
    ),
    Setting(
        "purpose_pattern",
        default=r"(?<!\d)(?<!\d\.)(\d{4,12})(?!\d)(?![.,]\d)",
        help="Autoclient: where the account is in the purpose; the first group",
    ),
    Setting("fast_pay_token", help="fast-pay link: token of the service"),
)


def account_in(purpose: str, pattern: str) -> str:
    """The client's account in a purpose text, "" when there is none."""
    try:
        match = re.search(pattern, purpose[:MAX_PURPOSE])
    except re.error:
        return ""
    if match is None:
        return ""
    return values.short(match[1] if match.re.groups else match[0], 40)


def row_seen(row: Mapping[str, Any], merchant: Merchant) -> Seen | None:
    """A credit of the statement; None for any other row. Raises BadValueError."""
    flags = (("FL_REAL", "r"), ("PR_PR", "r"), ("TRANTYPE", "C"), ("CCY", "UAH"))
    if any(documents.words(row, name) != wanted for name, wanted in flags):
        return None
    purpose = documents.words(row, "OSND")
    amount = values.uah(documents.words(row, "SUM"))
    return Seen(
        state=SeenState.PAID,
        key=values.key(documents.words(row, "REF") + documents.words(row, "REFN")),
        amount_kopecks=amount,
        gross_kopecks=amount,
        paid_at=values.local_time(documents.words(row, "DATE_TIME_DAT_OD_TIM_P"), TIME),
        account=account_in(purpose, str(merchant["purpose_pattern"])),
        details={
            "purpose": values.short(purpose, 100),
            "payer": values.short(documents.words(row, "AUT_CNTR_NAM"), 100),
            "payer_iban": values.short(documents.words(row, "AUT_CNTR_ACC"), 40),
            "document": values.short(documents.words(row, "NUM_DOC"), 40),
        },
    )


class AutoclientClient(BareClient):
    """The statement of our account, and the link that opens Privat24 for a payer."""

    offers = frozenset({"create_checkout", "fetch_registry"})
    registry_space = SPACE

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """The fast-pay link; what is paid there comes by the Debt messages."""
        if not merchant["fast_pay_token"]:
            raise ProviderRefusedError("NO_TOKEN", "this merchant account has no fast-pay link")
        query = urlencode(
            {
                "staticToken": str(merchant["fast_pay_token"]),
                "acc": order.account,
                "amount": values.uah_text(order.amount_kopecks),
            }
        )
        return Checkout(f"{client.at(merchant, FAST_PAY)}{FAST_PAY_PATH}?{query}")

    def fetch_registry(
        self, start: datetime, end: datetime, merchant: Merchant, link: Link
    ) -> Sequence[Seen]:
        """Credits of a half-open span; the bank counts in whole days of Kyiv."""
        found = []
        for row in self._pages(start, end - timedelta(seconds=1), merchant, link):
            seen = client.understood(row_seen, row, merchant)
            if seen is not None and start <= seen.paid_at < end:
                found.append(seen)
        return found

    def _pages(
        self, start: datetime, last: datetime, merchant: Merchant, link: Link
    ) -> Iterator[dict[str, Any]]:
        query = {
            "acc": str(merchant["autoclient_account"]),
            "startDate": values.local_text(start, "%d-%m-%Y"),
            "endDate": values.local_text(last, "%d-%m-%Y"),
        }
        follow: dict[str, str] = {}
        for _page in range(MAX_PAGES):
            answer = self._page({**query, **follow, "limit": str(PAGE_ROWS)}, merchant, link)
            rows = answer.get("transactions")
            if not isinstance(rows, list):
                raise ProviderUnreachableError("the answer has no transactions")
            yield from (client.object_of(row) for row in rows)
            if not answer.get("exist_next_page"):
                return
            follow = {"followId": client.needed(answer, "next_page_id")}
        raise ProviderUnreachableError("the statement does not end")

    @staticmethod
    def _page(query: Mapping[str, str], merchant: Merchant, link: Link) -> dict[str, Any]:
        if not merchant["autoclient_token"]:
            raise ProviderRefusedError("NO_TOKEN", "this merchant account has no Autoclient")
        headers = {
            "token": str(merchant["autoclient_token"]),
            "Content-Type": "application/json;charset=utf8",
        }
        if merchant["autoclient_id"]:
            headers["id"] = str(merchant["autoclient_id"])
        url = f"{client.at(merchant, ADDRESS)}{merchant['autoclient_path']}?{urlencode(query)}"
        answer = client.send_bytes(
            link, url, b"", operation="statement", headers=headers, method="GET"
        )
        found = client.object_of(answer)
        if documents.words(found, "status") not in ("SUCCESS", ""):
            raise client.refused(found, "ERROR")
        return found
