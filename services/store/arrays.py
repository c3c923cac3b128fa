"""Values that are sent to PostgreSQL ready made, in the binary format of its wire protocol.

The driver's own lists are looked through and converted member by member, which costs more than
all else that an append does in Python.
"""

import struct
from collections.abc import Iterable
from typing import Any, ClassVar, Final

import psycopg
from psycopg import pq
from psycopg.adapt import Dumper

_HEADER: Final = struct.Struct("!iiIii")
_INTEGER: Final = struct.Struct("!ii")
_ARRAY_WITHOUT_NULLS: Final = (1, 0)  # one dimension, no null bitmap
_FIRST: Final = 1  # PostgreSQL counts the members of an array from 1


class Document(bytes):
    """One JSON text."""

    __slots__ = ()


class Documents(tuple[bytes, ...]):
    """JSON texts, as one `json[]`."""

    __slots__ = ()


class Keys(tuple[bytes, ...]):
    """Bytes, as one `bytea[]`."""

    __slots__ = ()


class Texts(tuple[str, ...]):
    """Texts, as one `text[]`."""

    __slots__ = ()


class Integers(tuple[int, ...]):
    """Integers of four bytes, as one `integer[]`."""

    __slots__ = ()


class _Binary(Dumper):
    """What every type here has in common; `member` is the type of an array's members."""

    format = pq.Format.BINARY
    member: ClassVar[int]

    def dump(self, obj: Any) -> bytes:
        """The array as the server reads it."""
        return _array(self.member, obj)


# The numbers are the types' fixed places in PostgreSQL's own catalogue.
class _DocumentDumper(_Binary):
    oid = 114

    def dump(self, obj: Document) -> bytes:
        """The text itself."""
        return obj


class _DocumentsDumper(_Binary):
    oid, member = 199, 114


class _KeysDumper(_Binary):
    oid, member = 1001, 17


class _TextsDumper(_Binary):
    oid, member = 1009, 25

    def dump(self, obj: Texts) -> bytes:
        """The array as the server reads it."""
        return _array(self.member, [text.encode() for text in obj])


class _IntegersDumper(_Binary):
    oid, member = 1007, 23

    def dump(self, obj: Integers) -> bytes:
        """The array as the server reads it."""
        header = _HEADER.pack(*_ARRAY_WITHOUT_NULLS, self.member, len(obj), _FIRST)
        return header + b"".join([_INTEGER.pack(4, each) for each in obj])


def register(connection: psycopg.Connection) -> None:
    """The connection takes every type of this module as a parameter."""
    for kind, dumper in (
        (Document, _DocumentDumper),
        (Documents, _DocumentsDumper),
        (Keys, _KeysDumper),
        (Texts, _TextsDumper),
        (Integers, _IntegersDumper),
    ):
        connection.adapters.register_dumper(kind, dumper)


def _array(member: int, values: Iterable[bytes]) -> bytes:
    parts: list[bytes] = []
    for value in values:
        parts += (len(value).to_bytes(4, "big"), value)
    count = len(parts) // 2
    return _HEADER.pack(*_ARRAY_WITHOUT_NULLS, member, count, _FIRST) + b"".join(parts)
