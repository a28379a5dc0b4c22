"""The table of what every channel of every provider is put to: no channel without each fault."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from billing.payments import providers, registry
from tests.contract import payments
from tests.contract.payments.suite import Faults

# What a provider may do wrong, and the test of a suite that does it.
FAULTS = {
    "duplicate": "test_a_payment_is_credited_once_however_often_it_is_told",
    "twenty at once": "test_twenty_at_once_make_one_credit",
    "changed amount": "test_another_amount_under_the_same_id_is_refused",
    "replay": "test_the_same_bytes_weeks_later_credit_nothing",
    "bad signature": "test_a_wrong_signature_is_refused",
    "wrong address": "test_a_caller_from_elsewhere_is_refused",
    "hostile body": "test_hostile_bodies_are_answered_in_the_own_form",
    "fuzzed body": "test_spoiled_messages_never_break_the_server",
    "secrets": "test_no_secret_is_in_the_journal",
}
# Channels that credit nothing by themselves: they only make us ask, and the answer credits.
HINTS = {
    "duplicate": "test_a_hint_makes_us_ask_and_the_answer_credits_once",
    "another answer": "test_no_other_answer_credits",
    "wrong address": "test_a_stranger_is_refused",
    "hostile and fuzzed body": "test_hostile_hints_credit_nothing",
}
CHANNELS = [
    (provider.code, endpoint.code)
    for provider in registry.PROVIDERS.values()
    for endpoint in provider.endpoints
]


def suites() -> dict[tuple[str, str], type[Any]]:
    """The test class of each channel: found by where its paying message goes."""
    found: dict[tuple[str, str], type[Any]] = {}
    for module in pkgutil.walk_packages(payments.__path__, f"{payments.__name__}."):
        if ".test_" not in module.name or module.name == __name__:
            continue
        for one in vars(importlib.import_module(module.name)).values():
            if not isinstance(one, type):
                continue
            for channel in getattr(one, "covers", ()):
                found[channel] = one
            if issubclass(one, Faults) and hasattr(one, "incoming"):
                found[_channel_of(one)] = one
    return found


def _channel_of(suite: type[Any]) -> tuple[str, str]:
    incoming = suite.incoming()
    told = ("1",) if incoming.prepare else (incoming.key, "100500", incoming.amount)
    suffix = incoming.pay(*told).path_suffix.partition("?")[0]
    endpoint = registry.PROVIDERS[incoming.provider].endpoint_for(suffix)
    assert endpoint is not None, suite
    return incoming.provider, endpoint.code


SUITES = suites()


def test_there_are_twelve_providers_and_each_is_known_by_its_channels() -> None:
    assert len({provider for provider, _channel in CHANNELS}) >= 12
    assert set(SUITES) == set(CHANNELS)


@pytest.mark.parametrize("channel", CHANNELS, ids="-".join)
def test_every_channel_is_put_to_every_fault(channel: tuple[str, str]) -> None:
    suite = SUITES[channel]
    wanted = FAULTS if issubclass(suite, Faults) else HINTS
    missing = [name for name, test in wanted.items() if not callable(getattr(suite, test, None))]
    assert not missing
    marks = [mark.name for mark in getattr(suite, "pytestmark", [])]
    assert "skip" not in marks


@pytest.mark.parametrize("code", sorted({provider for provider, _channel in CHANNELS}))
def test_every_setting_stands_in_the_readme_and_every_default_is_one_of_its_choices(
    code: str,
) -> None:
    provider = registry.PROVIDERS[code]
    told = (Path(providers.__file__).parent / code / "README.md").read_text(encoding="utf-8")
    assert [one.name for one in provider.settings if f"`{one.name}`" not in told] == []
    assert all(str(one.default) in one.choices for one in provider.settings if one.choices)
    assert not any(one.default for one in provider.settings if one.is_secret)
    assert provider.open_questions
