"""What is told when the state of services changes, inside the same database transaction.

Two seams. `register`: apps above billing (network) hear the ids of the changed subscriptions and
must rewrite what depends on them, set-based, before the commit. `register_effects`: charging, which
lies above subscriptions inside billing, does what a change means in money.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Protocol

from project.core.actor import Actor

Hook = Callable[..., None]

_hooks: list[Hook] = []
_effects: list["MoneyEffects"] = []


class MoneyEffects(Protocol):
    """What changes of a subscription mean in money."""

    def plan_will_change(
        self, *, subscription_id: int, from_date: date, on_date: date, at: datetime, actor: Actor
    ) -> None:
        """Another plan from a date on: give back what is prepaid beyond it."""

    def plan_changed_now(
        self, *, subscription_id: int, on_date: date, at: datetime, actor: Actor
    ) -> None:
        """Another plan from today: charge the difference of the day."""

    def ended(self, *, subscription_id: int, on_date: date, at: datetime, actor: Actor) -> None:
        """The service has ended; `on_date` was its last day: give back what is prepaid."""

    def pause_begins(
        self,
        *,
        subscription_id: int,
        pause_id: int,
        fee_kopecks: int,
        on_date: date,
        at: datetime,
        actor: Actor,
    ) -> None:
        """A pause was taken: charge its fee."""

    def pause_cancelled(self, *, pause_id: int, on_date: date, at: datetime, actor: Actor) -> None:
        """A pause was taken back before it began: its fee, if there was one, comes back."""

    def settle(self, *, account_id: int, on_date: date, at: datetime, actor: Actor) -> None:
        """Money came in or a reason to be off has gone: charge what is due, lift debt blocks."""


def register(function: Hook) -> None:
    """Wire a listener, called as function(subscription_ids=…, at=…); twice is once."""
    if function not in _hooks:
        _hooks.append(function)


def unregister(function: Hook) -> None:
    """Take a listener away."""
    if function in _hooks:
        _hooks.remove(function)


def subscriptions_changed(*, subscription_ids: Iterable[int], at: datetime) -> None:
    """Tell all listeners, in this transaction; an empty list tells nobody."""
    ids = sorted(set(subscription_ids))
    if not ids:
        return
    for hook in _hooks:
        hook(subscription_ids=ids, at=at)


def register_effects(effects: MoneyEffects) -> None:
    """Wire charging (once, when the app is loaded)."""
    _effects[:] = [effects]


def effects() -> MoneyEffects:
    """The wired money effects."""
    assert _effects, "billing.apps wires charging when Django starts"
    return _effects[0]
