"""What in a queue is a message: the parts, each of its kind, without which Celery would end."""

from typing import Any, Literal

import msgspec


class _Where(msgspec.Struct):
    exchange: str
    routing_key: str


class _Properties(msgspec.Struct):
    delivery_tag: str
    delivery_info: _Where
    body_encoding: Literal["base64"]
    priority: int | None = None
    correlation_id: str | None = None
    reply_to: str | None = None


class _Message(msgspec.Struct, rename="kebab"):
    body: bytes
    properties: _Properties
    headers: dict[str, Any]
    content_type: Literal["application/json"]
    content_encoding: Literal["utf-8"]


class _Task(msgspec.Struct):
    id: str
    task: str
    shadow: str | None = None
    eta: str | None = None
    expires: str | None = None
    timelimit: tuple[float | None, float | None] | None = None
    retries: int | None = None
    root_id: str | None = None
    parent_id: str | None = None
    group: str | None = None
    argsrepr: str | None = None
    kwargsrepr: str | None = None
    stamped_headers: list[str] | None = None
    stamps: dict[str, Any] | None = None
    compression: None = None


_Call = tuple[list[Any], dict[str, Any], dict[str, Any]]


def is_task(content: bytes) -> bool:
    """True for a message that calls a task, whether there is such a task or not."""
    try:
        message = msgspec.json.decode(content, type=_Message)
        msgspec.convert(message.headers, type=_Task)
        msgspec.json.decode(message.body, type=_Call)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return False
    return True


def is_handed_out(content: bytes) -> bool:
    """True for a message kept until it is acknowledged, with where it goes back to if it is not."""
    try:
        msgspec.json.decode(content, type=tuple[_Message, str, str])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return False
    return True


def is_question(content: bytes) -> bool:
    """True for a message to all workers."""
    try:
        message = msgspec.json.decode(content, type=_Message)
        msgspec.json.decode(message.body, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return False
    return "compression" not in message.headers
