"""Demo data of provisioning."""

import ipaddress
import itertools

import pytest

from network import demo, queries
from network.models import IpPool, Nas, RadiusDecision
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db


def test_loading_twice_makes_one_bras_and_pools_that_do_not_overlap() -> None:
    zones = [services.zone() for _ in range(20)]
    units = [services.locality() for _ in range(10)]
    for _ in range(2):
        demo.load(at=AT, zones=zones, admin_units=units)
    assert (Nas.objects.count(), IpPool.objects.count()) == (1, 34)
    ranges = sorted(
        (ipaddress.IPv4Address(pool.first), ipaddress.IPv4Address(pool.last))
        for pool in IpPool.objects.filter(kind="IPV4")
    )
    assert len(ranges) == 32
    for (_, last), (first, _) in itertools.pairwise(ranges):
        assert last < first


def test_a_demo_service_gets_an_address_of_its_zone_and_the_bras_is_known() -> None:
    zone = services.zone()
    demo.load(at=AT, zones=[zone])
    sold = services.service(of_zone=zone)
    assert RadiusDecision.objects.get(subscription=sold).framed_ip == "10.64.0.2"
    assert queries.radius_client(address="127.0.0.1") is not None
