"""Demo data of provisioning."""

import ipaddress

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
    assert (Nas.objects.count(), IpPool.objects.count()) == (1, 31)
    networks = [ipaddress.ip_network(pool.network) for pool in IpPool.objects.all()]
    for number, one in enumerate(networks):
        assert not any(one.overlaps(other) for other in networks[number + 1 :])
    for pool in IpPool.objects.all():
        network = ipaddress.ip_network(pool.network)
        assert ipaddress.ip_address(pool.first_address) in network
        assert ipaddress.ip_address(pool.last_address) in network


def test_a_demo_service_gets_an_address_of_its_zone_and_the_bras_is_known() -> None:
    zone = services.zone()
    demo.load(at=AT, zones=[zone])
    sold = services.service(of_zone=zone)
    assert RadiusDecision.objects.get(subscription=sold).framed_ip == "10.64.0.2"
    assert queries.radius_client(address="127.0.0.1") is not None
