"""What the checkouts that are played share: payments, the payer's page, the merchant's cabinet.

The payer pays, is told no, or leaves without an answer; the payment system's word can come twice or
get lost. In the cabinet money is given back, the word is said once more, and a payment stands in
the list with another amount: whatever a merchant has to bear.
"""

import json
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from billing.payments.gateway import ProviderUnreachableError
from billing.payments.simulator import pages
from billing.payments.simulator.site import Asked, Ours, Page
from billing.payments.wire import values

WAITING, PAID, FAILED, REVERSED = "WAITING", "PAID", "FAILED", "REVERSED"
WORDS = {WAITING: "чекає", PAID: "сплачено", FAILED: "відхилено", REVERSED: "повернено"}
MAX_SALES = 5_000
LATER_S = 0.2


@dataclass
class Sale:
    """One payment at the payment system; times are ISO texts.

    `back` is what went back: our key of it where we told one, kopecks, when. `listed_kopecks` is
    what the list says where it says something else than was paid.
    """

    number: str
    order: str
    amount_kopecks: int
    description: str
    url: str
    failed_url: str
    made_at: str
    changed_at: str
    callback: str = ""
    state: str = WAITING
    paid_at: str = ""
    listed_kopecks: int = 0
    back: list[tuple[str, int, str]] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)

    @property
    def left_kopecks(self) -> int:
        """What has not gone back."""
        return self.amount_kopecks - sum(kopecks for _key, kopecks, _at in self.back)


class Till:
    """A payment system with a page for payers. A player adds its protocol: `asked`, `tell`."""

    title = ""
    # Whether it gives the merchant lists of payments, in which an amount can be another one.
    has_list = False

    def __init__(self, ours: Ours, kept: Path | None = None) -> None:
        self.ours = ours
        self.kept = kept
        self.lock = threading.RLock()
        self.telling: list[threading.Timer] = []
        self.sales: dict[str, Sale] = {}
        if kept is not None and kept.exists():
            rows = json.loads(kept.read_text(encoding="utf-8"))
            self.sales = {row["number"]: Sale(**row) for row in rows}

    # --- What a player has of its own --------------------------------------------------------

    def asked(self, asked: Asked) -> Page:
        """What the protocol's own addresses answer."""
        raise NotImplementedError

    def tell(self, sale: Sale) -> bool:
        """Say to our server how the payment stands; whether it has taken it."""
        raise NotImplementedError

    def cabinet_more(self, home: str) -> str:
        """What the merchant's cabinet has beside payments."""
        return ""

    # --- Payments ----------------------------------------------------------------------------

    def now(self) -> datetime:
        """The moment by our server's clock."""
        return self.ours.now()

    def open(
        self,
        *,
        number: str,
        order: str,
        amount_kopecks: int,
        description: str,
        url: str,
        failed_url: str,
        callback: str = "",
        **more: str,
    ) -> Sale:
        """A payment that waits for its payer."""
        at = self.now().isoformat()
        sale = Sale(
            number, order, amount_kopecks, description, url, failed_url, at, at, callback, more=more
        )
        with self.lock:
            if len(self.sales) >= MAX_SALES:
                del self.sales[next(iter(self.sales))]
            self.sales[number] = sale
            self._keep()
        return sale

    def of_order(self, order: str) -> Sale | None:
        """The newest payment of an order."""
        found = [one for one in list(self.sales.values()) if one.order == order]
        return found[-1] if found else None

    def change(self, sale: Sale, state: str) -> None:
        """Another state, now."""
        with self.lock:
            sale.state, sale.changed_at = state, self.now().isoformat()
            if state == PAID:
                sale.paid_at = sale.changed_at
            self._keep()

    def give_back(self, sale: Sale, kopecks: int, *, key: str = "") -> bool:
        """Money goes back to the payer; False when there is not so much. A key counts once."""
        with self.lock:
            if key and any(known == key for known, _kopecks, _at in sale.back):
                return True
            if sale.state != PAID or not 0 < kopecks <= sale.left_kopecks:
                return False
            sale.back.append((key, kopecks, self.now().isoformat()))
            self.change(sale, REVERSED if sale.left_kopecks == 0 else PAID)
        return True

    def later(self, sale: Sale) -> None:
        """Tell, but after the answer that is being given now."""
        self.telling = [one for one in self.telling if one.is_alive()]
        self.telling.append(threading.Timer(LATER_S, self.tell_once, (sale,)))
        self.telling[-1].start()

    def tell_once(self, sale: Sale) -> bool:
        """Tell; a server that does not answer has not taken it."""
        try:
            return self.tell(sale)
        except ProviderUnreachableError:
            return False

    def _keep(self) -> None:
        if self.kept is not None:
            self.kept.parent.mkdir(parents=True, exist_ok=True)
            draft = self.kept.with_suffix(".draft")
            rows = [asdict(sale) for sale in self.sales.values()]
            draft.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
            draft.replace(self.kept)

    # --- Pages -------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Page:
        """The page for what was asked."""
        if asked.path == "/":
            return self._cabinet(asked)
        if asked.path.startswith("/bill/"):
            return self._bill(asked, self.sales.get(asked.path.removeprefix("/bill/")))
        if asked.path in ("/decide", "/cabinet") and asked.method == "POST":
            sale = self.sales.get(asked.fields.get("number", ""))
            if sale is None:
                return Page("No such payment", 404)
            return (self._decide if asked.path == "/decide" else self._mend)(asked, sale)
        return self.asked(asked)

    def bill(self, asked: Asked, sale: Sale) -> str:
        """The address of the payer's page."""
        return f"{asked.home}/bill/{sale.number}"

    def page(self, title: str, *parts: str, is_wide: bool = False) -> Page:
        """A page under the payment system's name."""
        return Page(pages.page(title, *parts, who=self.title, is_wide=is_wide))

    def _bill(self, asked: Asked, sale: Sale | None) -> Page:
        if sale is None:
            return Page("No such payment", 404)
        about = (
            f"<p>{pages.text(sale.description)}<br><small>№ {pages.text(sale.order)}</small></p>"
        )
        if sale.state != WAITING:
            return self.page(WORDS[sale.state].capitalize(), about, self._way_back(sale))

        def button(do: str, label: str, *, main: bool = False) -> str:
            return pages.form(f"{asked.home}/decide", label, main=main, number=sale.number, do=do)

        return self.page(
            f"До сплати {pages.money(sale.amount_kopecks)}",
            about,
            button("pay", "Сплатити", main=True),
            button("decline", "Карту відхилено"),
            "<hr><small>Буває й таке:</small>",
            button("twice", "Сплатити: сповіщення прийде двічі"),
            button("unheard", "Сплатити: сповіщення загубиться"),
            button("leave", "Закрити, нічого не відповівши"),
        )

    def _way_back(self, sale: Sale) -> str:
        url = sale.failed_url if sale.state == FAILED else sale.url
        return pages.link(url or sale.url, "Повернутися на сайт магазину")

    def _decide(self, asked: Asked, sale: Sale) -> Page:
        do = asked.fields.get("do", "")
        with self.lock:
            is_open = sale.state == WAITING
            if is_open and do in ("pay", "twice", "unheard"):
                self.change(sale, PAID)
            elif is_open and do == "decline":
                self.change(sale, FAILED)
        if not is_open:
            return self._bill(asked, sale)
        if do == "leave":
            text = "<p>Вікно закрито. Магазин нічого не знає: платіж досі чекає.</p>"
            return self.page("Без відповіді", text, self._way_back(sale))
        if do == "unheard":
            text = "<p>Гроші списано, а сповіщення до магазину не дійшло.</p>"
            return self.page("Сплачено", text, self._way_back(sale))
        if do == "twice":
            with ThreadPoolExecutor(2) as both:
                list(both.map(self.tell_once, (sale, sale)))
        else:
            self.tell_once(sale)
        return Page(status=303, location=(sale.failed_url if do == "decline" else "") or sale.url)

    def _cabinet(self, asked: Asked) -> Page:
        rows = "".join(self._row(asked, one) for one in [*self.sales.values()][:-101:-1])
        head = "<thead><tr><th>Замовлення<th>Сума<th>Стан<th>Що далі</thead>"
        table = (
            f"<table>{head}<tbody>{rows}</tbody></table>" if rows else "<p>Платежів ще немає.</p>"
        )
        return self.page("Кабінет", table, self.cabinet_more(asked.home), is_wide=True)

    def _row(self, asked: Asked, sale: Sale) -> str:
        def act(do: str, label: str, value: str = "") -> str:
            typed = f"<input name='sum' aria-label='{label}' value='{value}'>" if value else ""
            return pages.form(f"{asked.home}/cabinet", label, typed, number=sale.number, do=do)

        left = values.uah_text(sale.left_kopecks)
        acts = act("again", "Сповістити ще раз")
        if sale.state == PAID:
            listed = values.uah_text(sale.listed_kopecks or sale.amount_kopecks)
            acts += act("back", "Повернути", left)
            acts += act("list", "У реєстр записати", listed) if self.has_list else ""
        state = WORDS[sale.state]
        if sale.back and sale.state == PAID:
            state += f", лишилося {left}"
        return (
            f"<tr><td>{pages.text(sale.order)}<br><small>{pages.text(sale.description)}</small>"
            f"<td>{pages.money(sale.amount_kopecks)}<td>{state}<td>{acts}</tr>"
        )

    def _mend(self, asked: Asked, sale: Sale) -> Page:
        do = asked.fields.get("do", "")
        if do == "again":
            self.tell_once(sale)
        elif do in ("back", "list"):
            try:
                kopecks = values.uah(asked.fields.get("sum", "").replace(",", "."))
            except values.BadValueError:
                return self.page("Не сума", pages.link(f"{asked.home}/", "Назад"))
            if do == "back" and self.give_back(sale, kopecks, key=f"cab-{secrets.token_hex(4)}"):
                self.tell_once(sale)
            elif do == "list":
                with self.lock:
                    sale.listed_kopecks = kopecks
                    self._keep()
        return Page(status=303, location=f"{asked.home}/")
