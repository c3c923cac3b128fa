"""What is wrong with something that was sent in, and where.

Law: every fault is found in one reading, and a message never repeats what the sender wrote: faults
go into logs, and what they are about may be personal.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.errors import Reportable

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_LONGEST_KEY = 64
_WHOLE = "_schema"  # what marshmallow calls an object as a whole


class OfKey(str):
    """A message about a key of an object, which may have the name that marshmallow has for it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: the path of the value (empty for the whole) and what is wrong with it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ApplicationFaults(Reportable, ValueError):
    """An application cannot be read; ``faults`` holds each fault with its path."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


def below(path: str, key: str | int) -> str:
    """The path of a member: ``qualifications[1]`` or ``applicant.email``.

    A key that is no plain name is quoted with escapes, so that a path can always be printed.
    """
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _PLAIN.fullmatch(key):
        return f"{path}[{json.dumps(key[:_LONGEST_KEY])}]"
    return f"{path}.{key}" if path else key


def faults_in(messages: object, path: str = "") -> Iterator[Fault]:
    """The faults in a tree of messages as marshmallow makes it, in its order."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            # Messages about an object as a whole stand under this name.
            if key == _WHOLE:
                yield from _of_whole(inner, path)
            else:
                yield from faults_in(inner, below(path, key))
    elif isinstance(messages, list):
        for each in messages:
            yield from faults_in(each, path)
    else:
        yield Fault(path=path, message=str(messages))


def _of_whole(messages: object, path: str) -> Iterator[Fault]:
    for each in messages if isinstance(messages, list) else [messages]:
        yield from faults_in(each, below(path, _WHOLE) if isinstance(each, OfKey) else path)
