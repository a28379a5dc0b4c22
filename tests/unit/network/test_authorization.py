"""The pure decisions of access."""

import pytest

from network.authorization import (
    AccessReason,
    AccessState,
    Factors,
    Identity,
    Problem,
    ServiceFacts,
    decide,
    resolve,
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
    verdict = decide(told, blocked_gets_guest=False)
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
def test_guests_are_those_who_can_pay_or_resume(told: ServiceFacts, state: AccessState) -> None:
    assert decide(told, blocked_gets_guest=True).state is state


A = Factors(1, "alice", mac="aa" * 6, circuit_hex="01", remote_hex="ff")
B = Factors(2, "bob", mac="bb" * 6, circuit_hex="02", remote_hex="ff")


def test_login_with_a_password_names_the_service() -> None:
    found = resolve(Identity(login="alice", has_password=True), [A])
    assert (found.subscription_id, found.check_password) == (1, True)


def test_a_new_router_does_not_stop_a_right_password() -> None:
    assert resolve(Identity("alice", "cc" * 6, has_password=True), [A]).subscription_id == 1


def test_login_of_one_on_the_line_of_another_is_a_conflict() -> None:
    identity = Identity("alice", B.mac, B.circuit_hex, B.remote_hex, has_password=True)
    assert resolve(identity, [A, B]).problem is Problem.CONFLICT


def test_port_and_mac_together_need_no_password() -> None:
    found = resolve(Identity("", A.mac, A.circuit_hex, A.remote_hex), [A])
    assert (found.subscription_id, found.check_password) == (1, False)


@pytest.mark.parametrize(
    "identity",
    [
        Identity(login="alice"),
        Identity(mac=A.mac),
        Identity(login="alice", mac=A.mac),
        Identity(circuit_hex="01", remote_hex="ff"),
        Identity(mac=B.mac, circuit_hex="01", remote_hex="ff"),
        Identity(mac=A.mac, circuit_hex="01", remote_hex="00"),
        Identity(),
    ],
)
def test_one_factor_without_a_password_opens_nothing(identity: Identity) -> None:
    assert resolve(identity, [A]).problem is Problem.UNKNOWN


def test_two_services_with_one_port_and_mac_are_a_conflict() -> None:
    twin = Factors(3, "carol", mac=A.mac, circuit_hex="01", remote_hex="ff")
    found = resolve(Identity("", A.mac, A.circuit_hex, A.remote_hex), [A, twin])
    assert found.problem is Problem.CONFLICT


def test_services_without_a_registered_port_are_not_matched_by_its_absence() -> None:
    bare = Factors(4, "dave")
    assert resolve(Identity(), [bare]).problem is Problem.UNKNOWN
