"""A payment system that is played for a test: its address, its player, our merchant account."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from billing.payments import merchants, outgoing, simulator
from billing.payments import operations as payments
from billing.payments.gateway import IncomingReply, OutgoingRequest
from billing.payments.simulator import FORM, Ours
from project.core import clock
from project.core.actor import SYSTEM

SLUG = "played"
SETTINGS: dict[str, dict[str, Any]] = {
    "ibox": {"basic_user": "ibox", "basic_password": "p4ssw0rd"},
    "citypay": {"basic_user": "ibox", "basic_password": "p4ssw0rd"},
    "monobank": {"token": "u-simulated-token"},
    "platon": {"key": "SIM", "password": "sim-password", "default_email": "a@example.com"},
    "privat24": {"liqpay_public_key": "sim", "liqpay_private_key": "sim-private"},
}


def post(address: str, fields: Mapping[str, str]) -> IncomingReply:
    """A form, as a browser posts it."""
    headers = (("Content-Type", FORM),)
    return outgoing.exchange(OutgoingRequest("POST", address, headers, urlencode(fields).encode()))


@dataclass(frozen=True)
class Played:
    """A payment system that is played."""

    address: str
    player: Any
    merchant: merchants.Account

    def post(self, path: str, **fields: str) -> IncomingReply:
        """Post a form to its site."""
        return post(f"{self.address}{path}", fields)


@contextmanager
def playing(
    name: str, *, our_url: str, now: Callable[[], datetime] = clock.now, kept: Path | None = None
) -> Iterator[Played]:
    """Opens a merchant account and plays its payment system; `our_url` is our server's."""
    merchant_id = payments.open_merchant(
        at=now(), actor=SYSTEM, provider=name, slug=SLUG, settings=SETTINGS[name]
    )
    ours = Ours(f"{our_url}/pay/{name}/{SLUG}", merchants.get(merchant_id=merchant_id).view, now)
    player = simulator.PLAYERS[name](ours, kept)
    site = simulator.server({name: player})
    address = f"http://127.0.0.1:{site.server_port}/{name}"
    payments.change_merchant(at=now(), actor=SYSTEM, merchant_id=merchant_id, base_url=address)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    try:
        yield Played(address, player, merchants.get(merchant_id=merchant_id))
    finally:
        site.shutdown()
        thread.join()
        site.server_close()
