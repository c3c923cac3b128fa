"""What the annotations of an event say: as a description, as an example, as a strategy."""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

_SCALARS: dict[type, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "boolean",
    date: "date",
    datetime: "instant",
}
_EXAMPLES: dict[type, Any] = {
    str: "text 文字",
    int: 7,
    float: 62.5,
    bool: True,
    date: date(2019, 5, 1),
    datetime: datetime(2019, 5, 1, 9, 30, tzinfo=UTC),
}
_WHOLE = st.integers(min_value=-(2**53), max_value=2**53)
# NUL and lone surrogates are refused at every edge and by the codec itself.
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
_STRATEGIES: dict[type, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: _WHOLE,
    float: st.floats(allow_nan=False, allow_infinity=False) | _WHOLE.map(float),
    bool: st.booleans(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What each kind of type is turned into."""

    scalar: Callable[[type], Any]
    choice: Callable[[Any], Any]
    optional: Callable[[Any], Any]
    several: Callable[[Any], Any]
    mapping: Callable[[Any, Any], Any]
    either: Callable[[list[Any]], Any]
    record: Callable[[Any, dict[str, Any]], Any]


_DESCRIBED = _Reading(
    scalar=lambda each: _SCALARS[each],
    choice=lambda each: {"one of": [member.value for member in each]},
    optional=lambda inner: {"optional": inner},
    several=lambda inner: {"list of": inner},
    mapping=lambda name, inner: {"by": name, "each": inner},
    either=lambda inner: {"either": inner},
    record=lambda each, members: {
        field.name: {"default": repr(field.default), "is": members[field.name]}
        if field.default is not MISSING
        else members[field.name]
        for field in fields(each)
    },
)
_EXAMPLE = _Reading(
    scalar=lambda each: _EXAMPLES[each],
    choice=lambda each: next(iter(each)),
    optional=lambda inner: inner,
    several=lambda inner: (inner,),
    mapping=lambda name, inner: {name: inner},
    either=lambda inner: inner[0],
    record=lambda each, members: each(**members),
)
_VALUES = _Reading(
    scalar=lambda each: _STRATEGIES[each],
    choice=lambda each: st.sampled_from(list(each)),
    optional=lambda inner: st.none() | inner,
    several=lambda inner: st.lists(inner, max_size=3).map(tuple),
    mapping=lambda name, inner: st.dictionaries(name, inner, max_size=3),
    either=st.one_of,
    record=lambda each, members: st.builds(each, **members),
)


def described(shape: Any) -> Any:
    """The shape as plain JSON: what a stored payload of this type looks like."""
    return _read(shape, _DESCRIBED)


def example(shape: Any) -> Any:
    """One value of the type with everything in it that can be."""
    return _read(shape, _EXAMPLE)


def values(shape: Any) -> st.SearchStrategy[Any]:
    """Any value of the type."""
    return _read(shape, _VALUES)


def _union(arguments: tuple[Any, ...], reading: _Reading) -> Any:
    inner = [_read(each, reading) for each in arguments if each is not types.NoneType]
    known = inner[0] if len(inner) == 1 else reading.either(inner)
    return reading.optional(known) if types.NoneType in arguments else known


def _read(shape: Any, reading: _Reading) -> Any:
    """Fold a type by its annotations; a type that nobody thought of is an error."""
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is Annotated:
        return _read(arguments[0], reading)
    if origin in (Union, types.UnionType):
        return _union(arguments, reading)
    if origin in (tuple, Mapping):
        several = reading.mapping if origin is Mapping else reading.several
        return several(*(_read(each, reading) for each in arguments if each is not ...))
    if is_dataclass(shape):
        hints = get_type_hints(shape, include_extras=True)
        members = {field.name: _read(hints[field.name], reading) for field in fields(shape)}
        return reading.record(shape, members)
    if isinstance(shape, type) and issubclass(shape, Enum):
        return reading.choice(shape)
    return reading.scalar(shape)
