"""`qmas up`, `down`, `status` and `doctor`: the embedded stack from the command line."""

from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from services import identity
from services.cli import asking
from services.settings import Settings
from services.stack import lifecycle
from services.stack.doctor import examine, is_silent

_PIPED_WIDTH = 250


def _loaded(
    home: Path | None, database_url: str | None, broker_url: str | None, *, asks: bool = True
) -> Settings:
    """The environment's settings; what the command line says wins."""
    urls = {"QMAS_DATABASE_URL": database_url, "QMAS_BROKER_URL": broker_url}
    return asking.settings(home, asks=asks, **urls)


_home = click.option(
    "--home", type=click.Path(path_type=Path), help="The data folder (default: .qmas, QMAS_HOME)."
)
_database = click.option("--database-url", help="Use this PostgreSQL instead of the embedded one.")
_broker = click.option("--broker-url", help="Use this broker instead of the embedded Redis.")


@click.command()
@_home
@_database
@_broker
@click.option("--servers-only", is_flag=True, help="PostgreSQL, Redis and the schema, no more.")
def up(
    home: Path | None, database_url: str | None, broker_url: str | None, *, servers_only: bool
) -> None:
    """Start what is not running yet, bring the schema up to date, and wait until all answer."""
    settings = _loaded(home, database_url, broker_url, asks=False)
    lifecycle.up(settings, processes=() if servers_only else lifecycle.ALL, say=click.echo)
    if not servers_only:
        click.echo(f"look at {settings.public_url}")
        if identity.are_local(settings):
            identity.logins(settings)
            click.echo(f"names and passwords to sign in with: {identity.logins_file(settings)}")


@click.command()
@_home
def down(home: Path | None) -> None:
    """Stop everything that runs in the data folder, in the reverse order."""
    lifecycle.down(_loaded(home, None, None), say=click.echo)


@click.command()
@_home
@_database
@_broker
def status(home: Path | None, database_url: str | None, broker_url: str | None) -> None:
    """Show what runs, where, and since when."""
    table = Table("process", "pid", "state", "address", "since (UTC)", "restarts")
    parts = lifecycle.status(_loaded(home, database_url, broker_url))
    for part in parts:
        pid = str(part.running.pid) if part.running else ""
        since = f"{part.since.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if part.since else ""
        restarts = str(part.restarts) if part.ours and (part.running or part.restarts) else ""
        state = "does not answer" if is_silent(part) else part.state
        table.add_row(part.name, pid, state, part.address, since, restarts)
    console = Console()
    if not console.is_terminal:
        console.width = _PIPED_WIDTH  # so that no path is broken for whoever reads it
    console.print(table)
    if strange := lifecycle.differing(parts):
        click.echo(strange)


@click.command()
@_home
@_database
@_broker
@click.pass_context
def doctor(
    context: click.Context, home: Path | None, database_url: str | None, broker_url: str | None
) -> None:
    """Look everything over; end with 1 when something is not well, saying what to do.

    What a person should look at though the system works is told, and ends with 0.
    """
    findings = examine(_loaded(home, database_url, broker_url), clock=lambda: datetime.now(UTC))
    all_well = True
    for found in findings:
        mark = ("warn " if found.warns else "ok   ") if found.is_well else "FAULT"
        click.echo(f"{mark} {found.subject}: {found.says}")
        if found.remedy and not (found.is_well and not found.warns):
            click.echo(f"      → {found.remedy}")
        all_well &= found.is_well
    context.exit(0 if all_well else 1)


COMMANDS: tuple[click.Command, ...] = (up, down, status, doctor)
