"""`qmas demo`: everything at once on a fresh machine, and proof of what it shows."""

import time

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn
from rich.table import Table

from domain.days import HONG_KONG
from domain.projections.case_list import CaseRow
from domain.projections.exercises import ExerciseRow
from services import identity
from services.cli import asking
from services.cli.asking import in_hong_kong, wide_console
from services.counts import Count
from services.demo import lives, proof, year
from services.settings import Settings
from services.stack import lifecycle
from services.wiring import Office, open_office


@click.command()
@click.option("--ci", is_flag=True, help="Stop everything at the end.")
def demo(*, ci: bool) -> None:
    """Start everything, load John, Emma, Jackie and 2,000 others, and run an exercise to visas.

    It can be interrupted and run again; a second run recognises what the first one did.
    """
    settings = asking.settings(asks=False)
    console = wide_console()
    begun = time.monotonic()
    try:
        lifecycle.up(settings, say=click.echo)
        if identity.are_local(settings):
            identity.logins(settings)
        office = open_office(settings)
        try:
            _show(office, console)
            _doors(settings, console)
        finally:
            office.close()
    finally:
        if ci:
            lifecycle.down(settings, say=click.echo)
    click.echo(f"Done in {time.monotonic() - begun:.0f} seconds.")


def _show(office: Office, console: Console) -> None:
    columns = (
        "[progress.description]{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        intake = bar.add_task("Intake and assessment", total=year.APPLICANTS + len(year.KNOWN))
        references = year.take_in(office, year.arrivals(), lambda done: bar.advance(intake, done))
        exercise = bar.add_task("Selection exercise", total=1)
        selected = year.hold_exercise(office)
        bar.advance(exercise)
        granted = selected[: lives.REFUSED_LATE]
        visas = bar.add_task("Approvals and visas", total=len(granted))
        year.issue_visas(office, granted, lambda done: bar.advance(visas, done))
        further = bar.add_task("What else befalls a case", total=1)
        followed = lives.live(office, selected)
        bar.advance(further)
        proving = bar.add_task("Read models against the log", total=1)
        proof.await_read_models(office)
        shown = proof.summary(office, references)
        proof.prove(office, shown)
        bar.advance(proving)
    console.print(_stages(shown))
    console.print(_exercise(shown.exercise))
    console.print(_known(shown))
    console.print(_lives(followed))
    console.print(
        f"All of this is read from the read models at position {shown.events} of the log. "
        "It equals a fold of the log from nothing, a fresh assessment, and the exercise redrawn."
    )


def _stages(shown: proof.Summary) -> Table:
    table = Table("Stage", "Applications", title="Applications by stage")
    for stage, number in shown.by_stage.items():
        table.add_row(stage, str(number))
    table.add_section()
    table.add_row("all", str(Count.total(shown.by_stage.values())))
    return table


def _exercise(row: ExerciseRow) -> Table:
    table = Table(show_header=False, title=row.title)
    table.add_row("Pool", f"{row.pool_size:,}")
    table.add_row("Places", f"{row.places:,}")
    table.add_row("Shortlisted", f"{row.shortlisted:,}")
    table.add_row(
        "Selected", f"{row.selected:,}, of them {row.selected_achievement:,} by achievement"
    )
    table.add_row("Cut-off", f"{row.cut_off} points")
    tie = row.tie_break.astimezone(HONG_KONG).isoformat() if row.tie_break else "-"
    table.add_row("Tie-break", f"submitted by {tie} (local policy)")
    return table


def _known(shown: proof.Summary) -> Table:
    table = Table(
        "Person", "Reference", "Ruleset", "Points", "Rank", "Stage", "Since", title="Outcomes"
    )
    for row in shown.known.values():
        table.add_row(*_outcome(row))
    return table


def _lives(followed: tuple[lives.Life, ...]) -> Table:
    table = Table("What befell it", "Reference", "Stage", title="Lives")
    for life in followed:
        table.add_row(life.told, life.reference, life.stage)
    return table


def _outcome(row: CaseRow) -> tuple[str, ...]:
    rank = "not ranked" if row.rank is None else f"{row.rank:,}"
    return (
        row.name or "erased",
        row.reference,
        row.ruleset or "-",
        str(row.points),
        rank,
        row.stage,
        in_hong_kong(row.stage_since),
    )


def _doors(settings: Settings, console: Console) -> None:
    table = Table("Where", "Address", title="Where to look")
    table.add_row("Applicants", f"{settings.public_url}/ (the code is in the newest mail)")
    table.add_row("Staff", f"{settings.public_url}/staff")
    table.add_row("Auditors", f"{settings.public_url}/audit")
    table.add_row("API", f"{settings.public_url}/api/v1/openapi.json")
    table.add_row("Mail sent", str(settings.home / "mail"))
    console.print(table)
    if not identity.are_local(settings):
        return
    people = Table("Name", "Role", "Password", "API token", title="Demo log-ins (this machine)")
    for login in identity.logins(settings):
        people.add_row(login.name, login.role, login.password, login.token)
    console.print(people)


COMMANDS = (demo,)
