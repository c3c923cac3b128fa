"""`qmas work`: take the next case, pass cases on, note something, answer requests for data."""

import sys
from datetime import date
from enum import StrEnum
from typing import Final

import click
from rich.table import Table

from domain import work_commands as c
from domain.access import Role
from domain.application import Route
from domain.data_access import AccessChannel, AccessGround, AccessOutcome
from domain.days import hong_kong_date
from domain.errors import NothingWaits
from domain.looks import What
from domain.stages import Stage
from domain.work_queue import FOR_OFFICERS
from services.cli.asking import (
    DAY,
    in_hong_kong,
    looking,
    office,
    operator,
    request,
    wide_console,
)
from services.counts import Count
from services.identity.people import recorded_as
from services.projections import queue, runner
from services.projections.deadlines import answers_awaited
from services.statistics import workload
from services.work import WorkOutcome, carry_out, take_next

_NOTE: Final = "TEXT is the note, or - to read it from standard input."
_ASKED: Final = "TEXT is what is asked for, in the words of whoever asks, or - for standard input."
_AT_MOST: Final = 1_000


def _choice(kind: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([each.value for each in kind])


@click.group()
def work() -> None:
    """Work on cases: next, list, load, take, release, assign, hand-over, return, note, posted.

    Requests for personal data: data-open, data-requested, data-delayed, data-answered.
    """


@work.command("next")
@click.option("--stage", type=_choice(Stage), help="At this stage.")
@click.option("--route", type=_choice(Route), help="By this test.")
def next_(stage: str | None, route: str | None) -> None:
    """Take the case that waits longest for an officer and that nobody has."""
    wanted = c.TakeNext(
        stage=Stage(stage) if stage else None, route=Route(route) if route else None
    )
    with office() as opened:
        try:
            _said(take_next(opened, wanted, request(Role.OFFICER)))
        except NothingWaits as fault:
            raise NothingWaits(f"{fault}; `qmas work list` shows who has how many") from fault


@work.command("list")
@click.option("--of", "officer", help="Whose cases to list; default: your own.")
def list_(officer: str | None) -> None:
    """List the cases that an officer has, and who has how many."""
    with office() as opened:
        for name in ("case-list", "work"):
            runner.catch_up(opened.store, opened.models, name)
        wanted = officer or operator(Role.OFFICER).name
        if officer:
            wanted = recorded_as(opened.settings, officer)
        held = queue.held_by(opened.models, looking(What.WORK), wanted)
        loads = queue.workloads(opened.models)
        waiting = queue.waiting(opened.models, FOR_OFFICERS)
        on_hold = queue.waiting(opened.models, FOR_OFFICERS, on_hold=True)
    console = wide_console()
    console.print(_cases(wanted, held))
    console.print(_loads(loads, waiting, on_hold))


@work.command("load")
def load() -> None:
    """Show what each officer has and did, and what nobody has."""
    with office() as opened:
        for name in ("case-list", "work", "paths"):
            runner.catch_up(opened.store, opened.models, name)
        found = workload(opened)
    since = f", the longest since {in_hong_kong(found.longest_since)}" if found.cases else ""
    table = Table(
        title="The work of each officer", caption=f"{found.cases} wait with nobody{since}"
    )
    headings = ("Officer", "Has", "The longest since", "Returned", "Done this week", "This month")
    for heading in headings:
        table.add_column(heading)
    for each in found.officers:
        numbers = (each.came_back, each.in_week, each.in_month)
        longest = in_hong_kong(each.longest_since)
        table.add_row(each.officer, str(each.held), longest, *map(str, numbers))
    wide_console().print(table)


@work.command("take")
@click.argument("reference")
def take(reference: str) -> None:
    """Take a case that nobody has."""
    _done(reference, c.TakeCase())


@work.command("release")
@click.argument("reference")
def release(reference: str) -> None:
    """Put a case of your own back into the queue."""
    _done(reference, c.ReleaseCase())


@work.command("assign")
@click.argument("reference")
@click.argument("officer")
def assign(reference: str, officer: str) -> None:
    """Give a case to an officer, whoever has it."""
    _done(reference, c.AssignCase(officer=officer), Role.SUPERVISOR)


@work.command("hand-over")
@click.argument("reference")
@click.argument("officer")
def hand_over(reference: str, officer: str) -> None:
    """Hand a case of your own over to another officer."""
    _done(reference, c.HandOverCase(officer=officer))


@work.command("return")
@click.argument("reference")
@click.argument("reason")
def return_(reference: str, reason: str) -> None:
    """Return a case of your own to whoever handed it over, else to the queue."""
    _done(reference, c.ReturnCase(reason=reason))


@work.command("note", epilog=_NOTE)
@click.argument("reference")
@click.argument("text")
@click.option("--supersedes", type=int, help="The note that this one takes the place of.")
def note(reference: str, text: str, supersedes: int | None) -> None:
    """Note something on a case, or correct a note by another."""
    said = _typed(text)
    if supersedes is None:
        _done(reference, c.AddNote(text=said))
    else:
        _done(reference, c.SupersedeNote(note=supersedes, text=said))


@work.command("posted")
@click.argument("reference")
@click.argument("letter", type=click.IntRange(min=1))
def posted(reference: str, letter: int) -> None:
    """Record that a letter which mail could not deliver was sent by post.

    LETTER is its number in `qmas notifications list --state failed`.
    """
    _done(reference, c.RecordPosting(letter=letter))


@work.command("data-open")
def data_open() -> None:
    """List the requests for data that await their answer, the next due first."""
    with office() as opened:
        for name in ("case-list", "deadlines"):
            runner.catch_up(opened.store, opened.models, name)
        found = answers_awaited(opened.models, looking(What.WORK), limit=_AT_MOST)
        today = hong_kong_date(opened.clock())
    more = f"the first {_AT_MOST}" if len(found) == _AT_MOST else str(len(found))
    table = Table(title="Requests for data", caption=f"{more} to be answered")
    for heading in ("Reference", "Answer by", "Day is", "With"):
        table.add_column(heading)
    for each in found:
        over = "over" if each.due_on < today else ""
        table.add_row(each.reference, each.due_on.isoformat(), over, each.holder or "nobody")
    wide_console().print(table)


@work.command("data-requested", epilog=_ASKED)
@click.argument("reference")
@click.argument("text")
@click.option("--received-on", type=DAY, required=True, help="When it reached the office.")
@click.option("--channel", type=_choice(AccessChannel), required=True, help="How it came.")
@click.option("--asked-by", required=True, help="Who asks.")
def data_requested(
    reference: str, text: str, received_on: date, channel: str, asked_by: str
) -> None:
    """Record that the data on the person of a case were asked for."""
    command = c.RecordDataAccessRequest(
        received_on=received_on,
        channel=AccessChannel(channel),
        asked_by=asked_by,
        text=_typed(text),
    )
    _done(reference, command)


@work.command("data-delayed")
@click.argument("reference")
@click.argument("due_on", type=DAY)
@click.argument("reason")
def data_delayed(reference: str, due_on: date, reason: str) -> None:
    """Record that whoever asked for data was told why the answer comes later, by DUE_ON."""
    _done(reference, c.DelayDataAccess(due_on=due_on, reason=_typed(reason)))


@work.command("data-answered")
@click.argument("reference")
@click.argument("outcome", type=_choice(AccessOutcome))
@click.option("--ground", type=_choice(AccessGround), help="Why data are kept back.")
@click.option("--reason", default="", help="The same in words, for whoever asked.")
def data_answered(reference: str, outcome: str, ground: str | None, reason: str) -> None:
    """Record that a request for data was answered."""
    command = c.AnswerDataAccess(
        outcome=AccessOutcome(outcome),
        ground=AccessGround(ground) if ground else None,
        reason=_typed(reason),
    )
    _done(reference, command)


def _done(reference: str, command: c.WorkCommand, role: Role = Role.OFFICER) -> None:
    with office() as opened:
        _said(carry_out(opened, reference, command, request(role)))


def _typed(text: str) -> str:
    """Return what is said, or what standard input says in place of a dash."""
    return sys.stdin.read().strip() if text == "-" else text


def _said(outcome: WorkOutcome) -> None:
    click.echo(f"{outcome.reference}: with {outcome.holder or 'nobody'}")


def _cases(officer: str, held: tuple[queue.HeldCase, ...]) -> Table:
    table = Table(title=f"Cases of {officer}")
    for heading in ("Reference", "Since", "Stage", "At it since", "Route", "Notes", "Returned"):
        table.add_column(heading)
    for each in held:
        table.add_row(
            each.work.reference,
            in_hong_kong(each.work.since),
            each.stage,
            in_hong_kong(each.stage_since),
            each.route,
            str(each.work.notes),
            "yes" if each.work.returned else "",
        )
    return table


def _loads(loads: tuple[queue.Workload, ...], waiting: Count, on_hold: Count) -> Table:
    kept_back = f"; {on_hold} more are held for an investigation" if on_hold else ""
    wait = f"{waiting} waits" if waiting.number == 1 else f"{waiting} wait"
    them = "nobody has it" if waiting.number == 1 else "nobody has them"
    table = Table(
        title="Who has how many",
        caption=f"{wait} for an officer; {them}{kept_back}",
    )
    for heading in ("Officer", "Cases", "The longest since"):
        table.add_column(heading)
    for each in loads:
        table.add_row(each.officer, str(each.cases), in_hong_kong(each.longest_since))
    return table


COMMANDS = (work,)
