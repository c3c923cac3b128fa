"""What the commands share: who asks, when it takes effect, and the office they ask."""

import os
import pwd
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import click
from rich.console import Console
from structlog.contextvars import bind_contextvars

from domain.access import Action, Person, Role
from domain.days import hong_kong_date, last_instant
from domain.errors import Refusal, Reportable
from domain.looks import Door, Look, What, look_of
from domain.references import references_in
from services.cli.leave import action_here
from services.identity import are_local, sign_in
from services.imports import instant_of
from services.intake.fields import day_or_none
from services.looking import AT_ONCE, named
from services.privacy.again import settled
from services.requests import Request
from services.settings import Settings
from services.stack import lifecycle
from services.stack.errors import DatabaseGone, NothingRuns
from services.stack.places import settle
from services.stack.postgres import running_postgres
from services.store.errors import Conflict, MigrationFault, StoreUnreachable
from services.store.looks import Noted
from services.wiring import Office, open_office

_OR_INSTANT: Final = "nor an instant with its offset such as 2019-05-01T09:30:00+08:00"
LEAST_WIDTH: Final = 110


class Day(click.ParamType[date]):
    """A day as it is written, such as 2019-05-01."""

    name = "day"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Return the day, or fail saying what one looks like."""
        day = day_or_none(value)
        if day is None:
            self.fail(f"{value!r} is not a day such as 2019-05-01", param, ctx)
        return day


class Instant(click.ParamType[datetime]):
    """An instant with its offset, or a day, which means its first instant in Hong Kong."""

    name = "instant"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the instant, or fail saying what one looks like."""
        if isinstance(value, datetime):
            return value
        instant = instant_of(value)
        if instant is None:
            self.fail(f"{value!r} is not a day such as 2019-05-01, {_OR_INSTANT}", param, ctx)
        return instant


class Moment(Instant):
    """The same, but a day means its last instant in Hong Kong: all that is of it is in it."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the instant, or fail saying what one looks like."""
        day = day_or_none(value)
        return last_instant(day) if day else super().convert(value, param, ctx)


DAY = Day()
INSTANT = Instant()
MOMENT = Moment()
PURPOSE = click.option("--purpose", help="Why you look, in a few words; kept with the look.")
AS = click.option("--as", "as_", metavar="NAME", help="Who does it, by their password.")


class NotSignedIn(Reportable):
    """The name and the password are nobody's."""


class OfTwoPeople(Reportable):
    """Who is at this terminal may be known to the identity provider by another name."""


def settings(home: Path | None = None, *, asks: bool = True, **told: str | None) -> Settings:
    """Return this command's settings.

    What was said behind the command's name wins over what was said before it, and both win over
    the environment. Only a command that does not merely ask may make a data folder.
    """
    root = click.get_current_context().find_root()
    said: dict[str, str] = dict(root.obj or {})
    said |= {name: value for name, value in told.items() if value}
    return Settings.from_environment(home, asks=asks, **said)


@contextmanager
def office() -> Iterator[Office]:
    """Yield the office of this process's settings, and close it.

    Raises `NothingRuns` where the database would be one of ours and was not started, and
    `DatabaseGone` where others of ours run without it.
    """
    told = settings()
    opened = open_office(told)
    try:
        with _faults_seen(opened):
            settled(opened)
            yield opened
    except StoreUnreachable as fault:
        if told.embedded_postgres and running_postgres(settle(told.home)) is None:
            others = [part.name for part in lifecycle.status(told) if part.running]
            gone = DatabaseGone(told.home, others) if others else NothingRuns(told.home)
            raise gone from fault
        raise
    finally:
        opened.close()


@contextmanager
def _faults_seen(opened: Office) -> Iterator[None]:
    """The cases that a fault names, as that of an event which cannot be read, are on record.

    A refusal was recorded where it was made. Where the database is away nothing can be.
    """
    try:
        yield
    except (Refusal, Conflict, StoreUnreachable, MigrationFault):
        raise
    except Reportable as fault:
        if cases := references_in(str(fault)):
            # Any command can meet one, also those by which nobody is shown a case, and before it
            # begins: after a restore whoever was erased is erased again first.
            seer = (operator(Role.ADMINISTRATOR), Action.OPERATE, What.ANSWER, Door.CLI)
            named(opened, look_of(*seer, str(uuid4())), cases)
        raise


def operator(role: Role) -> Person:
    """Return the person at this terminal, who holds the database's keys and so any role.

    They are named by the account that runs this, whatever the environment calls itself.
    """
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())  # in a container the user often has no name
    return Person(name=f"cli.{name}", role=role)


def looking(what: What, stated: str | None = None, *, role: Role = Role.ADMINISTRATOR) -> Look:
    """Return the look of the person at this terminal, who runs the system and so sees all of it.

    `stated` is why, in their own words, and `role` the one in which they ask for an answer that is
    for some roles alone. It is for their operation all the same. Raises `PurposeInvalid`.
    """
    person = operator(Role.ADMINISTRATOR)
    seen = look_of(person, action_here(), what, Door.CLI, str(uuid4()), stated=stated or "")
    return replace(seen, person=operator(role))


def tell(opened: Office, look: Look | Noted, lines: Iterable[str], *, err: bool = False) -> None:
    """Lines are printed, each once the look at the cases that it names is on record."""
    rest = iter(lines)
    while part := list(islice(rest, AT_ONCE)):
        if cases := references_in("\n".join(part)):
            named(opened, look, cases)
        for line in part:
            click.echo(line, err=err)


def request(
    role: Role, effective_at: datetime | None = None, command_id: UUID | None = None
) -> Request:
    """Return a request of the person at this terminal, under a new id unless one is given."""
    command_id = command_id or uuid4()
    bind_contextvars(correlation_id=str(command_id))
    return Request(
        person=operator(role),
        command_id=command_id,
        correlation_id=str(command_id),
        effective_at=effective_at,
        door=Door.CLI,
    )


def asking(
    opened: Office,
    role: Role,
    name: str | None,
    effective_at: datetime | None = None,
    *,
    by_two: bool = False,
) -> Request:
    """Return the request of the person `name`, who gives their password, or of the one here.

    Raises `OfTwoPeople` for what is done `by_two` where an identity provider knows the people.
    """
    if by_two and not are_local(opened.settings):
        raise OfTwoPeople(
            "this counts in what two people do, and a terminal cannot tell who is at it: "
            "do it on the pages or over the API, signed in with your identity provider"
        )
    asked = request(role, effective_at)
    if name is None:
        return asked
    password = click.prompt(f"Password of {name}", hide_input=sys.stdin.isatty(), err=True)
    person = sign_in(opened.settings, name, password)
    if person is None:
        raise NotSignedIn(f"there is no {name} with this password")
    return replace(asked, person=person)


def wide_console() -> Console:
    """Return a console wide enough that no reference, name or token is cut."""
    found = Console()
    return found if found.width >= LEAST_WIDTH else Console(width=LEAST_WIDTH)


def in_hong_kong(instant: datetime | None) -> str:
    """Return an instant as the day it was in Hong Kong, or a dash."""
    return hong_kong_date(instant).isoformat() if instant else "-"


def computed(points: int | None) -> str:
    """Return what to say behind points that officers decided: those that the tests alone gave."""
    return "" if points is None else f", {points} computed"
