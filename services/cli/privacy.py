"""`qmas privacy`: exports of data, what is kept for too long, erasures and their receipts."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Final

import click
from msgspec import to_builtins

from domain.access import Role
from domain.data_access import KeptBack
from domain.looks import Door, What, look_of
from domain.rules.retention import OF_CASES, RecordClass
from domain.work_commands import ExportData
from services.cli.asking import AS, DAY, asking, in_hong_kong, looking, office
from services.cli.leave import action_here
from services.cli.newfiles import new_file
from services.privacy import checking
from services.privacy import receipt as receipts
from services.privacy import retention as retaining
from services.privacy.export import export as exported
from services.privacy.preview import Preview
from services.privacy.preview import preview as previewed

DIFFERENT: Final = 1

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_TO: Final = click.Path(path_type=Path, dir_okay=False, writable=True)


@click.group()
def privacy() -> None:
    """What the office owes to the people whose data it holds."""


@privacy.command()
@click.argument("reference")
@click.option("--to", "target", type=_TO, required=True, help="The file to write: a ZIP archive.")
@click.option(
    "--keep-back",
    multiple=True,
    type=click.Choice([each.value for each in KeptBack]),
    help="Leave out what would tell too much of others; can be repeated.",
)
@AS
def export(reference: str, target: Path, keep_back: tuple[str, ...], as_: str | None) -> None:
    """Write all that is held on a person, for the request for data that is open in their case.

    That it was made is on record with its digest; the file is not kept.
    """
    command = ExportData(keep_back=tuple(map(KeptBack, keep_back)))
    with office() as opened, new_file(target) as file:
        asked = asking(opened, Role.OFFICER, as_)
        given = (action_here(), What.EXPORT, Door.CLI, asked.correlation_id)
        made = exported(opened, reference, command, asked, look_of(asked.person, *given))
        for chunk in made.chunks():
            file.write(chunk)
    click.echo(f"{made.reference} {target}")
    click.echo(f"For request {made.request}, sha256:{made.digest}")


@privacy.command("verify-export")
@click.argument("file", type=_FILE)
@click.option("--offline", is_flag=True, help="Check it against itself alone, without a database.")
def verify_export(file: Path, *, offline: bool) -> None:
    """Check an export: each of its files, and unless `--offline` that this log says it was made."""
    reference = checking.about(file)["reference"]
    found, made = [*checking.faults(file)], None
    if not offline:
        with office() as opened:
            made = checking.made(opened, looking(What.PROOF), file)
        if made is None:
            found.append(f"the log of case {reference} does not say that this file was made")
    for each in found:
        click.echo(each, err=True)
    if found:
        raise click.exceptions.Exit(DIFFERENT)
    by = f", and was made for request {made.event.request} by {made.actor}" if made else ""
    click.echo(f"The export of {reference} is whole{by}")


@privacy.command()
@click.option("--on", type=DAY, help="As of that day; default: today.")
@click.option("--record", type=click.Choice([each.value for each in OF_CASES]), help="These alone.")
@click.option("--after", help="Go on after the last page: what that page told as its next.")
@click.option("--limit", type=click.IntRange(1, retaining.MOST), default=retaining.LIMIT)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def retention(
    *, on: date | None, record: str | None, after: str | None, limit: int, as_json: bool
) -> None:
    """Say what is kept for longer than its schedule says, and what could be done; it does nothing.

    Of each class of cases the first that are due are named; with `--record` page by page.
    """
    wanted = None if record is None else RecordClass(record)
    if after is not None and wanted is None:
        raise click.UsageError("--after goes on with the cases of one class: name it by --record")
    with office() as opened:
        look = looking(What.LIST)
        found = retaining.schedule(opened, look, on)
        lines = [each for each in found.classes if wanted in {None, each.record}]
        pages = [
            retaining.due_cases(opened, look, each.record, on=on, after=after, limit=limit)
            for each in lines
        ]
    both = [*zip(lines, pages, strict=True)]
    if as_json:
        told = [{**to_builtins(line), **to_builtins(page)} for line, page in both]
        click.echo(json.dumps({"on": found.on.isoformat(), "classes": told}, indent=1))
        return
    click.echo("\n".join(text for line, page in both for text in _said(line, page)))


@privacy.command("erase-preview")
@click.argument("reference")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def erase_preview(reference: str, *, as_json: bool) -> None:
    """Say what erasing the person of a case would make unreadable, and what is in the way."""
    with office() as opened:
        found = previewed(opened, looking(What.CASE), reference)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=1))
        return
    for line in _told(found):
        click.echo(line)


@privacy.command()
@click.argument("reference")
@click.option("--to", "target", type=_TO, help="Where to write it; default: say it in words.")
def receipt(reference: str, target: Path | None) -> None:
    """Give the receipt of an erasure, with the proof that the log holds it."""
    with office() as opened:
        made = receipts.receipt(opened, looking(What.PROOF), reference)
    if target is None:
        click.echo(receipts.told(made))
        return
    with new_file(target) as file:
        file.write(receipts.written(made).encode())
    click.echo(f"{made.reference} {target}")


@privacy.command("verify-receipt")
@click.argument("file", type=_FILE)
@click.option("--offline", is_flag=True, help="Check it against itself alone, without a database.")
def verify_receipt(file: Path, *, offline: bool) -> None:
    """Check a receipt: its own proof, and unless `--offline` that this log agrees with it.

    The position in the log, when the key was destroyed, and how much that made unreadable, are no
    part of the proof: they are compared with what is there, and `--offline` they stay the word of
    whoever gave the receipt.
    """
    try:
        made = receipts.read(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as fault:
        raise receipts.NoReceipt("this file is no receipt of an erasure") from fault
    found = [*receipts.faults(made)]
    if not offline:
        with office() as opened:
            found += receipts.differences(opened, looking(What.PROOF), made)
    for each in found:
        click.echo(each, err=True)
    if found:
        raise click.exceptions.Exit(DIFFERENT)
    if offline:
        click.echo(
            f"The receipt of {made.reference} proves itself; its position in the log, when the "
            "key was destroyed and how much that made unreadable is the office's word"
        )
        return
    click.echo(f"The receipt of {made.reference} proves itself, and this installation agrees")


def _said(line: retaining.Line, found: retaining.DueCases) -> Iterator[str]:
    by = line.authority.replace("-", " ")
    yield f"{line.record}: {line.period} from its {line.runs_from} ({by})"
    kept = f", {line.said('held')} kept by a legal hold" if line.held else ""
    yield (
        f"  due {line.said('due')}, which began by {line.began_by}{kept}; "
        f"not due {line.said('not_due')}"
    )
    for each in found.cases:
        held = ", kept by a legal hold" if each.held else ""
        yield f"    {each.reference} since {in_hong_kong(each.since)}, over on {each.over_on}{held}"
    if found.next:
        yield f"    more: --record {line.record} --after {found.next}"
    if line.due:
        yield f"  {line.next_step}"


def _told(found: Preview) -> list[str]:
    sealed = found.kept
    lines = [f"Case {found.reference} at version {found.version}, {found.stage}", "Unreadable:"]
    lines += [f"  {count} x {name}, its personal part" for name, count in sealed.events.items()]
    lines += [f"  {sealed.documents} documents, {sealed.document_bytes} bytes"]
    lines += [f"  {count} letters, {state}" for state, count in sealed.letters.items()]
    lines += [f"  {count} in {name}" for name, count in sealed.rows.items()]
    lines += [f"Deleted: {sealed.tokens} tokens to find the person by", "Stays readable:"]
    lines += [f"  {count} x {name}" for name, count in found.stays.items()]
    lines += [f"Refused: {each}" for each in found.refused]
    lines += [f"Mind: {each}" for each in found.open]
    return [*lines, f"Digest: {found.digest}"]


COMMANDS: Final = (privacy,)
