"""`qmas tokens`: programs that call the API, each with a token for what it is to do."""

from datetime import UTC, datetime

import click

from domain.access import Action, Role
from services.cli.asking import MOMENT, office, operator
from services.identity.tokens import ROLES, ServiceToken, new_id


@click.group()
def tokens() -> None:
    """Tokens for programs that call the API: create, list, revoke."""


@tokens.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([each.value for each in ROLES]),
    default=Role.SERVICE.value,
    show_default=True,
    help="What it is to this system.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([each.value for each in Action if each is not Action.PUBLIC]),
    metavar="ACTION",
    help="It may do this, of all that its role may; again for more.",
)
@click.option("--until", type=MOMENT, required=True, help="Its last day, or instant.")
def create(name: str, role: str, only: tuple[str, ...], until: datetime) -> None:
    """Make a token for the program NAME, and show it once."""
    with office() as opened:
        wanted = ServiceToken(
            id=new_id(),
            name=name,
            role=Role(role),
            only=frozenset(map(Action, only)) or None,
            until=until,
            made=opened.clock(),
            made_by=operator(Role.ADMINISTRATOR).name,
            used=None,
            revoked=None,
            revoked_by=None,
        )
        shown = opened.tokens.make(wanted)
    click.echo(f"{wanted.id}  {wanted.person.name}  {role}  until {_moment(until)}")
    click.echo(f"token     {shown}")
    click.echo("          it is not shown again: give it to the program that calls")


@tokens.command("list")
def list_() -> None:
    """Show every token that was ever made, with who made and who revoked it."""
    with office() as opened:
        found, now = opened.tokens.all(), opened.clock()
    for each in found:
        click.echo(f"{each.id}  {_state(each, now):<7}  {each.name}  {each.role}  {_only(each)}")
        click.echo(f"          made by {each.made_by} {_moment(each.made)}, {_used(each)}")
        click.echo(f"          until {_moment(each.until)}")
        if each.revoked is not None:
            click.echo(f"          revoked by {each.revoked_by} {_moment(each.revoked)}")
    if not found:
        click.echo("no tokens")


@tokens.command()
@click.argument("token", metavar="ID")
def revoke(token: str) -> None:
    """Have the token ID be taken no more, within five seconds everywhere."""
    with office() as opened:
        opened.tokens.revoke(token, operator(Role.ADMINISTRATOR).name, opened.clock())
    click.echo(f"{token} is revoked")


def _state(each: ServiceToken, now: datetime) -> str:
    if each.revoked is not None:
        return "revoked"
    return "valid" if now < each.until else "expired"


def _only(each: ServiceToken) -> str:
    return "all of its role" if each.only is None else " ".join(sorted(each.only))


def _used(each: ServiceToken) -> str:
    return f"last used {_moment(each.used)}" if each.used else "never used"


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


COMMANDS: tuple[click.Command, ...] = (tokens,)
