"""The provider's side, played over real HTTP: a terminal, a form's checkout, an invoice API.

`manage.py simulate_provider` serves it. A player is given what a browser (or our own client) asked
for, speaks with our server as the payment system would, signatures both ways, and answers with a
page. It is for the demo, tests and connecting: no money moves anywhere but in the books that it
calls.
"""

from collections.abc import Callable
from pathlib import Path

from billing.payments.simulator.liqpay import Liqpay
from billing.payments.simulator.monobank import Monobank
from billing.payments.simulator.platon import Platon
from billing.payments.simulator.site import FORM, Asked, Ours, Page, Player, server
from billing.payments.simulator.terminal import Terminal

# `kept`: where a player that has payments of its own keeps them.
PLAYERS: dict[str, Callable[[Ours, Path | None], Player]] = {
    "citypay": lambda ours, kept: Terminal(ours, "citypay"),
    "ibox": lambda ours, kept: Terminal(ours, "ibox"),
    "monobank": Monobank,
    "platon": Platon,
    "privat24": Liqpay,
}

__all__ = ["FORM", "PLAYERS", "Asked", "Ours", "Page", "Player", "server"]
