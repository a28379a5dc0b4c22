"""States have one look, and every stored value has a word."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from billing.models import Block, Payment
from coverage.answers import Answer, Reason
from coverage.models import ZoneStatus
from crm.models import ConnectionRequest
from frontend.public.words import WORDS
from frontend.states import KINDS, UNKNOWN, state_of
from frontend.templatetags.geobill import icon, state_badge

CSS = Path(settings.BASE_DIR) / "frontend" / "src" / "shared" / "base.css"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("zone", ZoneStatus.values),
        ("answer", list(Answer)),
        ("request", ConnectionRequest.State.values),
        ("service", Block.Reason.values),
        ("payment", Payment.State.values),
    ],
)
def test_every_stored_value_has_a_look(kind: str, values: list[str]) -> None:
    assert [value for value in values if state_of(kind=kind, value=value) is UNKNOWN] == []


def test_every_reason_of_an_answer_has_words() -> None:
    assert set(WORDS) == set(Reason)


def test_every_tone_is_defined_in_the_stylesheet() -> None:
    defined = set(re.findall(r"\.tone-(\w+)", CSS.read_text(encoding="utf-8")))
    used = {state.tone for kind in KINDS.values() for state in kind.values()}
    assert used <= defined


def test_every_icon_is_one_of_tabler() -> None:
    icons = Path(settings.BASE_DIR) / "node_modules" / "@tabler" / "icons" / "icons"
    if not icons.exists():
        pytest.skip("npm packages are not installed")
    for state in [state for kind in KINDS.values() for state in kind.values()]:
        name = state.icon.removeprefix("ti-")
        folder = "filled" if name.endswith("-filled") else "outline"
        assert (icons / folder / f"{name.removesuffix('-filled')}.svg").exists(), name


def test_a_badge_escapes_its_text_and_hides_its_icon_from_readers() -> None:
    badge = state_badge("zone", "PLANNED", "<b>")
    assert "&lt;b&gt;" in badge
    assert 'aria-hidden="true"' in badge


def test_an_icon_that_means_something_has_a_name() -> None:
    assert 'aria-label="так"' in icon("check", label="так")
