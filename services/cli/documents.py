"""`qmas documents`: the documents of a case, and whether every file that the log names is there."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from rich.table import Table

from domain import stages as s
from domain.access import Role
from domain.days import written_out
from domain.looks import What
from domain.papers import DocumentKind
from services.cli.asking import (
    INSTANT,
    PURPOSE,
    in_hong_kong,
    looking,
    office,
    request,
    wide_console,
)
from services.cli.newfiles import new_file
from services.documents.receiving import (
    Document,
    Upload,
    documents_of,
    fetch,
    largest,
    read_at_most,
    receive,
)
from services.looking import case_seen

DIFFERENT: Final = 1

_KINDS: Final = click.Choice([each.value for each in DocumentKind])
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True)
_TO: Final = click.Path(path_type=Path, dir_okay=False, writable=True, allow_dash=True)


@click.group()
def documents() -> None:
    """The documents of cases and their files."""


@documents.command("list")
@click.argument("reference")
@PURPOSE
def list_(reference: str, purpose: str | None) -> None:
    """List the documents of a case with what was found, and what is still asked for."""
    with office() as opened:
        found = case_seen(opened, looking(What.DOCUMENTS, purpose), reference)
    table = Table()
    for heading in ("No.", "Kind", "Name", "Format", "Bytes", "Came in", "Checked", "Verified"):
        table.add_column(heading)
    for each in documents_of(found):
        table.add_row(*_cells(each))
    wide_console().print(table)
    asked = None if isinstance(found.state, s.Draft) else found.state.filed.papers
    if asked and asked.requested:
        due = written_out(asked.requested.due_on)
        click.echo(f"Awaited by {due}: {', '.join(asked.missing)}")


@documents.command()
@click.argument("reference")
@click.argument("file", type=_FILE)
@click.option("--kind", required=True, type=_KINDS, help="What the document is to show.")
@click.option("--name", help="What it is called; default: the file's own name.")
@click.option("--received-at", type=INSTANT, help="When it came in; default: now.")
def add(
    reference: str, file: Path, kind: str, name: str | None, received_at: datetime | None
) -> None:
    """Add a file to a case as a document; `-` is standard input."""
    with office() as opened:
        at_most = largest(opened)
        if str(file) == "-":
            content = read_at_most(sys.stdin.buffer, at_most)
        else:
            with file.open("rb") as source:
                content = read_at_most(source, at_most)
        called = name or ("" if str(file) == "-" else file.name)
        upload = Upload(kind=DocumentKind(kind), name=called, content=content)
        outcome = receive(opened, reference, upload, request(Role.OFFICER, received_at))
        look = looking(What.DOCUMENTS)
        taken = documents_of(case_seen(opened, look, outcome.reference))[-1]
    click.echo(f"{outcome.reference} document {taken.paper.number}")


@documents.command("fetch")
@click.argument("reference")
@click.argument("number", type=int)
@click.option("--to", "target", type=_TO, required=True, help="Where to; `-` is standard output.")
@PURPOSE
def fetch_(reference: str, number: int, target: Path, purpose: str | None) -> None:
    """Write the file of a document for its owner alone; a file that exists is not overwritten."""
    with office() as opened:
        look = looking(What.DOCUMENT, purpose)
        case = case_seen(opened, look, reference, document=number)
        found = fetch(opened, case, number)
    if str(target) == "-":
        sys.stdout.buffer.write(found.content)
        return
    with new_file(target) as sink:
        sink.write(found.content)


@documents.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Hash every file anew and name each that is missing or differs from what the log says.

    The exit status is 1 when there is one.
    """
    held = faults = 0
    with office() as opened:
        for each in opened.files.held(looking(What.DOCUMENTS)):
            held += 1
            if each.fault:
                faults += 1
                click.echo(f"{each.reference} document {each.document}: {each.fault}")
    click.echo(f"{held} documents, {faults} of them missing or altered")
    if faults:
        context.exit(DIFFERENT)


@documents.command()
@click.option("--remove", is_flag=True, help="Remove them; without it they are only listed.")
def unnamed(*, remove: bool) -> None:
    """Find files of more than a day ago that no event names: their command was cut off."""
    number = 0
    with office() as opened:
        for each in opened.files.unnamed(looking(What.DOCUMENTS)):
            if remove:
                opened.files.remove(each)
            kept = in_hong_kong(each.kept_at)
            click.echo(f"{each.reference} {each.stored} {each.size} bytes, kept on {kept}")
            number += 1
    click.echo(f"{number} {'removed' if remove else 'found'}")


def _cells(given: Document) -> tuple[str, ...]:
    received, checked, verified = given.paper.received, given.paper.checked, given.paper.verified
    return (
        str(received.document),
        received.kind,
        received.personal.name if received.personal else "[erased]",
        received.media_type.name,
        f"{received.size:,}",
        in_hong_kong(given.received_at),
        checked.outcome if checked else "-",
        f"{verified.finding} ({verified.form})" if verified else "-",
    )


COMMANDS = (documents,)
