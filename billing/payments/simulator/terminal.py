"""A payment terminal, played: F1."""

import html
import secrets
from dataclasses import dataclass

from billing.calendar import KYIV
from billing.payments.simulator import pages
from billing.payments.simulator.pages import box, form
from billing.payments.simulator.site import Asked, Ours, Page
from billing.payments.wire import documents


@dataclass
class Terminal:
    """A payment terminal (F1): asks who the account is, takes the money, tells us; repeats."""

    ours: Ours
    dialect: str

    @property
    def title(self) -> str:
        """The network of terminals."""
        return "CityPay" if self.dialect == "citypay" else "iBox"

    def _page(self, title: str, *parts: str) -> Page:
        return Page(pages.page(title, *parts, who=f"Термінал {self.title}"))

    def answer(self, asked: Asked) -> Page:
        """The terminal's screens."""
        if asked.path == "/check" and asked.method == "POST":
            return self._check(asked)
        if asked.path == "/pay" and asked.method == "POST":
            return self._pay(asked)
        typed = box("account", "Договір", asked.fields.get("account", "")) + box("sum", "Сума, грн")
        return self._page(
            "Поповнення рахунку", form(f"{asked.home}/check", "Далі", typed, main=True)
        )

    def _ask(self, what: str, key: str, account: str, amount: str) -> tuple[str, str]:
        """The code and the text of our answer."""
        at = self.ours.now().astimezone(KYIV).strftime("%Y%m%d%H%M%S")
        if self.dialect == "citypay":
            answer = self.ours.get(
                QueryType=what, TransactionId=key, TransactionDate=at, Account=account,
                Amount=amount,
            )  # fmt: skip
            return documents.text(answer, "ResultCode"), documents.text(answer, "Comment")
        answer = self.ours.get(command=what, txn_id=key, txn_date=at, account=account, sum=amount)
        fields = documents.children(answer, "fields")
        said = " · ".join(one.text or "" for one in (fields[0] if fields else ()))
        return documents.text(answer, "result"), said or documents.text(answer, "comment")

    def _check(self, asked: Asked) -> Page:
        account = asked.fields.get("account", "").strip()
        amount = asked.fields.get("sum", "").strip().replace(",", ".")
        key = str(10**9 + secrets.randbelow(9 * 10**9))
        code, said = self._ask("check", key, account, amount)
        if code != "0":
            return self._page(
                "Не можна сплатити", f"<p>{html.escape(code)}: {html.escape(said)}</p>"
            )
        return self._page(
            "Перевірте",
            f"<p>{html.escape(said)}</p>",
            form(f"{asked.home}/pay", "Сплатити", main=True, account=account, sum=amount, key=key),
        )

    def _pay(self, asked: Asked) -> Page:
        told = [asked.fields.get(name, "") for name in ("key", "account", "sum")]
        # A terminal that is not sure asks once more: the same payment must not be credited twice.
        answers = [self._ask("pay", *told) for _again in range(2)]
        done = all(code == "0" for code, _said in answers)
        title = "Сплачено" if done else "Не сплачено"
        again = pages.link(f"{asked.home}/", "Поповнити ще")
        return self._page(title, f"<p>{html.escape(answers[-1][1])}</p>", again)
