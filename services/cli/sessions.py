"""`qmas sessions`: where people are signed in on the pages, and signing them out."""

from datetime import UTC, datetime

import click

from domain.access import Role
from services.cli.asking import office, operator
from services.identity.people import recorded_as
from services.identity.sessions import Session
from services.wiring import Office


@click.group()
def sessions() -> None:
    """Where people are signed in on the pages: list, end."""


@sessions.command("list")
@click.argument("account", required=False)
def list_(account: str | None) -> None:
    """Show the open sessions of everybody, or of ACCOUNT."""
    with office() as opened:
        account = account and recorded_as(opened.settings, account)
        found = _open(opened, account)
    for each in found:
        used = f"since {_moment(each.since)}, last used {_moment(each.seen)}"
        click.echo(f"{each.number}  {each.person.name}  {each.person.role}  {used}")
    if not found:
        click.echo("nobody is signed in" if account is None else f"{account} is not signed in")


@sessions.command()
@click.argument("account")
def end(account: str) -> None:
    """Sign ACCOUNT out everywhere, at once."""
    by = operator(Role.ADMINISTRATOR).name
    with office() as opened:
        account = recorded_as(opened.settings, account)
        # Before there was one spelling of it a name was recorded as it was typed.
        names = {account, *(each.person.name for each in _open(opened, account))}
        ended = sum(opened.sessions.end(each, by, opened.clock()) for each in names)
    click.echo(f"{account} was signed in {ended} times, and is signed out everywhere")


def _open(opened: Office, account: str | None) -> tuple[Session, ...]:
    """Return the open sessions of everybody, or of whoever is called so by any spelling."""
    return tuple(
        each
        for each in opened.sessions.listed(opened.clock())
        if account in {None, recorded_as(opened.settings, each.person.name)}
    )


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


COMMANDS: tuple[click.Command, ...] = (sessions,)
