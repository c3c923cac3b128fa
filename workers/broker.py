"""How workers and beat outlive the loss of their broker, and are soon back when it is.

A task that ends after the connection was closed is acknowledged on a channel that has none any
more. The transport stumbles over that with an AttributeError, which nobody takes for a lost
connection, and the whole worker ends. Said as what it is, it is logged, and the task is handed
out again after its visibility timeout; doing it twice does no harm.
"""

from typing import Any, Final

from celery.app.amqp import AMQP
from kombu import Connection
from kombu import transport as transports
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as transport
from redis.exceptions import ConnectionError as ConnectionLost

LONGEST_WAIT_SECONDS: Final = 5
"""How long at most a broker that went away is left alone before it is asked for again."""


class Link(Connection):
    """A connection that is sought every few seconds, however long that takes."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Return itself once there is a broker; Celery's own waits grow to half a minute."""
        waits = {"interval_start": 1, "interval_step": 1, "interval_max": LONGEST_WAIT_SECONDS}
        return super().ensure_connection(*args, **{**waits, **kwargs})


class Links(AMQP):
    """What Celery connects by."""

    Connection = Link


class Channel(transport.Channel):
    """A channel that says so when its connection was closed."""

    def _connparams(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's own signature
        if getattr(self.connection, "client", None) is None:
            raise ConnectionLost("the connection of this channel was closed")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]  # kombu's stubs leave it out


class Transport(transport.Transport):
    """The Redis transport with such channels."""

    Channel = Channel


def outlive_redis() -> None:
    """Connections of this process to Redis are made by this transport from now on."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{Transport.__qualname__}"
        # It keeps what it once found, and a connection may have been made before.
        vars(transports)["_transport_cache"].pop(scheme, None)
