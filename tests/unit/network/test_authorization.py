"""The pure decisions of access."""

import pytest

from network.authorization import (
    AccessReason,
    AccessState,
    ServiceFacts,
    decide,
)


def facts(
    state: str = "ACTIVE", blocks: tuple[str, ...] = (), paused: bool = False, plan: bool = True
) -> ServiceFacts:
    return ServiceFacts(state=state, is_paused=paused, blocks=frozenset(blocks), has_plan=plan)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (facts(), AccessReason.OK),
        (facts(state="DRAFT"), AccessReason.NOT_ACTIVE),
        (facts(state="TERMINATED", blocks=("DEBT",)), AccessReason.TERMINATED),
        (facts(blocks=("DEBT",)), AccessReason.DEBT),
        (facts(blocks=("DEBT", "ADMIN")), AccessReason.ADMIN),
        (facts(blocks=("DEBT", "ADMIN", "ABUSE")), AccessReason.ABUSE),
        (facts(paused=True), AccessReason.PAUSED),
        (facts(paused=True, blocks=("DEBT",)), AccessReason.PAUSED),
        (facts(plan=False), AccessReason.NO_PLAN),
    ],
)
def test_the_reason_is_the_one_that_the_subscriber_can_mend_least(
    told: ServiceFacts, reason: AccessReason
) -> None:
    verdict = decide(told, guest_reasons=())
    assert verdict.reason is reason
    assert (verdict.state is AccessState.FULL) == (reason is AccessReason.OK)


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (facts(blocks=("DEBT",)), AccessState.GUEST),
        (facts(paused=True), AccessState.GUEST),
        (facts(state="TERMINATED"), AccessState.REFUSED),
        (facts(state="DRAFT"), AccessState.REFUSED),
    ],
)
def test_guests_are_those_whose_reason_a_rule_takes(told: ServiceFacts, state: AccessState) -> None:
    assert decide(told, guest_reasons={"DEBT", "PAUSED"}).state is state
