"""The loss of the broker, as the transport tells it."""

import pytest
from kombu import Connection
from kombu.transport import TRANSPORT_ALIASES

from services.stack.redis import RedisServer
from workers.broker import outlive_redis


@pytest.fixture(autouse=True)
def _aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("redis", "rediss"):
        monkeypatch.setitem(TRANSPORT_ALIASES, scheme, TRANSPORT_ALIASES[scheme])


def test_a_channel_whose_connection_was_closed_tells_of_a_lost_connection(
    redis_server: RedisServer,
) -> None:
    outlive_redis()
    connection = Connection(redis_server.broker_url)
    channel = connection.channel()
    lost = connection.connection_errors
    connection.release()
    with pytest.raises(lost, match="was closed"):
        channel.basic_ack("tag of a task that ended too late")
