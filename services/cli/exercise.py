"""`qmas exercise`: open, draw the shortlist, select, show and draw again."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import click
from rich.table import Table

from domain.access import Role
from domain.commands import OpenExercise
from domain.days import HONG_KONG
from domain.errors import NoSuchExercise
from domain.projections.exercises import ExerciseRow
from services.cases import Request
from services.cli.asking import INSTANT, computed, in_hong_kong, office, request, wide_console
from services.exercises import (
    ExerciseOutcome,
    draw_shortlist,
    make_selection,
    open_exercise,
    redraw,
)
from services.projections import queries, runner

RUNS: Final = UUID("3c9e5b1a-0f53-4e0f-8f0c-8a5b0a3b7a42")
"""The namespace of the command ids of `exercise run`."""

_effective_at = click.option("--effective-at", type=INSTANT, help="When it was held, if not now.")


@click.group()
def exercise() -> None:
    """Selection exercises: open, draw-shortlist, select, run, show, replay."""


@exercise.command("open")
@click.argument("name")
@click.option("--title", default="", help="What people call it.")
@click.option("--places", type=int, required=True)
@click.option("--shortlist", type=int, help="How many cases the committee sees; default: places.")
@_effective_at
def open_(
    name: str, title: str, places: int, shortlist: int | None, effective_at: datetime | None
) -> None:
    """Open an exercise on the pool as it is now."""
    _said(_open(name, title or name, places, shortlist or places, effective_at))


@exercise.command("draw-shortlist")
@click.argument("name")
@_effective_at
def draw(name: str, effective_at: datetime | None) -> None:
    """Draw the shortlist from the frozen pool."""
    with office() as opened:
        _said(draw_shortlist(opened, name, request(Role.SUPERVISOR, effective_at)))


@exercise.command("select")
@click.argument("name")
@_effective_at
def select(name: str, effective_at: datetime | None) -> None:
    """Allot the places among the shortlist."""
    with office() as opened:
        _said(make_selection(opened, name, request(Role.SUPERVISOR, effective_at)))


@exercise.command("run")
@click.argument("name")
@click.option("--title", default="")
@click.option("--places", type=int, required=True)
@click.option("--shortlist", type=int)
@_effective_at
def run(
    name: str, title: str, places: int, shortlist: int | None, effective_at: datetime | None
) -> None:
    """Open an exercise, draw its shortlist and select, in one go.

    Cut short, it is run again in the same words and goes on where it stopped.
    """
    words = f"{name} {title} {places} {shortlist} {effective_at}"

    def step(which: str) -> Request:
        return request(Role.SUPERVISOR, effective_at, uuid5(RUNS, f"{which} {words}"))

    command = OpenExercise(
        exercise=name, title=title or name, places=places, shortlist_size=shortlist or places
    )
    with office() as opened:
        _said(open_exercise(opened, command, step("open")))
        _said(draw_shortlist(opened, name, step("draw")))
        _said(make_selection(opened, name, step("select")))


@exercise.command("show")
@click.argument("name", required=False)
def show(name: str | None) -> None:
    """Show one exercise, or all of them."""
    with office() as opened:
        runner.catch_up(opened.store, opened.models, "exercises")
        rows = queries.exercises(opened.models)
    wanted = [row for row in rows if name in {None, row.exercise}]
    if name and not wanted:
        raise NoSuchExercise(f"no exercise is called {name!r}")
    wide_console().print(_table(wanted))


@exercise.command("replay")
@click.argument("name")
@click.option("--list", "listed", is_flag=True, help="Name each case that was selected, in order.")
@click.pass_context
def replay(ctx: click.Context, name: str, *, listed: bool) -> None:
    """Draw an exercise again from the log alone; exit status 1 when anything differs."""
    with office() as opened:
        again = redraw(opened, name)
    for difference in again.differences:
        click.echo(difference, err=True)
    if again.differences:
        ctx.exit(1)
    selected = again.selection.taken if again.selection else ()
    click.echo(f"{name}: identical; pool {again.pool}, selected {len(selected)}")
    for placed in selected if listed else ():
        member = placed.member
        rank = "achievement" if placed.rank is None else f"rank {placed.rank}"
        told = computed(again.computed.get(member.reference))
        click.echo(f"  {member.reference}  {member.points:>3}{told}  {rank}")


def _open(
    name: str, title: str, places: int, shortlist: int, effective_at: datetime | None
) -> ExerciseOutcome:
    command = OpenExercise(exercise=name, title=title, places=places, shortlist_size=shortlist)
    with office() as opened:
        return open_exercise(opened, command, request(Role.SUPERVISOR, effective_at))


def _said(outcome: ExerciseOutcome) -> None:
    click.echo(f"{outcome.exercise}: version {outcome.version}, {outcome.cases} cases written")


def _table(rows: list[ExerciseRow]) -> Table:
    table = Table(
        title="Exercises",
        caption="Ties are broken by instant of submission, then reference: local policy.",
    )
    headings = (
        "Exercise",
        "Stage",
        "Opened",
        "Pool",
        "Left out",
        "Places",
        "Shortlisted",
        "Selected",
        "Cut-off",
        "Tie-break (Hong Kong)",
    )
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(
            row.exercise,
            row.stage,
            in_hong_kong(row.opened_at),
            str(row.pool_size),
            str(row.left_out),
            str(row.places),
            _or_dash(row.shortlisted),
            _or_dash(row.selected),
            _or_dash(row.cut_off),
            f"{row.tie_break.astimezone(HONG_KONG):%Y-%m-%d %H:%M:%S}" if row.tie_break else "-",
        )
    return table


def _or_dash(number: int | None) -> str:
    return "-" if number is None else str(number)


COMMANDS = (exercise,)
