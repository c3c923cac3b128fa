"""Marshmallow schemas derived from the domain's dataclasses.

Law: a dataclass is the one source of its shape. A type that is not in the table fails where the
schema is derived, which is when the program starts; unknown keys are refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, cached_property
from types import MappingProxyType, NoneType, UnionType
from typing import Any, ClassVar, Final, Union, get_args, get_origin, get_type_hints

from marshmallow import RAISE, Schema, post_load
from marshmallow import fields as marshmallow_fields

from domain.application import (
    CountryCode,
    DocumentNumber,
    EmailAddress,
    LanguageTag,
    Percentage,
)
from services.intake.faults import OfKey
from services.intake.fields import (
    CountryText,
    Day,
    DocumentNumberText,
    EmailText,
    Instant,
    LanguageTagText,
    Number,
    PercentageNumber,
    Rows,
    Strict,
    Text,
    Truth,
    Whole,
    Word,
)

AnyField = marshmallow_fields.Field[Any]

SCALARS: Final[Mapping[Any, Callable[..., AnyField]]] = MappingProxyType(
    {
        str: Text,
        int: Whole,
        float: Number,
        bool: Truth,
        date: Day,
        datetime: Instant,
        CountryCode: CountryText,
        LanguageTag: LanguageTagText,
        DocumentNumber: DocumentNumberText,
        EmailAddress: EmailText,
        Percentage: PercentageNumber,
    }
)


_FIELD_MESSAGES: Final = MappingProxyType(
    {
        "required": "is required and missing",
        "null": "must not be null; a key that is not required is left out to claim nothing",
    }
)
_OBJECT_MESSAGES: Final = MappingProxyType(
    {"type": "must be a JSON object", "unknown": OfKey("is not a key of this format")}
)


class UnmappedType(TypeError):
    """A field has a type that no schema field stands for."""


class DataclassSchema(Schema):
    """A schema whose loaded value is an instance of ``built``."""

    built: ClassVar[type]

    class Meta:
        """Unknown keys are refused."""

        unknown = RAISE

    @cached_property
    def _written(self) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        return tuple((name, _writer(each)) for name, each in self.dump_fields.items())

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """What marshmallow gives of it; of an instance at once, for of one nothing is missing.

        To look for what may be missing, and how, is most of what an answer costs otherwise.
        """
        if many or self.many or type(obj) is not self.built:
            return super().dump(obj, many=many)
        values = ((name, getattr(obj, name), write) for name, write in self._written)
        return {name: None if value is None else write(value) for name, value, write in values}

    @post_load
    def build(self, data: Mapping[str, Any], **_: Any) -> Any:
        """The instance; absent keys have the dataclass's defaults."""
        return self.built(**data)


@cache
def schema_for(cls: type) -> type[DataclassSchema]:
    """The strict schema of a dataclass, the same class each time; else UnmappedType."""
    if not is_dataclass(cls):
        raise UnmappedType(f"{cls!r} is not a dataclass")
    hints = get_type_hints(cls, include_extras=True)
    members: dict[str, Any] = {
        each.name: _field(hints[each.name], f"{cls.__name__}.{each.name}", _presence(each))
        for each in fields(cls)
    }
    settled = {"built": cls, "error_messages": dict(_OBJECT_MESSAGES)}
    return type(f"{cls.__name__}Schema", (DataclassSchema,), {**members, **settled})


def _writer(field: AnyField) -> Callable[[Any], Any]:
    """What makes a value of a field, not None, what an answer has."""
    if isinstance(field, marshmallow_fields.Nested):
        return field.schema.dump
    if isinstance(field, Strict | Rows):
        return field.written
    raise UnmappedType(f"{field!r} is a field that no type of ours stands for")


def _presence(field: Field[Any]) -> dict[str, Any]:
    """What marshmallow is told: a field without a default is required."""
    required = field.default is MISSING and field.default_factory is MISSING
    return {"required": required, "error_messages": dict(_FIELD_MESSAGES)}


def _field(hint: Any, where: str, options: Mapping[str, Any]) -> AnyField:
    if hint in SCALARS:
        return SCALARS[hint](**options)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType} and NoneType in arguments:
        return _optional([each for each in arguments if each is not NoneType], where, options)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return Rows(
            _field(arguments[0], where, {"error_messages": dict(_FIELD_MESSAGES)}), **options
        )
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return Word(hint, **options)
    if isinstance(hint, type) and is_dataclass(hint):
        return marshmallow_fields.Nested(schema_for(hint), **options)
    raise UnmappedType(f"{where} is {hint!r}, which no schema field stands for")


def _optional(arguments: list[Any], where: str, options: Mapping[str, Any]) -> AnyField:
    """``X | None``: with a default the key is left out to claim nothing, and null is refused."""
    if len(arguments) != 1:
        raise UnmappedType(f"{where} is a union of {arguments!r}, which no schema field stands for")
    return _field(arguments[0], where, {**options, "allow_none": bool(options.get("required"))})
