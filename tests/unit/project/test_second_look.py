"""Only a few failing browser tests are looked at again."""

from tests.second_look import modules_of


def test_modules_of_browser_tests_are_named_once() -> None:
    failed = ["tests/browser/test_b.py::test_1", "tests/browser/test_a.py::test_2[x]"]
    again = [*failed, "tests/browser/test_b.py::test_3"]
    assert modules_of(again) == ["tests/browser/test_a.py", "tests/browser/test_b.py"]


def test_any_other_failure_is_a_failure_at_once() -> None:
    assert modules_of(["tests/browser/test_a.py::test_1", "tests/unit/test_money.py::test"]) == []
    assert modules_of(["tests/stack/test_radius.py::test_pap"]) == []


def test_many_failing_modules_are_no_accident() -> None:
    assert modules_of(f"tests/browser/test_{letter}.py::test" for letter in "abcd") == []


def test_nothing_failed() -> None:
    assert modules_of([]) == []
