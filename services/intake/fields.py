"""Strict marshmallow fields, one for each kind of scalar the domain has.

Law: nothing is converted that was not meant: a text is not a number, a number is not a truth value,
`1.0` is not a whole number, and a time without an offset is not an instant.
"""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields

from domain.days import hong_kong_date
from services.intake.countries import COUNTRIES
from services.intake.languages import wrong_with

# Whole numbers beyond this lose digits in other systems' JSON.
GREATEST = 2**53 - 1
_WHOLE_PERCENTAGE = 100

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+")
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")

# RFC 5646, section 2.1; the irregular tags that the grammar does not cover stand at the end.
_TAG = re.compile(
    r"""(?:
        (?: [a-z]{2,3} (?:-[a-z]{3}){0,3} | [a-z]{4} | [a-z]{5,8} )
        (?: -[a-z]{4} )?
        (?: -(?:[a-z]{2}|[0-9]{3}) )?
        (?: -(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}) )*
        (?: -[0-9a-wy-z] (?:-[a-z0-9]{2,8})+ )*
        (?: -x (?:-[a-z0-9]{1,8})+ )?
      | x (?:-[a-z0-9]{1,8})+
      | en-gb-oed | i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)
      | sgn-(?:be-fr|be-nl|ch-de)
    )""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


class Strict(fields.Field[Any]):
    """A field that takes a value as it is or refuses it."""

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> Any:
        return self.checked(value)

    def checked(self, value: Any) -> Any:
        """The value as the domain has it, or a ValidationError that says what it must be."""
        raise NotImplementedError

    def written(self, value: Any) -> Any:
        """The value, which is not None, as an answer has it."""
        return self._serialize(value, None, None)


class Text(Strict, fields.String):
    """A text that PostgreSQL and UTF-8 can hold."""

    def checked(self, value: Any) -> str:
        """The text unchanged."""
        if not isinstance(value, str):
            raise ValidationError("must be a text")
        if _UNREADABLE.search(value):
            raise ValidationError("must not hold a NUL character or half of a surrogate pair")
        return value


class CountryText(Text):
    """An ISO 3166-1 alpha-3 code in capitals."""

    def checked(self, value: Any) -> str:
        """The code, if it is assigned."""
        if super().checked(value) not in COUNTRIES:
            raise ValidationError("must be an ISO 3166-1 alpha-3 code such as HKG")
        return str(value)


class LanguageTagText(Text):
    """A well-formed BCP 47 tag, of a language by the one code that it has in tags."""

    def checked(self, value: Any) -> str:
        """The tag, if it is well-formed and so is the code of its language."""
        tag = super().checked(value)
        if not _TAG.fullmatch(tag):
            raise ValidationError("must be a BCP 47 language tag such as en or zh-Hant")
        if said := wrong_with(tag):
            raise ValidationError(said)
        return tag


class DocumentNumberText(Text):
    """A text with a letter or a digit: by these alone a person is known again."""

    def checked(self, value: Any) -> str:
        """The number unchanged, if it can be one."""
        if not any(map(str.isalnum, super().checked(value))):
            raise ValidationError("must have a letter or a digit")
        return str(value)


class EmailText(Text):
    """A text with one @ and no space or control character: what an envelope can hold."""

    def checked(self, value: Any) -> str:
        """The address, if it could be one."""
        if not _EMAIL.fullmatch(super().checked(value)):
            raise ValidationError("must be an e-mail address such as name@example.com")
        return str(value)


class Whole(Strict, fields.Integer):
    """A whole number that every JSON reader keeps exactly."""

    def checked(self, value: Any) -> int:
        """The number; a bool, a float and a text are none."""
        if type(value) is not int:
            raise ValidationError("must be a whole number")
        if abs(value) > GREATEST:
            raise ValidationError(f"must be between -{GREATEST} and {GREATEST}")
        return value


class Number(Strict, fields.Float):
    """A finite number."""

    def checked(self, value: Any) -> float:
        """The number as a float."""
        if type(value) not in {int, float} or not abs(value) <= GREATEST:
            raise ValidationError(f"must be a number between -{GREATEST} and {GREATEST}")
        return float(value)


class PercentageNumber(Number):
    """A number from 0 to 100."""

    def checked(self, value: Any) -> float:
        """The number, if it is within the bounds."""
        if not 0 <= super().checked(value) <= _WHOLE_PERCENTAGE:
            raise ValidationError(f"must be from 0 to {_WHOLE_PERCENTAGE}")
        return float(value)


class Truth(Strict, fields.Boolean):
    """True or false, and nothing that could be taken for them."""

    def checked(self, value: Any) -> bool:
        """The truth value."""
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Day(Strict, fields.Date):
    """A calendar day written as 2019-05-01."""

    def checked(self, value: Any) -> date:
        """The day."""
        day = day_or_none(value)
        if day is None:
            raise ValidationError("must be a calendar date such as 2019-05-01")
        return day


class Instant(Strict, fields.AwareDateTime):
    """A date and time with its offset, kept and given in UTC."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        in_utc = None if value is None else value.astimezone(UTC)
        return super()._serialize(in_utc, attr, obj, **kwargs)

    def checked(self, value: Any) -> datetime:
        """The instant."""
        instant = instant_or_none(value)
        if instant is None:
            raise ValidationError(
                "must be a date and time with an offset such as 2019-05-01T09:30:00+08:00"
            )
        return instant


class Word(Strict, fields.Enum[Any]):
    """One word of a vocabulary."""

    def __init__(self, vocabulary: type[StrEnum], **options: Any) -> None:
        super().__init__(vocabulary, by_value=True, **options)

    def checked(self, value: Any) -> Any:
        """The member of the vocabulary."""
        words = [each.value for each in self.enum]
        if not isinstance(value, str) or value not in words:
            raise ValidationError(f"must be one of {', '.join(words)}")
        return self.enum(value)


class Rows(fields.List[Any]):
    """A list, kept as a tuple."""

    def written(self, value: Any) -> Any:
        """The list, which is not None, as an answer has it."""
        return self._serialize(value, None, None)

    def _deserialize(self, value: Any, *where: Any, **more: Any) -> Any:
        if not isinstance(value, list):
            raise ValidationError("must be a list")
        return tuple(super()._deserialize(value, *where, **more))


def utc_text(instant: datetime) -> str:
    """The instant as every answer has it: in UTC, whichever offset it was recorded with."""
    return instant.astimezone(UTC).isoformat()


def day_or_none(value: object) -> date | None:
    """The day that a text is as 2019-05-01, None for anything else."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def instant_or_none(value: object) -> datetime | None:
    """The instant that a text is, in UTC; None for anything else, or without an offset."""
    if not isinstance(value, str) or not _DAY.match(value):
        return None
    try:
        instant = datetime.fromisoformat(value)
        if instant.utcoffset() is None:
            return None
        hong_kong_date(instant)  # at either end of the calendar an instant has no day there
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
