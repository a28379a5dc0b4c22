"""What FreeRADIUS' cache must not let in, told to Redis."""

from collections.abc import Iterator

import pytest

from network import closed
from tests.support import services
from tests.support.redis_server import RedisServer, redis_to_break

pytestmark = pytest.mark.django_db


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_to_break() as one:
        yield one


def test_redis_is_told_who_has_no_full_access_and_who_has_it_again(redis: RedisServer) -> None:
    keeper = closed.Keeper(client=redis.client)
    owner, other = services.service(), services.service()

    def told() -> set[bytes]:
        keeper.step()
        return set(redis.client.smembers(closed.KEY))

    assert told() == set()
    made = services.block(owner)
    services.block(other)
    assert told() == {str(owner.id).encode(), str(other.id).encode()}
    redis.client.flushall()
    assert len(told()) == 2, "a Redis that forgot is told anew"
    services.unblock(made)
    assert told() == {str(other.id).encode()}
