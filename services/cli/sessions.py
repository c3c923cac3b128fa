"""`qmas sessions`: where people are signed in on the pages, and signing them out."""

from datetime import UTC, datetime

import click

from domain.access import Role
from services.cli.asking import office, operator
from services.identity.people import recorded_as


@click.group()
def sessions() -> None:
    """Where people are signed in on the pages: list, end."""


@sessions.command("list")
@click.argument("account", required=False)
def list_(account: str | None) -> None:
    """Show the open sessions of everybody, or of ACCOUNT."""
    with office() as opened:
        account = account and recorded_as(opened.settings, account)
        found = opened.sessions.listed(opened.clock(), account)
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
        ended = opened.sessions.end(account, by, opened.clock())
    click.echo(f"{account} was signed in {ended} times, and is signed out everywhere")


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


COMMANDS: tuple[click.Command, ...] = (sessions,)
