"""Two people at once never give one login to two services; a generated one makes way."""

import contextlib
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from network import confirmations, credentials, operations, provisioning
from network.addressing.importfile import Line
from network.addressing.importing import Import
from network.addressing.importoutcome import Code
from network.models import AccessCredential, MacRequest, RadiusDecision
from project.core.actor import SYSTEM
from tests.concurrency.network.test_addresses import at_once
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db(transaction=True)


def giver(subscription_id: int, login: str, told: list[str]) -> Callable[[], None]:
    def work() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                credentials.set_credentials(
                    subscription_id=subscription_id, login=login, at=AT, actor=SYSTEM
                )
                cursor.execute("SELECT pg_sleep(0.2)")
            told.append("given")
        except credentials.LoginTakenError:
            told.append("taken")

    return work


def test_logins_that_two_files_take_crosswise_go_to_one_of_them() -> None:
    terms, house = services.tariff(), services.building()
    sold = [services.service(terms=terms, house=house).id for _ in range(120)]
    names = [f"name{number}" for number in range(60)]
    told: list[list[Code]] = []

    def taker(ids: list[int], wanted: list[str]) -> Callable[[], None]:
        lines = [
            Line(number, (), service=str(one), login=login)
            for number, (one, login) in enumerate(zip(ids, wanted, strict=True), 2)
        ]

        def take() -> None:
            work = Import(writes=True, source="x", at=AT, actor=SYSTEM)
            told.append([one.code for one in work.take(lines)])

        return take

    at_once(taker(sold[:60], names), taker(sold[60:], names[::-1]))
    assert sorted(map(set, told), key=str) == [{Code.ACCESS}, {Code.LOGIN_TAKEN}]
    agree()


def test_a_mac_is_confirmed_while_login_and_equipment_are_set() -> None:
    sold = services.service().id
    for number in range(25):
        mac = f"02000000{number:04x}"
        confirmations.ask_for_mac(
            subscription_id=sold, mac=mac, by_port=True, nas_address=None, at=AT
        )
        request = MacRequest.objects.get(mac=mac).id

        def confirm(request: int = request) -> None:
            with contextlib.suppress(confirmations.MacDecidedError):
                confirmations.confirm_mac(request_id=request, at=AT, actor=SYSTEM)

        def rename(number: int = number) -> None:
            credentials.set_credentials(
                subscription_id=sold, login=f"n{number}", password=f"p{number}", at=AT, actor=SYSTEM
            )

        def equip(mac: str = mac) -> None:
            operations.set_equipment(subscription_id=sold, mac=mac, at=AT, actor=SYSTEM)

        at_once(confirm, rename, equip)
        assert MacRequest.objects.get(id=request).state == "CONFIRMED"
    agree()


def agree() -> None:
    """Both tables say the same of each service."""
    kept = set(AccessCredential.objects.values_list("subscription_id", "login"))
    assert kept == set(RadiusDecision.objects.values_list("subscription_id", "login"))


def test_of_two_who_take_one_login_the_second_is_told() -> None:
    first, second, third = (services.service().id for _ in range(3))
    told: list[str] = []
    at_once(giver(first, "Ivan", told), giver(second, "ivan", told), giver(third, "IVAN", told))
    assert sorted(told) == ["given", "taken", "taken"]
    assert RadiusDecision.objects.filter(login="ivan").count() == 1
    agree()


def test_a_login_that_is_being_taken_is_not_generated() -> None:
    owner, later = services.service(), services.service(refresh=False)
    told: list[str] = []

    def sell() -> None:
        provisioning.refresh_decisions(subscription_ids=[later.id], at=AT)

    at_once(giver(owner.id, f"gb{later.id}", told), sell)
    logins = {services.login_of(owner), services.login_of(later)}
    assert logins in (
        {f"gb{later.id}", f"gb{later.id}-2"},
        {f"gb{later.id}", f"gb{owner.id}"},
    )
    agree()


def test_an_import_that_somebody_was_faster_than_says_taken_and_gives_the_rest() -> None:
    by_hand, by_file, other = (services.service() for _ in range(3))
    told: list[str] = []
    codes: list[list[Code]] = []
    lines = [
        Line(2, (), service=str(by_file.id), login="Ivan", password="its-own"),
        Line(3, (), service=str(other.id), login="petro"),
    ]

    def take() -> None:
        work = Import(writes=True, source="x", at=AT, actor=SYSTEM)
        codes.append([one.code for one in work.take(lines)])

    at_once(giver(by_hand.id, "ivan", told), take)
    assert RadiusDecision.objects.filter(login="ivan").count() == 1
    assert codes[0] == [
        Code.LOGIN_TAKEN if told == ["given"] else Code.ACCESS,
        Code.ACCESS,
    ]
    assert services.login_of(other) == "petro"
    agree()
