"""The loss of the broker, as the transport tells it, and what it holds that is no message."""

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from kombu import Connection, Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES, _transport_cache
from kombu.transport.redis import Transport as Plain
from redis import Redis

from services.queues import look
from services.stack.redis import RedisServer
from services.tasks import QUEUES
from tests.conftest import TestDatabase
from tests.integration.working import PROJECT, Workplace, environment, workplace
from workers.broker import Transport, outlive_redis
from workers.messages import is_question, is_task

_NAME: Final = "Laurent, Emma"
_MESSAGE: Final[dict[str, Any]] = {
    "body": b64encode(b"[[],{},{}]").decode(),
    "content-encoding": "utf-8",
    "content-type": "application/json",
    "headers": {"task": "store.sequence", "id": "1", "timelimit": [None, None]},
    "properties": {
        "delivery_info": {"exchange": "store", "routing_key": "store"},
        "body_encoding": "base64",
        "delivery_tag": "1",
    },
}
# The first five are what ended a worker at once.
_NO_MESSAGES: Final = (
    *(b"garbage", b'{"body":"x"}', b"[1]", b"null", b"\xff\xfe"),
    *(b"", b"{}", b'"x"', b"[" * 100_000, b"1" * 10_000),
    json.dumps(_NAME).encode(),
)


def _other(value: object, *path: str) -> bytes:
    """Return a message that has another value there."""
    made = at = deepcopy(_MESSAGE)
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return json.dumps(made).encode()


@pytest.fixture(autouse=True)
def _as_at_first(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever else runs in this process has the transport that it had before."""
    schemes = ("redis", "rediss")
    for scheme in schemes:
        monkeypatch.setitem(TRANSPORT_ALIASES, scheme, f"kombu.transport.redis:{Plain.__name__}")
        _transport_cache.pop(scheme, None)
    yield
    for scheme in schemes:
        _transport_cache.pop(scheme, None)


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


def test_what_is_as_celery_writes_it_is_a_message() -> None:
    assert is_task(json.dumps(_MESSAGE).encode())
    assert is_question(_other(b64encode(b'{"method":"ping"}').decode(), "body"))


@pytest.mark.parametrize(
    "path",
    [
        *(("body",), ("headers",), ("properties",), ("content-type",), ("content-encoding",)),
        *(("properties", name) for name in ("delivery_info", "delivery_tag", "body_encoding")),
        *(("properties", "delivery_info", name) for name in ("exchange", "routing_key")),
        *(("headers", name) for name in ("id", "task")),
    ],
    ids=".".join,
)
def test_what_lacks_a_part_of_its_kind_is_none(path: tuple[str, ...]) -> None:
    for value in (None, 1, [], [1], {}, "\udc80", True):
        assert not is_task(_other(value, *path)), value
        assert not is_question(_other(value, *path)), value


@pytest.mark.parametrize("body", [b"", b"x", b"\xff", b"[]", b"[{},[],{}]", b"[[],[],[]]", b"null"])
def test_what_calls_nothing_is_none(body: bytes) -> None:
    assert not is_task(_other(b64encode(body).decode(), "body"))
    assert not is_question(_other(b64encode(body).decode(), "body"))


@pytest.fixture
def place(tmp_path: Path, database: TestDatabase) -> Iterator[Workplace]:
    with workplace(tmp_path / "home", database.app_url) as made:
        yield made


def test_what_is_no_message_is_dropped_and_the_worker_goes_on(place: Workplace) -> None:
    redis = Redis.from_url(place.redis.url)
    said = "/0.celery.pidbox"  # where all workers listen
    worker = place.hire(beat=False)
    place.until(lambda: redis.pubsub_numpat() > 0)
    strange = _other([1], "headers", "stamped_headers"), _other("+", "body")
    for queue, content in product(QUEUES, (*_NO_MESSAGES, *strange)):
        redis.lpush(queue, content)
    for content in (*_NO_MESSAGES, *strange):
        redis.publish(said, content)
    place.until(lambda: not any(redis.llen(queue) for queue in QUEUES))
    redis.lpush("store", json.dumps(_MESSAGE))
    place.until(lambda: any(each.turns for each in look(redis)))
    redis.close()
    assert worker.stop() == 0
    log = worker.log.read_text(encoding="utf-8")
    told = [json.loads(line) for line in log.splitlines() if "dropped_what_is_no_message" in line]
    assert {(each["queue"], each["length"]) for each in told} >= {
        *product(QUEUES, map(len, _NO_MESSAGES)),
        (said, len(_NO_MESSAGES[0])),
    }
    assert not any(text in log for text in (_NAME, "garbage", "Unrecoverable"))


def test_a_worker_answers_who_asks_by_the_transport_that_drops(place: Workplace) -> None:
    redis = Redis.from_url(place.redis.url)
    place.hire(beat=False)
    place.until(lambda: redis.pubsub_numpat() > 0)
    redis.close()
    # As the health of a worker's container is asked for.
    asked = subprocess.run(
        [
            *(sys.executable, "-m", "celery", "--app", "workers.app", "inspect", "ping"),
            *("--destination", "celery@worker-0", "--timeout", "30"),
        ],
        cwd=PROJECT,
        env=environment(place.folder, place.database_url, place.broker_url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (asked.returncode, "pong" in asked.stdout) == (0, True), asked.stdout + asked.stderr
    assert "dropped" not in asked.stdout + asked.stderr


def test_what_was_never_handed_out_is_not_handed_out_again(redis_server: RedisServer) -> None:
    outlive_redis()
    redis = Redis.from_url(redis_server.url)
    good = json.dumps([_MESSAGE, "broken", "broken"]).encode()
    with Connection(redis_server.broker_url) as connection:
        channel: Any = connection.channel()
        Queue("broken", Exchange("broken"), routing_key="broken")(channel).declare()
        for number, content in enumerate((*_NO_MESSAGES[:5], good)):
            redis.hset("unacked", f"broken-{number}", content)
            redis.zadd("unacked_index", {f"broken-{number}": 1})
            channel.qos.restore_by_tag(f"broken-{number}")
        assert (redis.hlen("unacked"), redis.zcard("unacked_index")) == (0, 0)
        (again,) = redis.lrange("broken", 0, -1)
        assert is_task(again)
        redis.delete("broken", "_kombu.binding.broken")
    redis.close()


def test_what_is_no_message_hides_no_figure_of_its_queue(redis_server: RedisServer) -> None:
    redis = Redis.from_url(redis_server.url)
    for content in (*_NO_MESSAGES, _other("x", "headers", "poke"), _other([], "headers", "poke")):
        redis.rpush("mail", content)
        (mail,) = [each for each in look(redis) if each.name == "mail"]
        assert mail.oldest_at is None
        redis.delete("mail")
    redis.close()
