"""Bodies and query strings read strictly through marshmallow, with every fault at once."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Final, cast

import flask
from marshmallow import Schema, ValidationError, validate
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from domain.application import Correspondence
from domain.days import last_instant
from services.api.faults import InvalidRequest, MalformedJson, TypeUnsupported
from services.intake.document import parse_document
from services.intake.faults import Fault, OfKey, faults_in
from services.intake.fields import Instant, Text, Whole, Word, day_or_none, instant_or_none

JSON: Final = "application/json"
MESSAGES: Final[dict[str, str]] = {"unknown": OfKey("is not a parameter of this address")}

_OFFSET: Final = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)")
_WHOLE: Final = re.compile(r"-?[0-9]{1,18}")

Check = Callable[[object], Iterable[Fault]]
"""Finds what no schema sees in a document."""


class StrictParser(FlaskParser):
    """Stands in for webargs' own reading, which lets repeated keys and NaN pass."""

    def parse(
        self,
        argmap: Any,
        req: Any = None,  # noqa: ARG002 - webargs hands over the request that Flask has anyway
        *,
        location: str | None = None,
        **rest: Any,
    ) -> Any:
        """What the request holds, or `InvalidRequest`; `validate` finds further faults."""
        schema: Schema = argmap() if isinstance(argmap, type) else argmap
        given, found = body() if location == "json" else (query(), ())
        return load(schema, given, found, rest.get("validate"))


def load(
    schema: Schema, given: object, found: Iterable[Fault] = (), check: Check | None = None
) -> Any:
    """What `schema` makes of `given`, or `InvalidRequest` with these faults and all others."""
    faults = list(found)
    loaded = None
    try:
        loaded = schema.load(cast("Mapping[str, Any]", given))
    except ValidationError as refused:
        faults.extend(faults_in(refused.messages))
    if check is not None:
        faults.extend(check(given))
    if faults:
        raise InvalidRequest(tuple(faults))
    return loaded


def body() -> tuple[object, tuple[Fault, ...]]:
    """The JSON object in the body with the faults of its text; an empty body is an empty object."""
    data = flask.request.get_data()
    if not data:
        return {}, ()
    # Werkzeug refuses a length that is too large, but cuts off a body that came without one.
    if flask.request.content_length is None and len(data) >= (
        flask.request.max_content_length or 0
    ):
        raise RequestEntityTooLarge
    if flask.request.mimetype != JSON:
        raise TypeUnsupported(f"send {JSON}, not {flask.request.mimetype or 'an unnamed type'}")
    document, faults = parse_document(data)
    if document is None:
        raise MalformedJson(f"the body {faults[0].message}")
    return document, faults


def query() -> Mapping[str, str]:
    """The query string; a parameter that stands twice is a fault."""
    given = flask.request.args
    twice = tuple(
        Fault(path=name, message="is given more than once")
        for name, values in given.lists()
        if len(values) > 1
    )
    if twice:
        raise InvalidRequest(twice)
    return given.to_dict()


class LenientInstant(Instant):
    """An instant in a query string, where an unescaped + has become a space."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        text = _OFFSET.sub("+", value) if isinstance(value, str) else value
        instant: datetime = super()._deserialize(text, attr, data, **kwargs)
        return instant


class Moment(Text):
    """A moment to look back at, in a query string: an instant, or a day, which means its end."""

    SAYS: ClassVar = (
        "A date and time with an offset, such as 2019-05-01T09:30:00+08:00, or a day, such as "
        "2019-05-01, which stands for its last microsecond in Hong Kong."
    )

    def __init__(self, told: str) -> None:
        super().__init__(metadata={"description": f"{told} {self.SAYS}"})

    def checked(self, value: Any) -> Any:
        """The instant."""
        text = _OFFSET.sub("+", super().checked(value))
        day = day_or_none(text)
        instant = instant_or_none(text) if day is None else last_instant(day)
        if instant is None:
            raise ValidationError(
                "must be a day such as 2019-05-01, or a date and time with an offset such as "
                "2019-05-01T09:30:00+08:00"
            )
        return instant


class LenientWhole(Whole):
    """A whole number in a query string, where everything is text."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        whole = isinstance(value, str) and _WHOLE.fullmatch(value)
        number: int = super()._deserialize(int(value) if whole else value, attr, data, **kwargs)
        return number


def short(most: int = 200) -> validate.Length:
    """What holds a text of a query string to a length."""
    return validate.Length(max=most, error="must be at most {max} characters")


def page_size(usual: int, most: int = 100) -> LenientWhole:
    """The parameter that says how many items a page has."""
    bounds = validate.Range(min=1, max=most, error="must be from {min} to {max}")
    return LenientWhole(load_default=usual, validate=bounds)


def language(otherwise: str, **options: Any) -> Word:
    """The parameter that chooses the language of reasons, and which it is without it."""
    ways = ", ".join(f"`{each}`" for each in Correspondence)
    told = f"The language in which reasons are said: {ways}; {otherwise} if absent."
    return Word(Correspondence, metadata={"description": told}, **options)
