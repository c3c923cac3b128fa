"""A JSON document from bytes, with what JSON readers usually let pass named as faults.

Law: nothing is lost silently: a key that stands twice, a number that is none, a nesting without
end are faults with their paths, beside whatever the schema finds. Nobody has to sign in to have one
read, so one with more in it than any application has is looked at no further.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from services.intake.faults import Fault, below

DEEPEST = 32
MOST_VALUES = 2_000
"""Objects, lists, texts and numbers of a document, each inside another; a long application has 500.

An object that lacks all that is required costs a schema a fault for each key, and a tenth of a
millisecond for each fault.
"""
_LONGEST_NUMBER = 24


class _Object(dict[str, Any]):
    """An object that remembers which of its keys stood more than once."""

    twice: tuple[str, ...] = ()


class _Unreadable:
    """Stands where a number was that cannot be one; no schema field takes it."""


def parse_document(data: bytes) -> tuple[object, tuple[Fault, ...]]:
    """The parsed document with faults of its text.

    None with one fault where it is not JSON, or holds more than `MOST_VALUES`.
    """
    try:
        text = data.decode("utf-8-sig")
        document = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_whole,
            parse_constant=lambda _: _Unreadable(),
        )
    except UnicodeDecodeError as error:
        return None, (_fault(f"is not UTF-8: byte {error.start + 1} cannot be read"),)
    except json.JSONDecodeError as error:
        if not text.strip():
            return None, (_fault("is empty; one JSON object is needed"),)
        where = f"line {error.lineno}, column {error.colno}"
        return None, (_fault(f"is not JSON: {error.msg} at {where}"),)
    except RecursionError:
        return None, (_fault(f"is nested more than {DEEPEST} levels deep"),)
    if fault := _unusable(document):
        return None, (fault,)
    return document, tuple(_walk(document))


def _fault(message: str) -> Fault:
    return Fault(path="", message=message)


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        count = Counter(key for key, _ in pairs)
        made.twice = tuple(key for key in made if count[key] > 1)
    return made


def _whole(digits: str) -> object:
    # Python refuses very long ones with an error that has no place in the document.
    return int(digits) if len(digits) <= _LONGEST_NUMBER else _Unreadable()


def _unusable(document: object) -> Fault | None:
    """What keeps a document from being looked at further, None for most."""
    if not isinstance(document, _Object):
        return _fault("must be a JSON object")
    waiting: list[object] = [document]
    seen = 0
    while waiting:
        inside = _inside(waiting.pop())
        seen += len(inside)
        if seen > MOST_VALUES:
            return _fault(f"holds more than {MOST_VALUES:,} values")
        waiting.extend(inside)
    return None


def _inside(value: object) -> Collection[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def _walk(document: object) -> Iterator[Fault]:
    """Faults that no schema sees, each level of nesting once and without recursion."""
    waiting: list[tuple[str, object, int]] = [("", document, 1)]
    while waiting:
        path, value, depth = waiting.pop()
        if depth > DEEPEST:
            yield Fault(path=path, message=f"is nested more than {DEEPEST} levels deep")
            continue
        if isinstance(value, _Object):
            yield from (
                Fault(path=below(path, key), message="stands more than once in its object")
                for key in value.twice
            )
        inside = [(at, inner, depth + 1) for at, inner in _members(path, value)]
        waiting.extend(reversed(inside))


def _members(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((below(path, key), inner) for key, inner in value.items())
    elif isinstance(value, list):
        yield from ((below(path, number), inner) for number, inner in enumerate(value))
