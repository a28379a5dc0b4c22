"""Which service knocks: the named cases; all combinations are in tests/property."""

from dataclasses import replace

import pytest

from network.identity import Factor, Factors, Identity, Mode, Problem, resolve

A = Factors(1, "alice", mac="aa" * 6, circuit_hex="01", remote_hex="ff")
B = Factors(2, "bob", mac="bb" * 6, circuit_hex="02", remote_hex="ff")
NEW = "cc" * 6


def two(one: Factors) -> Factors:
    return replace(one, mode=Mode.TWO_OF_THREE)


def test_login_with_a_password_names_the_service() -> None:
    found = resolve(Identity(login="alice", has_password=True), [A])
    assert (found.subscription_id, found.check_password) == (1, True)


def test_a_new_router_does_not_stop_a_right_password() -> None:
    assert resolve(Identity("alice", NEW, has_password=True), [A]).subscription_id == 1


@pytest.mark.parametrize("mode", [*Mode])
def test_login_of_one_on_the_line_of_another_opens_neither(mode: Mode) -> None:
    identity = Identity("alice", B.mac, B.circuit_hex, B.remote_hex, has_password=True)
    known = [replace(one, mode=mode) for one in (A, B)]
    found = resolve(identity, known)
    assert found.subscription_id is None
    assert found.problem is Problem.CONFLICT


def test_port_and_mac_together_need_no_password() -> None:
    found = resolve(Identity("", A.mac, A.circuit_hex, A.remote_hex), [A])
    assert (found.subscription_id, found.check_password) == (1, False)


@pytest.mark.parametrize(
    ("identity", "problem", "missed"),
    [
        (Identity(login="alice"), Problem.TOO_FEW, (Factor.MAC, Factor.PORT)),
        (Identity(mac=A.mac), Problem.TOO_FEW, (Factor.PORT,)),
        (Identity(login="alice", mac=A.mac), Problem.TOO_FEW, (Factor.PORT,)),
        (Identity(circuit_hex="01", remote_hex="ff"), Problem.TOO_FEW, (Factor.MAC,)),
        (Identity("", NEW, "01", "ff"), Problem.NEW_MAC, (Factor.MAC,)),
        (Identity("", A.mac, "01", "00"), Problem.WRONG_PORT, (Factor.PORT,)),
        (Identity("", NEW, "09", "ff"), Problem.UNKNOWN, (Factor.MAC, Factor.PORT)),
        (Identity(), Problem.UNKNOWN, ()),
    ],
)
def test_one_factor_without_a_password_opens_nothing_and_says_what_is_missing(
    identity: Identity, problem: Problem, missed: tuple[Factor, ...]
) -> None:
    found = resolve(identity, [A])
    assert (found.subscription_id, found.problem, found.missed) == (None, problem, missed)


def test_the_router_of_one_on_the_port_of_another_is_a_conflict() -> None:
    found = resolve(Identity("", A.mac, B.circuit_hex, B.remote_hex), [A, B])
    assert (found.problem, found.missed) == (Problem.CONFLICT, (Factor.MAC,))


def test_two_services_with_one_port_and_mac_are_a_conflict() -> None:
    twin = Factors(3, "carol", mac=A.mac, circuit_hex="01", remote_hex="ff")
    found = resolve(Identity("", A.mac, A.circuit_hex, A.remote_hex), [A, twin])
    assert found.problem is Problem.CONFLICT


def test_three_factors_beat_two() -> None:
    twin = Factors(3, "carol", A.mac, "01", "ff", Mode.TWO_OF_THREE)
    identity = Identity("alice", A.mac, "01", "ff", has_password=True)
    found = resolve(identity, [two(A), twin])
    assert (found.subscription_id, found.check_password) == (1, True)


def test_with_two_of_three_a_mistyped_login_does_not_matter() -> None:
    found = resolve(Identity("alcie", A.mac, "01", "ff", has_password=True), [two(A)])
    assert (found.subscription_id, found.check_password) == (1, False)


def test_with_two_of_three_a_login_alone_is_a_new_router_and_its_password_counts() -> None:
    found = resolve(Identity("alice", NEW, has_password=True), [two(A)])
    assert (found.problem, found.nearest_id, found.check_password) == (Problem.NEW_MAC, 1, True)


def test_a_mode_of_its_own_decides() -> None:
    by_mac = Factors(1, "alice", A.mac, "01", "ff", Mode.MAC)
    by_port = Factors(1, "alice", A.mac, "01", "ff", Mode.OPTION82)
    by_login = Factors(1, "alice", A.mac, "01", "ff", Mode.LOGIN)
    assert resolve(Identity(mac=A.mac), [by_mac]).subscription_id == 1
    assert resolve(Identity("", NEW, "01", "ff"), [by_port]).subscription_id == 1
    found = resolve(Identity("", A.mac, "01", "ff"), [by_login])
    assert (found.problem, found.missed) == (
        Problem.NO_PASSWORD,
        (Factor.PASSWORD,),
    )


def test_services_without_a_registered_port_are_not_matched_by_its_absence() -> None:
    bare = Factors(4, "dave")
    assert resolve(Identity(), [bare]).problem is Problem.UNKNOWN
