"""`qmas command`: whatever can be done to a case, for staff without a browser.

Each command of the office is one here, and each of its fields an option: both are made from the
command's dataclass, so that a new one is here by itself.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import MISSING, Field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import click
from marshmallow import ValidationError

from domain import commands as c
from domain import papers as p
from domain.access import ACTION_OF, BY_TWO, PERMITTED, Role
from domain.application import Application
from domain.errors import Reportable
from domain.slugs import slug
from services.cases import carry_out
from services.catalogue import label_of, load_catalogue
from services.cli.asking import INSTANT, asking, office
from services.correcting import impossible_in
from services.intake.document import parse_document
from services.intake.faults import ApplicationFaults, Fault, faults_in
from services.intake.schema import schema_for
from services.requests import Request
from services.wiring import Office

_ELSEWHERE: Final = frozenset({c.SubmitApplication, p.ReceiveDocument, *c.BY_EXERCISE})
"""Commands that come with a file of their own, or that an exercise gives its cases."""

COMMANDS_OF: Final = {
    slug(each.__name__): each for each in get_args(c.CaseCommand) if each not in _ELSEWHERE
}

_LINES: Final = re.compile(", one (document )?a line")
"""How a form takes several, where an option comes again."""


class FieldFaults(Reportable):
    """Something is wrong in the fields of a command; a line for each fault."""


class CaseCommands(click.Group):
    """A group with a command for each one of a case, made when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands, in order."""
        return sorted(COMMANDS_OF)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Return the command of that name, None when there is none."""
        command = COMMANDS_OF.get(cmd_name)
        return None if command is None else _made(cmd_name, command)


@click.group(cls=CaseCommands)
def command() -> None:
    """Do something to a case; `qmas command NAME --help` lists what it needs to know."""


def _made(name: str, command: type[Any]) -> click.Command:
    hints = get_type_hints(command)
    options = [_option(name, each, hints[each.name]) for each in fields(command)]
    common = [
        click.Argument(["reference"]),
        click.Option(["--at"], type=INSTANT, help="When it happened; default: now."),
        click.Option(["--version"], type=int, help="Only if the case is still at this version."),
        click.Option(["--as", "as_"], metavar="NAME", help="Who does it, by their password."),
    ]
    roles = ", ".join(sorted(PERMITTED[ACTION_OF[command]]))
    told = inspect.getdoc(command) or ""
    return click.Command(
        name,
        params=[*common, *options],
        callback=_callback(command),
        help=f"{told}\n\nFor: {roles}.",
        short_help=told.splitlines()[0],
    )


def _option(command: str, declared: Field[Any], hint: Any) -> click.Option:
    several = get_origin(hint) is tuple
    kind = get_args(hint)[0] if several else hint
    needed = declared.default is MISSING
    told = [each for each, holds in (("needed", needed), ("may come again", several)) if holds]
    named = f"--{declared.name.replace('_', '-')}"
    label = _LINES.sub("", label_of(load_catalogue(), command, declared.name))
    if hint is bool:
        return click.Option([named], is_flag=True, default=None, help=f"{label}.")
    return click.Option(
        [named],
        type=_type_of(kind),
        multiple=several,
        metavar="YYYY-MM-DD" if kind is date else None,
        help=f"{label} ({'; '.join(told)})." if told else f"{label}.",
    )


def _type_of(kind: Any) -> click.ParamType[Any]:
    if kind is Application:
        return click.Path(path_type=Path, allow_dash=True)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return click.Choice([each.value for each in kind])
    return click.INT if kind is int else click.STRING


def _callback(command: type[Any]) -> Callable[..., None]:
    def carry(
        *, reference: str, at: datetime | None, version: int | None, as_: str | None, **given: Any
    ) -> None:
        with office() as opened:
            request = _asking(opened, command, as_, at, version)
            impossible = partial(impossible_in, opened, reference, request)
            asked = _read(command, given, impossible)
            try:
                outcome = carry_out(opened, reference, asked, request)
            except ApplicationFaults as wrong:
                raise _field_faults(wrong.faults) from wrong
        click.echo(f"{outcome.reference}: {outcome.stage}, version {outcome.version}")

    return carry


def _read(
    command: type[Any], given: dict[str, Any], impossible: Callable[[object], Iterable[Fault]]
) -> Any:
    """Return the command that the options spell, or every fault of it at once."""
    given = {name: [*each] if isinstance(each, tuple) else each for name, each in given.items()}
    told = {name: each for name, each in given.items() if each not in (None, [])}
    faults: list[Fault] = []
    if (file := told.get("application")) is not None:
        told["application"], found = parse_document(_bytes(file))
        days = impossible(told["application"])
        faults += [replace(each, path=f"application.{each.path}") for each in (*found, *days)]
    try:
        asked = schema_for(cast("Any", command))().load(told)
    except ValidationError as wrong:
        faults += faults_in(wrong.messages)
    if faults:
        raise _field_faults(faults)
    return asked


def _field_faults(faults: Iterable[Fault]) -> FieldFaults:
    return FieldFaults("\n".join(f"--{_spelled(each)}" for each in faults))


def _spelled(fault: Fault) -> str:
    name, dot, inner = fault.path.partition(".")
    return str(replace(fault, path=f"{name.replace('_', '-')}{dot}{inner}"))


def _bytes(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as fault:
        raise FieldFaults(f"{file} cannot be read: {fault.strerror}") from fault


def _asking(
    opened: Office, command: type[Any], name: str | None, at: datetime | None, version: int | None
) -> Request:
    """Return the request of whoever gives this command, as somebody whose command it is."""
    roles = PERMITTED[ACTION_OF[command]]
    role = next(each for each in (Role.OFFICER, Role.SUPERVISOR, *Role) if each in roles)
    asked = asking(opened, role, name, at, by_two=command in BY_TWO)
    return replace(asked, expected=version)


COMMANDS = (command,)
