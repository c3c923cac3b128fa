"""`qmas submit`, `qmas refile` and `qmas import`: applications filed from files."""

import sys
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import uuid4

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from domain.access import Role
from domain.application import Channel
from domain.commands import SubmitApplication
from domain.days import hong_kong_date
from domain.errors import Refusal
from domain.references import parse_reference
from services.cli.asking import INSTANT, office, operator, request
from services.imports import (
    Filing,
    Result,
    file_one,
    filing_from,
    import_rows,
    json_lines,
    rows_of,
)
from services.intake.document import parse_document
from services.intake.faults import ApplicationFaults
from services.refiling import withdraw_and_refile
from services.store import Unwritable
from services.wiring import Office

_CHANNEL = "How it came; default: as the file says, else online."
FILE = click.Path(path_type=Path, allow_dash=True)

_received = click.option(
    "--received-at", type=INSTANT, help="When it was received, for paper keyed later."
)
_channel = click.option(
    "--channel", type=click.Choice([each.value for each in Channel]), help=_CHANNEL
)
_REFUSALS = (ApplicationFaults, Refusal, Unwritable, OSError)


@click.command()
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE...")
@_received
@_channel
@click.pass_context
def submit(
    ctx: click.Context, files: tuple[Path, ...], received_at: datetime | None, channel: str | None
) -> None:
    """File applications, one JSON object a file; `-` is standard input.

    Prints each file's case reference. A file that cannot be filed is reported with every fault
    of it, and the others are filed all the same.
    """
    refused = 0
    with office() as opened:
        for path in files:
            try:
                filing = _filing(opened, path, received_at, channel)
                outcome = file_one(opened, filing, operator(Role.OFFICER), uuid4())
            except _REFUSALS as fault:
                refused += 1
                for line in _reasons(fault):
                    click.echo(f"{path}: {line}", err=True)
            else:
                click.echo(f"{outcome.reference}  {path}")
    ctx.exit(2 if refused else 0)


@click.command()
@click.argument("reference")
@click.argument("file", type=FILE)
@_received
@_channel
@click.pass_context
def refile(
    ctx: click.Context,
    reference: str,
    file: Path,
    received_at: datetime | None,
    channel: str | None,
) -> None:
    """Withdraw a case and file an application in its place, both or neither.

    FILE is one JSON object, as `qmas submit` takes it; `-` is standard input. Prints the new
    case's reference.
    """
    with office() as opened:
        try:
            filing = _filing(opened, file, received_at, channel)
            command = SubmitApplication(application=filing.application, channel=filing.channel)
            asked = request(Role.OFFICER, filing.received_at)
            outcome = withdraw_and_refile(opened, reference, command, asked)
        except _REFUSALS as fault:
            for line in _reasons(fault):
                click.echo(f"{file}: {line}", err=True)
            ctx.exit(2)
    click.echo(f"{outcome.reference}  in place of {parse_reference(reference)}")


@click.command("import")
@click.argument(
    "file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)
)
@click.pass_context
def import_(ctx: click.Context, file: Path) -> None:
    """File the applications of a .jsonl or .csv file, good rows in spite of bad ones.

    `-` is JSON lines on standard input. Run it again after an interruption: rows filed before are
    recognised and not filed twice.
    """
    read = partial(json_lines, _bytes(file)) if str(file) == "-" else partial(rows_of, file)
    total = sum(1 for _ in read())
    counts = {"filed": 0, "filed before": 0, "refused": 0}
    bar = Progress(
        "Filing", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=_console()
    )
    with office() as opened, bar:
        task = bar.add_task("Filing", total=total)

        def done(result: Result) -> None:
            counts[_what(result)] += 1
            for fault in result.faults:
                said = f"{file}:{result.line}: {fault}"
                bar.console.print(said, markup=False, highlight=False, soft_wrap=True)
            bar.advance(task)

        import_rows(opened, read(), operator(Role.OFFICER), done)
    click.echo(", ".join(f"{number} {what}" for what, number in counts.items()))
    ctx.exit(2 if counts["refused"] else 0)


def _filing(
    opened: Office, path: Path, received_at: datetime | None, channel: str | None
) -> Filing:
    """Return what a file holds; what was said on the command line wins over it."""
    document, faults = parse_document(_bytes(path))
    today = hong_kong_date(opened.clock())
    filing = filing_from(document, today, faults, told=received_at)
    return replace(filing, channel=Channel(channel)) if channel else filing


def _what(result: Result) -> str:
    if result.outcome is None:
        return "refused"
    return "filed before" if result.outcome.repeated else "filed"


def _bytes(path: Path) -> bytes:
    return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()


def _reasons(fault: ApplicationFaults | Refusal | Unwritable | OSError) -> list[str]:
    if isinstance(fault, ApplicationFaults):
        return [str(each) for each in fault.faults]
    return [fault.strerror or str(fault)] if isinstance(fault, OSError) else [str(fault)]


def _console() -> Console:
    return Console(stderr=True)


COMMANDS = (submit, refile, import_)
