"""What FreeRADIUS' cache must not let in, told to Redis."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError

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
        members: set[bytes] = set(redis.client.smembers(closed.KEY))
        assert b"0" in members, "else FreeRADIUS knows that it was not told"
        return members - {b"0"}

    assert told() == set(), "it knows that nobody is blocked"
    made = services.block(owner)
    services.block(other)
    assert told() == {str(owner.id).encode(), str(other.id).encode()}
    redis.client.flushall()
    assert len(told()) == 2, "a Redis that forgot is told anew"
    services.unblock(made)
    assert told() == {str(other.id).encode()}


def test_a_redis_that_came_back_with_an_older_set_is_told_anew(redis: RedisServer) -> None:
    """As many were blocked then, but others: it is known by having been started anew."""
    keeper = closed.Keeper(client=redis.client)
    first, second = services.service(), services.service()
    made = services.block(first)
    keeper.step()
    older = redis.client.dump(closed.KEY)
    services.unblock(made)
    services.block(second)
    keeper.step()
    redis.client.restore(closed.KEY, 0, older, replace=True)
    redis.kill()
    redis.start()
    keeper.step()
    assert redis.client.smembers(closed.KEY) == {b"0", str(second.id).encode()}


def test_a_set_of_another_size_is_told_anew(redis: RedisServer) -> None:
    keeper = closed.Keeper(client=redis.client)
    keeper.step()
    redis.client.srem(closed.KEY, closed.MARKER)
    keeper.step()
    services.block(owner := services.service())
    keeper.step()
    redis.client.srem(closed.KEY, owner.id)
    keeper.step()
    assert redis.client.smembers(closed.KEY) == {b"0", str(owner.id).encode()}


def test_without_the_database_a_redis_that_forgot_is_told_what_was_read_last(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = closed.Keeper(client=redis.client)
    services.block(owner := services.service())
    keeper.step()
    redis.client.flushall()

    class Away:
        def cursor(self) -> None:
            raise OperationalError

    monkeypatch.setattr(closed, "connection", Away())
    with pytest.raises(OperationalError):
        keeper.step()
    assert redis.client.smembers(closed.KEY) == {b"0", str(owner.id).encode()}
