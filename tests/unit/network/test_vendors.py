"""Golden packets: what each kind of BRAS is told, and the cheapest way between states."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from network.profile import AccessProfile, Burst, ProfileState
from network.vendors.driver import (
    Change,
    ChangeKind,
    Concern,
    Memo,
    Template,
    identification,
)
from network.vendors.places import PROFILE_PLACES, session_values
from network.vendors.registry import SHIPPED, driver_of

FULL = AccessProfile(
    state=ProfileState.FULL,
    speed_down_bit_s=300_000_000,
    speed_up_bit_s=50_000_000,
    framed_ip="10.60.0.7",
    interim_s=300,
    class_text="s:17:ab12cd34",
)
FASTER = replace(FULL, speed_down_bit_s=500_000_000, speed_up_bit_s=100_000_000)
GUEST = replace(
    FULL,
    state=ProfileState.GUEST,
    speed_down_bit_s=1_000_000,
    speed_up_bit_s=1_000_000,
    redirect_url="https://pay.example.net/",
    session_timeout_s=300,
)
COMMON = [
    "Class := s:17:ab12cd34",
    "Acct-Interim-Interval := 300",
    "Framed-IP-Address := 10.60.0.7",
]

# code → what an Accept says of 300 Mbit/s down and 50 up, beside the common attributes
ACCEPT = {
    "mikrotik": ["Mikrotik-Rate-Limit := 50M/300M"],
    "cisco_isg": ["Cisco-Account-Info += AINET_300M"],
    "juniper_mx": ["ERX-Service-Activate:1 += svc-inet(300m,50m)"],
    "huawei_me60": [
        "Huawei-Policy-Name := geobill-full",
        "Huawei-Input-Average-Rate := 50000000",
        "Huawei-Input-Peak-Rate := 50000000",
        "Huawei-Output-Average-Rate := 300000000",
        "Huawei-Output-Peak-Rate := 300000000",
    ],
    "accel_ppp": ["Filter-Id := 300000/50000"],
    "redback_se": [
        "Forward-Policy := in:geobill-full",
        "Qos-Policing-Profile-Name := geobill-up",
        "Qos-Metering-Profile-Name := geobill-down",
        "Dynamic-QoS-Param += police-circuit-rate rate-absolute 50000",
        "Dynamic-QoS-Param += meter-circuit-rate rate-absolute 300000",
    ],
    "nokia_sr": [
        "Alc-SLA-Prof-Str := geobill-full",
        "Alc-Subscriber-QoS-Override += i:q:1:pir=50000,cir=50000",
        "Alc-Subscriber-QoS-Override += e:q:1:pir=300000,cir=300000",
    ],
    "zte_m6000": ["ZTE-Rate-Ctrl-SCR-Down := 300000", "ZTE-Rate-Ctrl-SCR-Up := 50000"],
    "generic": ["WISPr-Bandwidth-Max-Down := 300000000", "WISPr-Bandwidth-Max-Up := 50000000"],
}

# code → the packets of a faster tariff in a running session; None: it is reconnected
FASTER_PACKETS: dict[str, list[list[str]] | None] = {
    "mikrotik": [["Mikrotik-Rate-Limit := 100M/500M"]],
    "cisco_isg": [
        [
            "Cisco-AVPair += subscriber:command=deactivate-service",
            "Cisco-AVPair += subscriber:service-name=INET_300M",
        ],
        [
            "Cisco-AVPair += subscriber:command=activate-service",
            "Cisco-AVPair += subscriber:service-name=INET_500M",
        ],
    ],
    "juniper_mx": [
        ["ERX-Service-Deactivate += svc-inet(300m,50m)"],
        ["ERX-Service-Activate:1 += svc-inet(500m,100m)"],
    ],
    "huawei_me60": [
        [
            "Huawei-Input-Average-Rate := 100000000",
            "Huawei-Input-Peak-Rate := 100000000",
            "Huawei-Output-Average-Rate := 500000000",
            "Huawei-Output-Peak-Rate := 500000000",
        ]
    ],
    "accel_ppp": [["Filter-Id := 500000/100000"]],
    "redback_se": [
        [
            "Qos-Policing-Profile-Name := geobill-up",
            "Qos-Metering-Profile-Name := geobill-down",
            "Dynamic-QoS-Param += police-circuit-rate rate-absolute 100000",
            "Dynamic-QoS-Param += meter-circuit-rate rate-absolute 500000",
        ]
    ],
    "nokia_sr": [
        [
            "Alc-Subscriber-QoS-Override += i:q:1:pir=100000,cir=100000",
            "Alc-Subscriber-QoS-Override += e:q:1:pir=500000,cir=500000",
        ]
    ],
    "zte_m6000": [["ZTE-Rate-Ctrl-SCR-Down := 500000", "ZTE-Rate-Ctrl-SCR-Up := 100000"]],
    "generic": None,
}

# code → the packets that wall a running session in; None: it is cut
BLOCK_PACKETS: dict[str, list[list[str]] | None] = {
    "mikrotik": [
        ["Mikrotik-Address-List := geobill-guest"],
        ["Mikrotik-Rate-Limit := 1M/1M"],
        ["Session-Timeout := 300"],
    ],
    "cisco_isg": [
        [
            "Cisco-AVPair += subscriber:command=deactivate-service",
            "Cisco-AVPair += subscriber:service-name=INET_300M",
        ],
        [
            "Cisco-AVPair += subscriber:command=activate-service",
            "Cisco-AVPair += subscriber:service-name=GEOBILL_GUEST",
        ],
    ],
    "juniper_mx": [
        ["ERX-Service-Deactivate += svc-inet(300m,50m)"],
        ["ERX-Service-Activate:1 += svc-guest"],
    ],
    "huawei_me60": [
        [
            "Huawei-Policy-Name := geobill-guest",
            "Huawei-HTTP-Redirect-URL := https://pay.example.net/",
        ],
        [
            "Huawei-Input-Average-Rate := 1000000",
            "Huawei-Input-Peak-Rate := 1000000",
            "Huawei-Output-Average-Rate := 1000000",
            "Huawei-Output-Peak-Rate := 1000000",
        ],
        ["Session-Timeout := 300"],
    ],
    "accel_ppp": [
        ["L4-Redirect := 1"],
        ["Filter-Id := 1000/1000"],
        ["Session-Timeout := 300"],
    ],
    "redback_se": [
        ["Forward-Policy := in:geobill-guest", "HTTP-Redirect-URL := https://pay.example.net/"],
        [
            "Qos-Policing-Profile-Name := geobill-up",
            "Qos-Metering-Profile-Name := geobill-down",
            "Dynamic-QoS-Param += police-circuit-rate rate-absolute 1000",
            "Dynamic-QoS-Param += meter-circuit-rate rate-absolute 1000",
        ],
        ["Session-Timeout := 300"],
    ],
    "nokia_sr": [
        ["Alc-SLA-Prof-Str := geobill-guest"],
        [
            "Alc-Subscriber-QoS-Override += i:q:1:pir=1000,cir=1000",
            "Alc-Subscriber-QoS-Override += e:q:1:pir=1000,cir=1000",
        ],
        ["Session-Timeout := 300"],
    ],
    "zte_m6000": [
        ["ZTE-QoS-Profile-Down := geobill-guest"],
        ["ZTE-Rate-Ctrl-SCR-Down := 1000", "ZTE-Rate-Ctrl-SCR-Up := 1000"],
        ["Session-Timeout := 300"],
    ],
    "generic": None,
}

# code → what an Accept of a guest says, beside the common attributes
GUEST_ACCEPT = {
    "mikrotik": ["Mikrotik-Address-List := geobill-guest", "Mikrotik-Rate-Limit := 1M/1M"],
    "cisco_isg": ["Cisco-Account-Info += AGEOBILL_GUEST"],
    "juniper_mx": ["ERX-Service-Activate:1 += svc-guest"],
    "huawei_me60": [
        "Huawei-Policy-Name := geobill-guest",
        "Huawei-HTTP-Redirect-URL := https://pay.example.net/",
        "Huawei-Input-Average-Rate := 1000000",
        "Huawei-Input-Peak-Rate := 1000000",
        "Huawei-Output-Average-Rate := 1000000",
        "Huawei-Output-Peak-Rate := 1000000",
    ],
    "accel_ppp": ["L4-Redirect := 1", "Filter-Id := 1000/1000"],
    "redback_se": [
        "Forward-Policy := in:geobill-guest",
        "HTTP-Redirect-URL := https://pay.example.net/",
        "Qos-Policing-Profile-Name := geobill-up",
        "Qos-Metering-Profile-Name := geobill-down",
        "Dynamic-QoS-Param += police-circuit-rate rate-absolute 1000",
        "Dynamic-QoS-Param += meter-circuit-rate rate-absolute 1000",
    ],
    "nokia_sr": [
        "Alc-SLA-Prof-Str := geobill-guest",
        "Alc-Subscriber-QoS-Override += i:q:1:pir=1000,cir=1000",
        "Alc-Subscriber-QoS-Override += e:q:1:pir=1000,cir=1000",
    ],
    "zte_m6000": [
        "ZTE-QoS-Profile-Down := geobill-guest",
        "ZTE-Rate-Ctrl-SCR-Down := 1000",
        "ZTE-Rate-Ctrl-SCR-Up := 1000",
    ],
    "generic": [
        "Filter-Id := geobill-guest",
        "WISPr-Bandwidth-Max-Down := 1000000",
        "WISPr-Bandwidth-Max-Up := 1000000",
    ],
}

# code → the packets that let a guest out again; None: he is reconnected
FREE_PACKETS: dict[str, list[list[str]] | None] = {
    "mikrotik": [["Mikrotik-Rate-Limit := 50M/300M"], ["Mikrotik-Address-List := geobill-open"]],
    "accel_ppp": [["Filter-Id := 300000/50000"], ["L4-Redirect := 0"]],
    "zte_m6000": [
        ["ZTE-Rate-Ctrl-SCR-Down := 300000", "ZTE-Rate-Ctrl-SCR-Up := 50000"],
        ["ZTE-QoS-Profile-Down := geobill-open"],
    ],
    "generic": None,
}


def told(change: Change) -> list[list[str]]:
    return [[f"{a.name} {a.op} {a.value}" for a in one.attributes] for one in change.packets]


@pytest.mark.parametrize("code", SHIPPED)
def test_each_vendor_says_300_down_50_up_in_its_own_way(code: str) -> None:
    accepted = [f"{one.name} {one.op} {one.value}" for one in SHIPPED[code].accept(FULL)]
    assert accepted == COMMON + ACCEPT[code]


@pytest.mark.parametrize("code", SHIPPED)
def test_a_faster_tariff_reaches_a_running_session_the_cheapest_way(code: str) -> None:
    change = SHIPPED[code].diff(FULL, FASTER)
    expected = FASTER_PACKETS[code]
    if expected is None:
        assert change.kind is ChangeKind.DISCONNECT
    else:
        assert told(change) == expected
        swaps = change.packets[0].concern is Concern.SERVICES
        assert change.kind is (ChangeKind.SERVICE_SWAP if swaps else ChangeKind.COA)


@pytest.mark.parametrize("code", SHIPPED)
def test_a_block_walls_in_where_the_vendor_can_and_cuts_elsewhere(code: str) -> None:
    change = SHIPPED[code].diff(FULL, GUEST)
    expected = BLOCK_PACKETS[code]
    if expected is None:
        assert change.kind is ChangeKind.DISCONNECT
    else:
        assert told(change) == expected


@pytest.mark.parametrize("code", SHIPPED)
def test_each_vendor_walls_a_guest_in_from_the_beginning(code: str) -> None:
    accepted = [f"{one.name} {one.op} {one.value}" for one in SHIPPED[code].accept(GUEST)]
    common = [COMMON[0], COMMON[1], "Session-Timeout := 300", COMMON[2]]
    assert accepted == common + GUEST_ACCEPT[code]


@pytest.mark.parametrize("code", FREE_PACKETS)
def test_a_guest_is_let_out_the_cheapest_way(code: str) -> None:
    driver, expected = SHIPPED[code], FREE_PACKETS[code]
    walled = replace(
        driver, capabilities=replace(driver.capabilities, guest_wall=True, redirect=True)
    )
    change = walled.diff(replace(GUEST, session_timeout_s=None), FULL)
    if expected is None:
        assert change.kind is ChangeKind.DISCONNECT
    else:
        assert told(change) == expected


def test_only_who_has_the_wall_takes_guests_and_only_who_can_takes_services() -> None:
    assert [code for code, one in SHIPPED.items() if not one.walls_guests] == ["generic"]
    bare = replace(
        SHIPPED["juniper_mx"],
        capabilities=replace(SHIPPED["juniper_mx"].capabilities, multi_service=False),
    )
    with_tv = replace(FULL, services=("svc-iptv",))
    assert bare.accept(with_tv) == bare.accept(FULL)
    assert bare.diff(FULL, with_tv).kind is ChangeKind.NOTHING


@pytest.mark.parametrize("code", SHIPPED)
def test_a_packet_speaks_of_one_concern_and_nothing_to_say_is_nothing(code: str) -> None:
    driver = SHIPPED[code]
    assert driver.diff(FULL, FULL).kind is ChangeKind.NOTHING
    assert driver.diff(FULL, replace(FULL, class_text="s:17:other", interim_s=60)).packets == ()
    assert driver.diff(FULL, None).kind is ChangeKind.DISCONNECT
    for packet in driver.diff(GUEST, FULL).packets:
        concerns = {
            one.concern
            for one in (*driver.coa_set, *driver.coa_clear)
            if one.attribute in {attribute.name for attribute in packet.attributes}
        }
        assert packet.concern in concerns


def test_a_guest_is_let_out_last_and_into_the_right_speed() -> None:
    mikrotik = SHIPPED["mikrotik"].diff(GUEST, FULL)
    assert told(mikrotik) == [
        ["Mikrotik-Rate-Limit := 50M/300M"],
        ["Mikrotik-Address-List := geobill-open"],
    ]


def test_a_new_address_and_an_unknown_past_are_worth_what_they_need() -> None:
    moved = replace(FULL, framed_ip="10.60.0.8")
    for driver in SHIPPED.values():
        assert driver.diff(FULL, moved).kind is ChangeKind.DISCONNECT
    assert told(SHIPPED["mikrotik"].diff(None, replace(FULL, framed_ip=None))) == [
        ["Mikrotik-Rate-Limit := 50M/300M"],
        ["Mikrotik-Address-List := geobill-open"],
    ], "it may be behind the wall of a block that broke off"
    without = replace(
        SHIPPED["mikrotik"],
        capabilities=replace(SHIPPED["mikrotik"].capabilities, guest_wall=False),
    )
    assert told(without.diff(None, replace(FULL, framed_ip=None))) == [
        ["Mikrotik-Rate-Limit := 50M/300M"]
    ], "it has no wall, and may not know the words"
    unlimited = replace(FULL, framed_ip=None, speed_down_bit_s=None, speed_up_bit_s=None)
    assert told(SHIPPED["mikrotik"].diff(None, unlimited)) == [
        ["Mikrotik-Rate-Limit := 0/0"],
        ["Mikrotik-Address-List := geobill-open"],
    ]
    assert SHIPPED["juniper_mx"].diff(None, FULL).kind is ChangeKind.DISCONNECT


def test_burst_reaches_those_who_have_it() -> None:
    burst = Burst(600_000_000, 100_000_000, 225_000_000, 37_500_000, 12)
    with_burst = replace(FULL, burst=burst)
    change = SHIPPED["mikrotik"].diff(FULL, with_burst)
    assert told(change) == [
        ["Mikrotik-Rate-Limit := 50M/300M 100M/600M 37500k/225M 12/12"],
    ]
    peaks = {one.name: one.value for one in SHIPPED["huawei_me60"].accept(with_burst)}
    assert peaks["Huawei-Output-Peak-Rate"] == 600_000_000
    assert SHIPPED["zte_m6000"].diff(FULL, with_burst).kind is ChangeKind.NOTHING


def test_further_services_are_switched_one_by_one() -> None:
    with_tv = replace(FULL, services=("svc-iptv",))
    juniper = SHIPPED["juniper_mx"]
    assert told(juniper.diff(FULL, with_tv)) == [["ERX-Service-Activate:2 += svc-iptv"]]
    assert told(juniper.diff(with_tv, FULL)) == [["ERX-Service-Deactivate += svc-iptv"]]
    cisco = SHIPPED["cisco_isg"]
    assert told(cisco.diff(with_tv, FULL)) == [
        [
            "Cisco-AVPair += subscriber:command=deactivate-service",
            "Cisco-AVPair += subscriber:service-name=svc-iptv",
        ]
    ]


def test_a_tariff_without_a_limit_lifts_it_or_reconnects() -> None:
    free = replace(FULL, speed_down_bit_s=None, speed_up_bit_s=None)
    assert not any("Rate" in one.name for one in SHIPPED["mikrotik"].accept(free))
    assert told(SHIPPED["mikrotik"].diff(FULL, free)) == [["Mikrotik-Rate-Limit := 0/0"]]
    assert SHIPPED["zte_m6000"].diff(FULL, free).kind is ChangeKind.DISCONNECT


def test_ten_gigabit_fit_into_32_bits_and_odd_speeds_keep_their_bits() -> None:
    wide = replace(FULL, speed_down_bit_s=10**10, speed_up_bit_s=10**10)
    rates = {one.value for one in SHIPPED["generic"].accept(wide) if "Bandwidth" in one.name}
    assert rates == {2**32 - 1}
    odd = replace(FULL, speed_down_bit_s=1_234_567, speed_up_bit_s=1_500_000)
    assert SHIPPED["mikrotik"].accept(odd)[-1].value == "1500k/1234567"


def test_a_session_is_named_by_what_the_vendor_looks_at() -> None:
    values = session_values(
        acct_session_id="81a00001",
        login="gb17",
        framed_ip="10.60.0.7",
        nas_ip="192.0.2.1",
        mac="d85ed3000001",
    )
    named = {
        code: [f"{one.name}={one.value}" for one in identification(driver, values)]
        for code, driver in SHIPPED.items()
    }
    assert named["mikrotik"] == [
        "Acct-Session-Id=81a00001",
        "User-Name=gb17",
        "Framed-IP-Address=10.60.0.7",
    ]
    assert named["accel_ppp"] == ["Acct-Session-Id=81a00001"]
    assert named["cisco_isg"] == ["Acct-Session-Id=81a00001", "Cisco-Account-Info=S10.60.0.7"]
    unknown = identification(SHIPPED["mikrotik"], {**values, "framed_ip": None, "login": ""})
    assert [one.name for one in unknown] == ["Acct-Session-Id"]


TIMES = st.none() | st.sampled_from([300, 7_200, 82_001, 82_002])
PROFILES = st.builds(
    replace,
    st.sampled_from([FULL, FASTER, GUEST]),
    session_timeout_s=TIMES,
    services=st.sampled_from([(), ("tv",), ("tv", "games")]),
    delegated_ipv6_prefix=st.none() | st.just("2001:db8:7::/56"),
)
SAYS_TIME_ELSEWHERE = replace(
    SHIPPED["mikrotik"],
    accept_templates=(Template("Mikrotik-Group", "for-{session_timeout_s}"),),
    coa_set=(Template("Mikrotik-Group", "for-{session_timeout_s}"),),
)


@settings(deadline=None)
@given(data=st.data())
def test_what_was_found_for_another_session_is_what_would_be_found_anew(
    data: st.DataObject,
) -> None:
    driver = data.draw(st.sampled_from([*SHIPPED.values(), SAYS_TIME_ELSEWHERE]))
    pairs = data.draw(st.lists(st.tuples(st.none() | PROFILES, PROFILES), max_size=8))
    memo: Memo = {}
    for old, new in pairs:
        assert driver.diff(old, new, memo=memo) == driver.diff(old, new)


def test_a_thousand_sessions_with_timeouts_of_their_own_are_compared_once() -> None:
    memo: Memo = {}
    for seconds in range(82_000, 82_100):
        full = replace(FULL, session_timeout_s=seconds)
        change = SHIPPED["mikrotik"].diff(full, GUEST, memo=memo)
        assert told(change) == [
            ["Mikrotik-Address-List := geobill-guest"],
            ["Mikrotik-Rate-Limit := 1M/1M"],
            ["Session-Timeout := 300"],
        ]
        assert told(SHIPPED["mikrotik"].diff(GUEST, full, memo=memo)) == [
            ["Mikrotik-Rate-Limit := 50M/300M"],
            [f"Session-Timeout := {seconds}"],
            ["Mikrotik-Address-List := geobill-open"],
        ]
    assert len(memo) == 2


@pytest.mark.django_db
def test_all_shipped_forms_have_only_known_places_and_an_unknown_code_is_generic() -> None:
    for driver in SHIPPED.values():
        for template in (*driver.accept_templates, *driver.coa_set, *driver.coa_clear):
            assert set(template.places) <= PROFILE_PLACES | {"service"}, template
    assert driver_of("never heard of") is SHIPPED["generic"]


def test_a_profile_comes_back_from_storage_as_it_was() -> None:
    burst = Burst(1, 2, 3, 4, 5)
    rich = replace(FULL, burst=burst, services=("a", "b"), class_text="")
    assert AccessProfile.from_json({**rich.as_json(), "of_tomorrow": 1}) == rich
    assert rich.mark() == replace(rich, class_text="s:1:x", interim_s=60).mark()
    assert rich.mark() != replace(rich, speed_up_bit_s=1).mark()


PREFIXES = {"framed_ipv6_prefix": "2001:db8:0:7::/64", "delegated_ipv6_prefix": "2001:db8:7::/56"}
WALLS_IPV6 = {"cisco_isg", "juniper_mx", "nokia_sr"}


@pytest.mark.parametrize("code", SHIPPED)
def test_ipv6_stays_behind_a_wall_that_stops_it_and_goes_elsewhere(code: str) -> None:
    driver = SHIPPED[code]
    full, guest = replace(FULL, **PREFIXES), replace(GUEST, **PREFIXES)
    stays = {one.name for one in driver.accept(guest)} >= {
        "Framed-IPv6-Prefix",
        "Delegated-IPv6-Prefix",
    }
    assert stays is (code in WALLS_IPV6)
    if stays:
        assert driver.diff(full, guest) == driver.diff(FULL, GUEST)
        assert driver.diff(guest, full) == driver.diff(GUEST, FULL)
    else:
        assert driver.accept(guest) == driver.accept(GUEST)
        assert driver.diff(full, guest).kind is ChangeKind.DISCONNECT
        assert driver.diff(guest, full).kind is ChangeKind.DISCONNECT
        assert driver.diff(guest, GUEST).kind is ChangeKind.NOTHING
