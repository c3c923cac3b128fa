"""`qmas exercise`: from the opening to the published result, and drawn again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

import click

from domain.access import Role
from domain.errors import NoSuchExercise
from domain.exercise_commands import DepartFromRank, MakeSelection, OpenExercise
from domain.exercise_terms import asked_terms
from domain.gradings import DepartureCode, Direction
from domain.looks import Look, What
from domain.rules.terms import (
    AfterNoPlace,
    Archetype,
    Leftover,
    Measure,
    Order,
    StratumPlaces,
)
from domain.slugs import slug
from services import exercises
from services.cli.asking import (
    AS,
    INSTANT,
    MOMENT,
    asking,
    computed,
    looking,
    office,
    tell,
    wide_console,
)
from services.cli.exercisetables import (
    exercise_table,
    exercises_table,
    opening_table,
    otherwise_recorded,
    placed_lines,
    result_table,
    what_if_lines,
)
from services.exercise_requests import ExerciseOutcome, proposal_of
from services.intake.strata import read_stratum
from services.looking import named
from services.openings import UNNAMED, dry_run_opening
from services.projections import queries, runner
from services.redrawing import redraw_seen
from services.requests import Request
from services.results import result_of, results
from services.what_if import Change, what_if, what_if_present
from services.wiring import Office

RUNS: Final = UUID("3c9e5b1a-0f53-4e0f-8f0c-8a5b0a3b7a42")
"""The namespace of the command ids of `exercise run`."""

_effective_at = click.option("--effective-at", type=INSTANT, help="When it was held, if not now.")


def _asking(opened: Office, name: str | None, at: datetime | None) -> Request:
    """Return the request for a step, of which each counts for who may confirm the selection."""
    return asking(opened, Role.SUPERVISOR, name, at, by_two=True)


def _step(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say when a step took effect, and who takes it."""
    return AS(_effective_at(command))


class Stratum(click.ParamType[StratumPlaces]):
    """A stratum with its places, and how many of it the committee sees: finance=10 or =10/15."""

    name = "stratum=places[/shortlist]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> StratumPlaces:
        """Return the stratum, or fail saying what one looks like."""
        if isinstance(value, StratumPlaces):
            return value
        try:
            return read_stratum(str(value))
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


def _choice(name: str, kind: type[StrEnum], told: str = "") -> Callable[..., Any]:
    """An option that takes one of the kind's values; None where it is not given."""

    def chosen(_ctx: click.Context, _param: click.Parameter, value: str | None) -> StrEnum | None:
        return None if value is None else kind(value)

    values = click.Choice([each.value for each in kind])
    return click.option(name, type=values, callback=chosen, help=told)


_PLACES: Final = click.option("--places", type=int, help="Its quota; without it there is none.")
_KIND: Final = (
    click.option(
        "--shortlist", "shortlist_size", type=int, help="How many the committee sees; default all."
    ),
    _choice("--archetype", Archetype, f"Default {Archetype.RANK_TO_QUOTA}."),
    _choice("--measure", Measure, f"Default {Measure.POINTS}."),
    click.option(
        "--stratum", "strata", type=Stratum(), multiple=True, help="finance=10, finance=10/15"
    ),
    _choice("--leftover", Leftover, f"Default {Leftover.NOBODY}."),
)
"""What an opening alone decides."""

_ORDER: Final = (
    _choice("--order", Order),
    click.option("--threshold", type=int, help="The least that takes part."),
)
_TERMS: Final = (
    click.option("--title", help="What people call it."),
    _PLACES,
    *_KIND,
    *_ORDER,
    _choice("--after-no-place", AfterNoPlace, f"Default {AfterNoPlace.ROLLS_OVER}."),
    _effective_at,
    AS,
)
"""The terms on which an exercise decides."""


def _with(options: Iterable[Callable[..., Any]]) -> Callable[..., Any]:
    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(tuple(options)):
            command = option(command)
        return command

    return decorated


def _opening(name: str, told: Mapping[str, Any]) -> OpenExercise:
    """Return the command with what was told; the rest is as it is without."""
    names = {each.name for each in fields(OpenExercise)}
    given = {key: each for key, each in told.items() if key in names and each is not None}
    return OpenExercise(**{"exercise": name, "title": name, **given})


@click.group()
def exercise() -> None:
    """Selection exercises: open, draw-shortlist, depart, propose, select, publish, replay."""


@exercise.command("open")
@click.argument("name")
@_with(_TERMS)
@click.option("--dry-run", is_flag=True, help="Tell what it would do, and open nothing.")
@click.pass_context
def open_(ctx: click.Context, /, name: str, *, dry_run: bool, **told: Any) -> None:
    """Open an exercise on the pool as it is now."""
    with office() as opened:
        if dry_run:
            found = dry_run_opening(opened, _look(), _opening(name, told), told["effective_at"])
            wide_console().print(opening_table(found))
            ctx.exit(0 if found.refusal is None else 1)
        asked = _asking(opened, told["as_"], told["effective_at"])
        _said(exercises.open_exercise(opened, _opening(name, told), asked))


@exercise.command("draw-shortlist")
@click.argument("name")
@_step
def draw(name: str, as_: str | None, effective_at: datetime | None) -> None:
    """Draw the shortlist from the frozen pool."""
    with office() as opened:
        asked = _asking(opened, as_, effective_at)
        _said(exercises.draw_shortlist(opened, name, asked))


@exercise.command("depart")
@click.argument("name")
@click.argument("reference")
@click.argument("direction", type=click.Choice([each.value for each in Direction]))
@click.option("--code", type=click.Choice([each.value for each in DepartureCode]), required=True)
@click.option("--reason", required=True, help="Why, in words that stay with the case.")
@_step
def depart(
    name: str, reference: str, direction: str, effective_at: datetime | None, **why: Any
) -> None:
    """Depart from the rank of a shortlisted case that the panel has graded."""
    command = DepartFromRank(
        reference=reference,
        direction=Direction(direction),
        code=DepartureCode(why["code"]),
        reason=why["reason"],
    )
    with office() as opened:
        asked = _asking(opened, why["as_"], effective_at)
        _said(exercises.depart_from_rank(opened, name, command, asked))


@exercise.command("propose")
@click.argument("name")
@_step
def propose(name: str, as_: str | None, effective_at: datetime | None) -> None:
    """Propose the selection, for another person to confirm."""
    with office() as opened:
        asked = _asking(opened, as_, effective_at)
        _said(exercises.propose_selection(opened, name, asked))


@exercise.command("select")
@click.argument("name")
@click.option("--digest", help="That of the proposal that you confirm; without it you are asked.")
@_step
def select(name: str, digest: str | None, as_: str | None, effective_at: datetime | None) -> None:
    """Confirm the proposed selection and allot the places; by somebody new to the exercise."""
    with office() as opened:
        asked = _asking(opened, as_, effective_at)
        command = MakeSelection(digest=digest or _seen(opened, name))
        _said(exercises.make_selection(opened, name, command, asked))


def _seen(opened: Office, name: str) -> str:
    """Return the digest of what is proposed once whoever is at the terminal has said yes to it."""
    proposed = proposal_of(opened, name)
    click.echo(
        f"{proposed.proposed_by} proposes {proposed.general} by rank or threshold and "
        f"{proposed.achievement} by achievement, with {proposed.passed_over} passed over; "
        f"cut-off {proposed.cut_off}"
    )
    click.echo(f"digest {proposed.digest}")
    click.confirm("Make this selection?", abort=True)
    return proposed.digest


@exercise.command("publish")
@click.argument("name")
@_step
def publish(name: str, as_: str | None, effective_at: datetime | None) -> None:
    """Publish the result, with small numbers hidden."""
    with office() as opened:
        asked = _asking(opened, as_, effective_at)
        _said(exercises.publish_result(opened, name, asked))


@exercise.command("run")
@click.argument("name")
@_with(_TERMS)
def run(name: str, **told: Any) -> None:
    """Open an exercise, draw its shortlist and propose the selection, in one go.

    Cut short, it is run again in the same words and goes on where it stopped. Somebody else then
    confirms the selection.
    """
    words = f"{name} {sorted((key, str(value)) for key, value in told.items())}"

    with office() as opened:
        asked = _asking(opened, told["as_"], told["effective_at"])

        def step(which: str) -> Request:
            return replace(asked, command_id=uuid5(RUNS, f"{which} {words}"))

        _said(exercises.open_exercise(opened, _opening(name, told), step("open")))
        _said(exercises.draw_shortlist(opened, name, step("draw")))
        _said(exercises.propose_selection(opened, name, step("propose")))
    click.echo(f"have somebody else confirm it: qmas exercise select {name} --as NAME")


@exercise.command("dry-run")
@click.argument("name")
@click.option("--list", "listed", is_flag=True, help="Name each case that would be taken.")
def dry_run(name: str, *, listed: bool) -> None:
    """Tell what the next step would do now; nothing of it is recorded."""
    with office() as opened:
        noted, found = exercises.dry_run(opened, _look(), name)
        division = found.division
        if listed:
            named(opened, noted, (each.member.reference for each in division.taken))
    click.echo(
        f"{name}: {slug(found.command)} would take {len(division.taken):,} "
        f"and leave {len(division.left):,}; cut-off {division.cut_off}; nothing was recorded"
    )
    for line in placed_lines(division.taken) if listed else ():
        click.echo(line)


@exercise.command("show")
@click.argument("name", required=False)
def show(name: str | None) -> None:
    """Show one exercise with all its figures, or all of them in short."""
    with office() as opened:
        runner.catch_up(opened.store, opened.models, "exercises")
        rows = queries.exercises(opened.models)
    wanted = [row for row in rows if name in {None, row.exercise}]
    if name and not wanted:
        raise NoSuchExercise(f"no exercise is called {name!r}")
    wide_console().print(exercise_table(wanted[0]) if name else exercises_table(wanted))


@exercise.command("results")
@click.argument("name", required=False)
def published(name: str | None) -> None:
    """Show the published result of an exercise, or which are published."""
    with office() as opened:
        if name is None:
            runner.catch_up(opened.store, opened.models, "exercises")
            for row in results(opened):
                click.echo(f"{row.exercise}  {row.title}  pool {row.pool_size:,}")
            return
        found = result_of(opened, name)
    wide_console().print(result_table(found))


@exercise.command("replay")
@click.argument("name")
@click.option("--list", "listed", is_flag=True, help="Name each case that was selected, in order.")
@click.pass_context
def replay(ctx: click.Context, name: str, *, listed: bool) -> None:
    """Draw an exercise again from the log alone; exit status 1 when anything differs."""
    with office() as opened:
        noted, again = redraw_seen(opened, _look(), name)
        selected = again.selection.taken if again.selection else ()
        if listed:
            named(opened, noted, (each.member.reference for each in selected))
        tell(opened, noted, again.differences, err=True)
    if again.differences:
        ctx.exit(1)
    click.echo(f"{name}: identical; pool {again.pool:,}, selected {len(selected):,}")
    for line in placed_lines(selected, lambda ref: computed(again.computed.get(ref))):
        if listed:
            click.echo(line)


@exercise.command("what-if")
@click.argument("name", required=False)
@click.option("--present", is_flag=True, help="On the pool as it is, instead of an exercise's.")
@_PLACES
@_with((*_ORDER, *_KIND))
@click.option("--ruleset", help="Points under another ruleset, such as gpt-2023.")
@click.option("--as-of", type=MOMENT, help="The pool as it stood then.")
@click.option("--csv", "form", flag_value="csv", help="One line a case, for a table.")
@click.option("--json", "form", flag_value="json", help="One object.")
def what_if_(name: str | None, *, present: bool, form: str | None, **told: Any) -> None:
    """Tell who would gain a place and who would lose it on other terms; nothing is recorded.

    An exercise keeps its kind: `--archetype`, `--measure`, `--stratum`, `--leftover` and
    `--shortlist` are for the present pool, which is compared with the usual order and without a
    threshold where the kind needs none.
    """
    if (name is None) is not present:
        raise click.UsageError("name an exercise, or say --present")
    own = ("archetype", "measure", "strata", "leftover", "shortlist_size")
    if name is not None and any(told[each] for each in own):
        raise click.UsageError(f"{name} keeps its kind; give its terms with --present instead")
    ruleset, as_of = told.pop("ruleset"), told.pop("as_of")
    with office() as opened:
        look = _look()
        if name is None:
            terms = asked_terms(_opening(UNNAMED, told))
            noted, found = what_if_present(opened, look, terms, ruleset=ruleset, as_of=as_of)
        else:
            changed = {each: told[each] for each in ("places", "order", "threshold")}
            change = Change(ruleset=ruleset, as_of=as_of, **changed)
            noted, found = what_if(opened, look, name, change)
        # As a text it names those alone whose place is another.
        shown = [each.reference for each in found.moved]
        shown += [each.reference for each in found.came_in if form]
        named(opened, noted, shown)
    if found.differs and form == "csv":
        # A table has no room for it.
        click.echo(otherwise_recorded(found), err=True)
    for line in what_if_lines(found, form or "text"):
        click.echo(line)


def _look() -> Look:
    return looking(What.EXERCISE, role=Role.SUPERVISOR)


def _said(outcome: ExerciseOutcome) -> None:
    written = f", {_number_of_cases(outcome.cases)} written" if outcome.cases else ""
    click.echo(f"{outcome.exercise}: version {outcome.version}{written}")


def _number_of_cases(number: int) -> str:
    return "1 case" if number == 1 else f"{number} cases"


COMMANDS = (exercise,)
