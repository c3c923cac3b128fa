"""What the commands share: who asks, when it takes effect, and the office they ask."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

import click

from domain.access import Person, Role
from domain.days import hong_kong_date
from services.cases import Request
from services.imports import start_of
from services.settings import Settings
from services.wiring import Office, open_office


class Instant(click.ParamType[datetime]):
    """An instant with its offset, or a day, which means its first instant in Hong Kong."""

    name = "instant"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the instant, or fail saying what one looks like."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day or an instant such as 2019-05-01", param, ctx)
        return start_of(instant.date()) if instant.utcoffset() is None else instant


INSTANT = Instant()


@contextmanager
def office() -> Iterator[Office]:
    """Yield the office of this process's settings, and close it."""
    opened = open_office(Settings.from_environment())
    try:
        yield opened
    finally:
        opened.close()


def operator(role: Role) -> Person:
    """Return the person at this terminal, who holds the database's keys and so any role."""
    return Person(name=f"cli.{getpass.getuser()}", role=role)


def request(role: Role, effective_at: datetime | None = None) -> Request:
    """Return a request of the person at this terminal, under a new id."""
    command_id = uuid4()
    return Request(
        person=operator(role),
        command_id=command_id,
        correlation_id=str(command_id),
        effective_at=effective_at,
    )


def in_hong_kong(instant: datetime | None) -> str:
    """Return an instant as the day it was in Hong Kong, or a dash."""
    return hong_kong_date(instant).isoformat() if instant else "-"
