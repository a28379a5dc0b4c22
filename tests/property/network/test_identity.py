"""The rules of identity: laws that hold for every request, and the same rules in the database."""

import itertools
import re
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network.identifiers import mac_of_station
from network.identity import Factors, Identity, Mode, Problem, resolve
from network.models import AccessMode, RadiusDecision
from tests.support import services

NAS = "10.0.0.1"
LOGINS = ("", "a", "b")
MACS = ("", "aa" * 6, "bb" * 6, "cc" * 6)
PORTS = (("", ""), ("01", "ff"), ("02", "ff"), ("02", ""))
MODES = [*Mode]


@st.composite
def registered(draw: st.DrawFn) -> list[Factors]:
    """Services as they may lie in the table: logins are unique, the rest need not be."""
    found = []
    for number, login in enumerate(
        draw(st.permutations(["a", "b", "z"]))[: draw(st.integers(0, 3))]
    ):
        circuit, remote = draw(st.sampled_from(PORTS))
        found.append(
            Factors(
                number + 1,
                login,
                draw(st.sampled_from(MACS[:3])),
                circuit,
                remote,
                draw(st.sampled_from(MODES)),
            )
        )
    return found


IDENTITIES = [
    Identity(login, mac, *port, has_password=has_password)
    for login, mac, port, has_password in itertools.product(LOGINS, MACS, PORTS, (False, True))
]


@given(registered(), st.sampled_from(IDENTITIES))
def test_whoever_is_found_has_what_its_mode_wants(known: list[Factors], identity: Identity) -> None:
    found = resolve(identity, known)
    if found.subscription_id is None:
        assert found.problem is not None
        return
    one = next(each for each in known if each.subscription_id == found.subscription_id)
    login = bool(identity.login) and identity.login == one.login
    mac = bool(identity.mac) and identity.mac == one.mac
    port = bool(identity.circuit_hex) and (
        (identity.circuit_hex, identity.remote_hex) == (one.circuit_hex, one.remote_hex)
    )
    wanted = {
        Mode.LOGIN: login and identity.has_password,
        Mode.MAC: mac,
        Mode.OPTION82: port,
        Mode.TWO_OF_THREE: login + mac + port >= 2,
        Mode.AUTO: login if identity.has_password else mac and port,
    }
    assert wanted[one.mode]
    # The password that is checked is always that of the service that is opened.
    assert found.check_password == (login and identity.has_password)
    owners = [each for each in known if identity.login and each.login == identity.login]
    assert all(each.subscription_id == one.subscription_id for each in owners)


@given(registered(), st.sampled_from(IDENTITIES), st.randoms(use_true_random=False))
def test_the_order_of_services_does_not_matter(
    known: list[Factors], identity: Identity, chance: object
) -> None:
    shuffled = [*known]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert resolve(identity, shuffled) == resolve(identity, known)


@given(registered(), st.sampled_from(IDENTITIES))
def test_a_service_that_shares_nothing_changes_nothing(
    known: list[Factors], identity: Identity
) -> None:
    stranger = Factors(99, "nobody", "dd" * 6, "77", "77", Mode.MAC)
    assert resolve(identity, [*known, stranger]) == resolve(identity, known)


def test_every_combination_of_three_factors_of_two_services() -> None:
    """4³ ways to mix the factors of A, of B, of nobody, and none, in 2-of-3 with a password."""
    owners = {
        "login": {"A": "a", "B": "b", "?": "x", "": ""},
        "mac": {"A": MACS[1], "B": MACS[2], "?": MACS[3], "": ""},
        "port": {"A": ("01", "ff"), "B": ("02", "ff"), "?": ("09", "ff"), "": ("", "")},
    }
    known = [
        Factors(1, "a", MACS[1], "01", "ff", Mode.TWO_OF_THREE),
        Factors(2, "b", MACS[2], "02", "ff", Mode.TWO_OF_THREE),
    ]
    for login, mac, port in itertools.product("AB?", ("A", "B", "?", ""), ("A", "B", "?", "")):
        identity = Identity(
            owners["login"][login],  # type: ignore[arg-type]
            owners["mac"][mac],  # type: ignore[arg-type]
            *owners["port"][port],
            has_password=True,
        )
        found = resolve(identity, known)
        told = (login, mac, port)
        score = {name: told.count(name) for name in "AB"}
        best = max(score, key=lambda name: score[name])
        if score[best] >= 2 and login in {best, "?"}:
            assert found.subscription_id == "AB".index(best) + 1, told
            assert found.check_password == (login == best)
        else:
            assert found.subscription_id is None, told
        if score[best] >= 2 and login not in {best, "?"}:
            assert found.problem is Problem.CONFLICT, told


@pytest.mark.django_db
@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(known=registered(), default=st.sampled_from(MODES), plain=st.booleans())
def test_the_database_decides_the_same(
    three: list[int], known: list[Factors], default: Mode, plain: bool
) -> None:
    """For each table of services, all requests at once. `plain`: services without own modes."""
    with connection.cursor() as cursor:
        told = dress(cursor, three, known, default=default, plain=plain)
        for identity in IDENTITIES:
            cursor.execute(
                "SELECT subscription_id, check_password, problem, nearest_id, missed"
                " FROM radius_resolve(%s, %s, %s, %s, %s, %s)",
                [
                    identity.login,
                    identity.mac,
                    identity.circuit_hex,
                    identity.remote_hex,
                    identity.has_password,
                    default.value,
                ],
            )
            found = resolve(identity, told)
            assert cursor.fetchone() == (
                found.subscription_id,
                found.check_password,
                found.problem.value if found.problem else None,
                found.nearest_id,
                ",".join(found.missed),
            ), (identity, told)
            assert answered(cursor, identity) == (
                (found.subscription_id, "PASSWORD" if found.check_password else "ACCEPT")
                if found.subscription_id
                else (None, "REFUSED")
            ), (identity, told)


KEYS = ("", "k1", "k2")


@st.composite
def read(draw: st.DrawFn) -> list[Factors]:
    """The same services, with lines as rules may have read them."""
    return [replace(one, port_key=draw(st.sampled_from(KEYS))) for one in draw(registered())]


@st.composite
def told_ports(draw: st.DrawFn) -> dict[tuple[str, str], tuple[tuple[str, ...], bool]]:
    """What rules read of each port: nothing, a line, or two at once."""
    keys = st.sampled_from([((), False), (("k1",), False), (("k2",), False), (("k1", "k2"), True)])
    return {port: draw(keys) for port in PORTS if port[0]}


def with_keys(
    identity: Identity,
    known: list[Factors],
    told: dict[tuple[str, str], tuple[tuple[str, ...], bool]],
) -> Identity:
    """As the REST group reads it: only a port that is nobody's as it stands."""
    port = (identity.circuit_hex, identity.remote_hex)
    if not port[0] or any(port == (one.circuit_hex, one.remote_hex) for one in known):
        return identity
    keys, is_ambiguous = told[port]
    return replace(identity, port_keys=keys, is_port_ambiguous=is_ambiguous)


@given(read(), st.sampled_from(IDENTITIES), told_ports())
def test_a_line_that_is_read_is_as_good_as_one_that_is_registered(
    known: list[Factors], identity: Identity, told: dict[Any, Any]
) -> None:
    """Whoever has the key counts as one who has the port; of two keys at once nobody is let in."""
    asked = with_keys(identity, known, told)
    plain = resolve(identity, known)
    found = resolve(asked, known)
    if not asked.port_keys:
        assert found == plain
        return
    port = (identity.circuit_hex, identity.remote_hex)
    dressed = [
        replace(one, circuit_hex=port[0], remote_hex=port[1])
        if one.port_key in asked.port_keys
        else one
        for one in known
    ]
    if not asked.is_port_ambiguous:
        assert found == resolve(identity, dressed)
    elif found.subscription_id is not None:
        assert found == plain
    elif found != plain:
        assert found.problem is Problem.CONFLICT


@pytest.mark.django_db
@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(known=read(), default=st.sampled_from(MODES), plain=st.booleans(), told=told_ports())
def test_the_database_says_the_same_or_asks(
    three: list[int], known: list[Factors], default: Mode, plain: bool, told: dict[Any, Any]
) -> None:
    """It cannot read a port. What it answers by itself is what the REST group would answer."""
    with connection.cursor() as cursor:
        dressed = dress(cursor, three, known, default=default, plain=plain)
        for identity in IDENTITIES:
            found = resolve(with_keys(identity, dressed, told), dressed)
            service, verdict = answered(cursor, identity)
            right = (
                (found.subscription_id, "PASSWORD" if found.check_password else "ACCEPT")
                if found.subscription_id
                else (None, "REFUSED")
            )
            if verdict != "ASK":
                assert (service, verdict) == right, (identity, dressed, told)
                continue
            # It asks only who may be known by a line, and whose port is nobody's as it stands.
            assert identity.circuit_hex
            assert any(one.port_key for one in dressed)
            port = (identity.circuit_hex, identity.remote_hex)
            assert all(port != (one.circuit_hex, one.remote_hex) for one in dressed)


MAC = "aabbccddeeff"
STATIONS = [
    *("", ":", "|", "aabbccddeeff", "AA:BB:CC:DD:EE:FF", "1:aa:bb:cc:dd:ee:ff", "01aabbccddeeff"),
    *("aabb.ccdd.eeff", "aa|bb|cc|dd|ee|ff", "aa;bb;cc;dd;ee;ff", "aa=bb=cc=dd=ee=ff"),
    *("a:abbccddeeff", "aabbccddeef", "aabbccddeeff|x", "aa'bb'cc'dd'ee'ff", "0aabbccddeeff"),
    "bb" * 6,
]
SAFE = frozenset("@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_: /|")


def as_rlm_sql_writes(text: str) -> str:
    """Signs that are not among its `safe_characters` (raddb/mods/sql)."""
    return "".join(one if one in SAFE else f"={ord(one):02X}" for one in text)


@pytest.mark.django_db
@pytest.mark.parametrize("station", STATIONS)
def test_the_short_cut_finds_whom_weighing_finds(three: list[int], station: str) -> None:
    """Whatever stands where the MAC should, and though a login may itself be another's MAC."""
    first, second = three[:2]
    own = {"mode": "", "replies": {"mikrotik": {"Filter-Id": "x"}}}
    with connection.cursor() as cursor:
        for login, mac, port, others in itertools.product(
            ("a", "bb" * 6), ("", MAC), (("", ""), ("01", "ff")), ("LOGIN", "MAC", "TWO_OF_THREE")
        ):
            rows = RadiusDecision.objects
            rows.filter(subscription_id=first).update(
                **own, login=login, mac=mac, circuit_hex="01", remote_hex="ff"
            )
            rows.filter(subscription_id=second).update(
                **own | {"mode": others}, login="z", mac="bb" * 6, circuit_hex="02"
            )
            identity = Identity(login, mac, *port, has_password=True)
            text = as_rlm_sql_writes(asked(identity, station))
            cursor.execute(
                "SELECT radius.mac_of(%s, %s)", [as_rlm_sql_writes(station), login.encode().hex()]
            )
            (found,) = cursor.fetchone()
            assert found == mac_of_station(station.encode(), login.encode())
            cursor.execute(
                "SELECT radius.authorize(%(nas)s, %(asked)s, '1'),"
                " radius.weigh(%(nas)s, %(login)s, %(mac)s, %(circuit)s, %(remote)s, '1')",
                {
                    "nas": NAS,
                    "asked": text,
                    "login": login.encode().hex(),
                    "mac": found,
                    "circuit": port[0],
                    "remote": port[1],
                },
            )
            # Who is found by the short cut need not be remembered.
            texts = (one.replace("Fast-Weighed", "Fast-Password") for one in cursor.fetchone())
            told = [sorted(re.sub(r"(:)[0-9a-f]{8}", "", one).split()) for one in texts]
            assert told[0] == told[1], (identity, station, others)


def dress(
    cursor: Any, three: list[int], known: list[Factors], *, default: Mode, plain: bool
) -> list[Factors]:
    """Put these factors into the table, and the mode of the BRAS; gives them as they lie there."""
    cursor.execute("UPDATE radius_decision SET login = 'gone' || subscription_id, mac = ''")
    cursor.execute("UPDATE radius_decision SET circuit_hex = '', remote_hex = '', port_key = ''")
    cursor.execute("UPDATE radius_decision SET replies = '{\"mikrotik\": {}}'")
    cursor.execute("UPDATE network_accessmode SET mode = %s", [default.value])
    told = []
    for one in known:
        subscription_id = three[one.subscription_id - 1]
        RadiusDecision.objects.filter(subscription_id=subscription_id).update(
            login=one.login,
            mac=one.mac,
            circuit_hex=one.circuit_hex,
            remote_hex=one.remote_hex,
            port_key=one.port_key,
            mode="" if plain else one.mode.value,
        )
        told.append(
            replace(one, subscription_id=subscription_id, mode=default if plain else one.mode)
        )
    return told


def answered(cursor: Any, identity: Identity) -> tuple[int | None, str]:
    """What the fast path says as a whole, its short cut for logins among it: whose, and how."""
    cursor.execute(
        "SELECT radius.authorize(%s, %s, %s)",
        [NAS, asked(identity), "1" if identity.has_password else ""],
    )
    told = dict(line.split("\t") for line in cursor.fetchone()[0].splitlines() if line)
    service = int(told["Class"].split(":")[1]) if "Class" in told else None
    return service, told.get("Bill-Verdict", "PASSWORD")


def asked(identity: Identity, station: str | None = None) -> str:
    """As FreeRADIUS puts it together (raddb/policy/identifiers)."""
    parts = (identity.circuit_hex, identity.remote_hex)
    circuit, remote = (f"0x{part}" if part else "" for part in parts)
    told = identity.mac if station is None else station
    return f"{identity.login.encode().hex()}|{circuit}|{remote}||{told}"


@pytest.fixture
def three(db: None) -> list[int]:
    """Three services to dress up, and a BRAS that asks for them."""
    nas = services.nas(address=NAS, vendor="mikrotik")
    AccessMode.objects.create(nas=nas, mode=Mode.AUTO, changed_at=services.AT)
    return sorted(services.service().id for _ in range(3))
