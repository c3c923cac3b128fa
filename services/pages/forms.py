"""Forms for commands, made from the command's own dataclass, and their strings read back.

A browser sends only strings. Each is turned into what the strict schema expects and then meets
that schema, the same one that every other way in has; nothing is loosened behind it.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Fault
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from marshmallow import ValidationError

from domain import commands as c
from domain import papers as p
from domain.days import HONG_KONG, last_instant
from domain.rules.terms import StratumPlaces
from domain.slugs import slug
from services.catalogue import load_catalogue
from services.intake.schema import schema_for
from services.intake.spelling import claimed
from services.intake.strata import EXAMPLE, read_stratum

Strings = Mapping[str, str]

_TOKEN_BYTES: Final = 32
_INCOMPLETE: Final = "This search is incomplete; search again"

"""Commands that an exercise gives its cases; nobody gives them by hand here."""

BY_INTAKE: Final[frozenset[type[Any]]] = frozenset(
    (c.SubmitApplication, c.CorrectApplication, p.ReceiveDocument)
)
"""Commands that come with something that no form of a case alone can hold."""


class FormFaults(Exception):
    """What is wrong in a form, by field name; an empty name is the form as a whole."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        self.faults = dict(faults)
        super().__init__("; ".join(faults.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One field of a form: what a person types, or chooses of `choices`, as `kind` says.

    `choices` are the values that it can have with what they are called, empty where it is typed.
    Of `several` any number may be chosen, each under the field's name and its own.
    """

    name: str
    kind: str
    required: bool
    choices: Mapping[str, str] = field(default_factory=dict)


COMMANDS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {
        slug(each.__name__): each
        for each in get_args(c.CaseCommand)
        if each not in BY_INTAKE.union(c.BY_EXERCISE)
    }
)
"""The commands that a form stands for, by the name in the address."""


def inputs_of(command: type[Any]) -> tuple[Input, ...]:
    """Return the fields of the command's form, in order."""
    hints = {name: _plain(hint) for name, hint in get_type_hints(command).items()}
    kinds = {
        int: "whole",
        date: "day",
        str: "text",
        bool: "yes-no",
        tuple[str, ...]: "lines",
        tuple[StratumPlaces, ...]: "strata",
    }
    return tuple(
        Input(
            name=each.name,
            kind=kinds.get(hints[each.name]) or _kind_of_choice(hints[each.name]),
            required=each.default is MISSING,
            choices=_choices(hints[each.name]),
        )
        for each in fields(command)
    )


def _kind_of_choice(kind: type[Any]) -> str:
    return "several" if get_origin(kind) is tuple else "choice"


def _plain(hint: Any) -> Any:
    """Return the type of what is typed where it may be left out."""
    given = [each for each in get_args(hint) if each is not NoneType]
    return given[0] if isinstance(hint, UnionType) and len(given) == 1 else hint


def _choices(kind: type[Any]) -> Mapping[str, str]:
    if kind is bool:
        return {each: load_catalogue()(f"yes-no.{each}") for each in ("no", "yes")}
    kind = get_args(kind)[0] if get_origin(kind) is tuple else kind
    if not issubclass(kind, StrEnum):
        return {}
    words, name = load_catalogue(), slug(kind.__name__)
    return {each.value: words(f"{name}.{each.value}") for each in kind}


def read_command(command: type[Any], form: Strings) -> Any:
    """Return the command that a form asks for, or raise FormFaults naming every field at fault."""
    faults: dict[str, str] = {}
    told: dict[str, Any] = {}
    for each in inputs_of(command):
        text = _chosen(form, each) if each.kind == "several" else _text(form, each.name)
        if not text:
            if each.required:
                faults[each.name] = "This is needed; fill it in"
            continue
        try:
            told[each.name] = _READ[each.kind](text)
        except ValueError as fault:
            faults[each.name] = str(fault)
    if faults:
        raise FormFaults(faults)
    try:
        return schema_for(cast("Any", command))().load(told)
    except ValidationError as refused:
        raise FormFaults(_flat(refused.messages_dict)) from refused


def read_whole(text: str) -> int:
    """Return a whole number, however its thousands are set off; ValueError with what to do."""
    digits = text.upper().removeprefix("HK$").replace(",", "").replace(" ", "")
    if not re.fullmatch(r"[0-9]{1,15}", digits):
        raise ValueError("Enter a whole number in figures, such as 1300")
    return int(digits)


def read_day(year: str, month: str, day: str) -> date | None:
    """Return the day typed as three numbers, None when there is none such."""
    parts = [each.strip() for each in (year, month, day)]
    if not all(re.fullmatch(r"[0-9]{1,4}", each) for each in parts):
        return None
    try:
        return date(*(int(each) for each in parts))
    except ValueError:
        return None


def read_instant(text: str) -> datetime | None:
    """Return a date and time, Hong Kong's unless it names its offset; None for an empty text.

    A date alone is the start of that day. ValueError with what to do for anything else.
    """
    if not text.strip():
        return None
    try:
        at = datetime.fromisoformat(text.strip())
        at = at if at.tzinfo else at.replace(tzinfo=HONG_KONG)
        for zone in (HONG_KONG, UTC):
            at.astimezone(zone)  # the first and last days of the calendar have no such time
    except (ValueError, OverflowError) as fault:
        raise ValueError("Enter a date and time such as 2019-05-01T09:30") from fault
    return at


def read_moment(text: str) -> datetime | None:
    """Return the moment to look back at, as `read_instant` does; a date alone is its last instant.

    Whoever asks how things stood on a day wants all of that day.
    """
    try:
        return last_instant(date.fromisoformat(text.strip()))
    except ValueError:
        return read_instant(text)


def read_when(form: Strings, name: str) -> datetime | None:
    """Return the instant in a form's field, None when it was left empty; FormFaults otherwise."""
    try:
        return read_instant(_text(form, name))
    except ValueError as fault:
        raise FormFaults({name: str(fault)}) from fault


def read_version(text: str) -> int:
    """Return the version that a form was made from; FormFaults for what no form of ours sends."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise FormFaults({"": "The form does not say which version it was made from"})
    return int(text)


def read_id(text: str) -> UUID:
    """Return the command's id that a form carries; FormFaults for what no form of ours sends."""
    try:
        return UUID(text)
    except ValueError as fault:
        raise FormFaults({"": "The form has lost its number; open the page again"}) from fault


def packed(tokens: Iterable[bytes]) -> str:
    """Return blind tokens as an address holds them, where what was typed would be kept by logs."""
    return ".".join(urlsafe_b64encode(token).decode().rstrip("=") for token in tokens)


def read_packed(given: Strings, name: str) -> tuple[bytes, ...]:
    """Return the tokens that an address holds, if any; FormFaults for what none of ours does."""
    text = given.get(name, "")
    if not text:
        return ()
    try:
        tokens = tuple(urlsafe_b64decode(each + "=" * (-len(each) % 4)) for each in text.split("."))
    except (Base64Fault, ValueError) as fault:
        raise FormFaults({name: _INCOMPLETE}) from fault
    if any(len(token) != _TOKEN_BYTES for token in tokens):
        raise FormFaults({name: _INCOMPLETE})
    return tokens


def _chosen(form: Strings, asked: Input) -> str:
    """Return the values that were chosen, one a line."""
    return "\n".join(value for value in asked.choices if form.get(f"{asked.name}.{value}"))


def _text(form: Strings, name: str) -> str:
    """Return what was typed, without spaces around it."""
    return form.get(name, "").strip()


def _typed_day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as fault:
        raise ValueError("Enter a date such as 2019-05-01") from fault


def _yes_no(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError("Choose yes or no")
    return text == "yes"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _strata(text: str) -> list[dict[str, Any]]:
    try:
        found = [read_stratum(line) for line in _lines(text)]
    except ValueError as fault:
        raise ValueError(f"Enter a stratum and its places on each line: {EXAMPLE}") from fault
    return [claimed(msgspec.to_builtins(each)) for each in found]


_READ: Final[Mapping[str, Any]] = MappingProxyType(
    {
        "whole": read_whole,
        "day": _typed_day,
        "text": str,
        "choice": str,
        "yes-no": _yes_no,
        "lines": _lines,
        "several": _lines,
        "strata": _strata,
    }
)


def _flat(messages: Mapping[str, Any]) -> dict[str, str]:
    """Return marshmallow's messages by field, the first words of each."""
    found: dict[str, str] = {}
    for name, said in messages.items():
        first: Any = said
        while not isinstance(first, str):
            first = next(iter(first.values() if isinstance(first, Mapping) else first))
        found[name] = f"{first[:1].upper()}{first[1:]}"
    return found
