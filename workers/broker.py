"""How workers and beat outlive the loss of their broker, and what it holds that is no message.

A task that ends after the connection was closed is acknowledged on a channel that has none any
more. The transport stumbles over that with an AttributeError, which nobody takes for a lost
connection, and the whole worker ends. Said as what it is, it is logged, and the task is handed
out again after its visibility timeout; doing it twice does no harm.

Whatever stands in a queue and is not as Celery writes its messages would end the whole worker,
once for each. It is dropped, and the log says so: no poke is more than a hint.
"""

from typing import Any, Final

import structlog
from celery.app.amqp import AMQP
from kombu import Connection
from kombu import transport as transports
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as transport
from redis import Redis
from redis.exceptions import ConnectionError as ConnectionLost

from services.tasks import QUEUES
from workers.messages import is_handed_out, is_question, is_task

LONGEST_WAIT_SECONDS: Final = 5
"""How long at most a broker that went away is left alone before it is asked for again."""

_SAID: Final = (b"message", b"pmessage")

_log: Final = structlog.get_logger(__name__)


class Link(Connection):
    """A connection that is sought every few seconds, however long that takes."""

    def ensure_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Return itself once there is a broker; Celery's own waits grow to half a minute."""
        waits = {"interval_start": 1, "interval_step": 1, "interval_max": LONGEST_WAIT_SECONDS}
        return super().ensure_connection(*args, **{**waits, **kwargs})


class Links(AMQP):
    """What Celery connects by."""

    Connection = Link


class Client(Redis):
    """A client that hands on from queues what is a message, and drops what is none."""

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        """Return the answer; as if nothing had come where it was dropped."""
        answer = super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call]  # it has no types
        if command_name == "BRPOP" and answer and _is_ours(answer[0]) and not is_task(answer[1]):
            _tell(*answer)
            return None
        return answer


class Deliveries(transport.QoS):
    """What was handed out: what is no message is not handed out again, and dropped."""

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:  # noqa: FBT001, FBT002 - kombu's own signature
        """The message waits in its queue again, or is dropped."""
        channel: Any = self.channel  # it is typed as less than it is
        with channel.conn_or_acquire(client) as asked:
            held = asked.hget(self.unacked_key, tag)
        if held is None or is_handed_out(held):
            super().restore_by_tag(tag, client, leftmost)
            return
        _tell(self.unacked_key.encode(), held)
        self._remove_from_indices(tag).execute()  # type: ignore[attr-defined]  # kombu's stubs leave it out


class Channel(transport.Channel):
    """A channel that says so when its connection was closed, and drops what is no message."""

    QoS = Deliveries

    def _connparams(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - kombu's own signature
        if getattr(self.connection, "client", None) is None:
            raise ConnectionLost("the connection of this channel was closed")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]  # kombu's stubs leave it out

    def _get_client(self) -> Any:
        return Client

    def _handle_message(self, client: Any, r: Any) -> Any:
        """Return what was said to all workers; without it where it was dropped."""
        said = super()._handle_message(client, r)  # type: ignore[misc]  # kombu's stubs leave it out
        if said["type"] in _SAID and not is_question(said["data"]):
            _tell(said["channel"], said["data"])
            said["data"] = None
        return said


def _is_ours(queue: bytes) -> bool:
    """Say whether tasks are put there: from others come the answers to questions to workers."""
    return queue.split(transport.Channel.sep.encode())[0].decode(errors="replace") in QUEUES


def _tell(queue: bytes, content: bytes) -> None:
    """The log has where it stood and how long it was, and nothing of what it may quote."""
    where = queue.decode(errors="replace")
    _log.error("dropped_what_is_no_message", queue=where, length=len(content))


class Transport(transport.Transport):
    """The Redis transport with such channels."""

    Channel = Channel


def outlive_redis() -> None:
    """Connections of this process to Redis are made by this transport from now on."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{Transport.__qualname__}"
        # It keeps what it once found, and a connection may have been made before.
        vars(transports)["_transport_cache"].pop(scheme, None)
