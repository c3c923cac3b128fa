"""The loss of the broker, as the transport tells it."""

import pytest
from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES, _transport_cache
from kombu.transport.redis import Transport as Plain

from services.stack.redis import RedisServer
from workers.broker import Transport, outlive_redis


@pytest.fixture(autouse=True)
def _as_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("redis", "rediss"):
        monkeypatch.setitem(TRANSPORT_ALIASES, scheme, f"kombu.transport.redis:{Plain.__name__}")
        monkeypatch.delitem(_transport_cache, scheme, raising=False)


def test_a_channel_whose_connection_was_closed_tells_of_a_lost_connection(
    redis_server: RedisServer,
) -> None:
    # One that was made before does not keep the transport that it was made by.
    assert not isinstance(Connection(redis_server.broker_url).transport, Transport)
    outlive_redis()
    connection = Connection(redis_server.broker_url)
    channel = connection.channel()
    lost = connection.connection_errors
    connection.release()
    with pytest.raises(lost, match="was closed"):
        channel.basic_ack("tag of a task that ended too late")
