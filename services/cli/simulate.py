"""`qmas rules simulate`: what another ruleset would do to the cases that are open."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from domain.access import Role
from domain.looks import What
from services.cli.asking import LEAST_WIDTH, MOMENT, computed, looking, office
from services.looking import named
from services.simulation.comparing import Compared, Effect, Standing
from services.simulation.simulate import Question, Simulated, Step, Told, simulate
from services.simulation.table import Write, csv_to, row_of, whole_file
from services.simulation.tally import Tally
from services.store.looks import Noted
from services.wiring import Office

FILE: Final = click.Path(path_type=Path, allow_dash=True, dir_okay=False)
_BAR: Final = 40
_MOST: Final = 64
_PART: Final = 1_000
_LISTS: Final = ("most_gained", "most_lost", "newly_eligible", "no_longer_eligible")


@click.command("simulate")
@click.option("--to", required=True, metavar="RULESET", help="The ruleset to try.")
@click.option("--as-of", type=MOMENT, help="Cases as they stood then; a day means its end.")
@click.option(
    "--believed-at", type=MOMENT, help="Cases as the office knew them then; a day means its end."
)
@click.option("--csv", "csv_file", type=FILE, help="Write one row a case here; `-` is stdout.")
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON object.")
@click.option(
    "--processes",
    type=click.IntRange(1, _MOST),
    default=lambda: os.cpu_count() or 1,
    show_default="one a core",
    help="How many share the work.",
)
def simulate_rules(csv_file: Path | None, *, as_json: bool, **asked: Any) -> None:
    """Score every open case under another ruleset: who gains, who loses, by how much.

    Nothing is recorded. With `--csv -` the summary goes to standard error.
    """
    on_stdout = str(csv_file) == "-"
    if on_stdout and as_json:
        raise click.UsageError("--json and --csv - both want standard output; name a file")
    question = Question(**asked)
    with tidily(), office() as opened, _rows(opened, csv_file) as each, _bar() as told:
        look = looking(What.EXERCISE, role=Role.SUPERVISOR)
        noted, found = simulate(opened, look, question, each=each, told=told)
        named(opened, noted, _named(found.tally))
    if as_json:
        click.echo(json.dumps(_summary(question, found)))
    else:
        _tell(_console(stderr=on_stdout), found)


@contextmanager
def tidily() -> Iterator[None]:
    """Told to end, this process ends like an interrupted one: nothing half made is left."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _rows(opened: Office, path: Path | None) -> Iterator[Callable[[Noted, Compared], None]]:
    """Yield what takes each case: a file, standard output, or nothing.

    The look at the cases is on record a part at a time, each before it is written.
    """
    if path is None:
        yield lambda *_: None
        return
    where = nullcontext(sys.stdout) if str(path) == "-" else whole_file(path)
    with where as file:
        write, waiting = _ready(file), list[tuple[Noted, Compared]]()

        def flush() -> None:
            noted = waiting[0][0]
            exported = replace(noted, look=replace(noted.look, what=What.EXPORT))
            named(opened, exported, (each.reference for _, each in waiting))
            for _, each in waiting:
                write(each)
            waiting.clear()

        def take(noted: Noted, case: Compared) -> None:
            waiting.append((noted, case))
            if len(waiting) >= _PART:
                flush()

        yield take
        if waiting:
            flush()


def _ready(file: TextIO) -> Write:
    """Return what writes to a file, which is begun with its first case: refused, it has nothing."""
    begun: list[Write] = []

    def write(case: Compared) -> None:
        if not begun:
            begun.append(csv_to(file))
        begun[0](case)

    return write


def _named(tally: Tally) -> Iterator[str]:
    """Return which cases a summary names."""
    for cases in (getattr(tally, name) for name in _LISTS):
        yield from (each.reference for each in cases)


@contextmanager
def _bar() -> Iterator[Told]:
    console = Console(stderr=True)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks = {step: bar.add_task(step.capitalize(), total=None) for step in Step}
        yield lambda step, done, total: bar.update(tasks[step], completed=done, total=total)


def _console(*, stderr: bool) -> Console:
    found = Console(stderr=stderr)
    return found if found.width >= LEAST_WIDTH else Console(stderr=stderr, width=LEAST_WIDTH)


def _summary(question: Question, found: Simulated) -> dict[str, Any]:
    tally = found.tally
    return {
        "ruleset": found.target.id,
        "digest": found.target.digest,
        "route": found.target.route,
        "position": found.position,
        "as_of": question.as_of.isoformat() if question.as_of else None,
        "believed_at": question.believed_at.isoformat() if question.believed_at else None,
        "cases": tally.cases,
        "gains": {"cases": tally.effects[Effect.GAINS], "points": tally.gained},
        "loses": {"cases": tally.effects[Effect.LOSES], "points": tally.lost},
        "same": tally.effects[Effect.SAME],
        "not_assessable": tally.effects[Effect.NOT_ASSESSABLE],
        "becomes_eligible": tally.becomes_eligible,
        "loses_eligibility": tally.loses_eligibility,
        "changes": [{"change": by, "cases": cases} for by, cases in tally.changes.items()],
        **{name: [row_of(case) for case in getattr(tally, name)] for name in _LISTS},
    }


def _tell(console: Console, found: Simulated) -> None:
    tally = found.tally
    target = found.target
    console.print(f"Open cases of the {target.route} route under {target.id}", highlight=False)
    console.print(_counts(found))
    console.print(f"Log up to position {found.position}; nothing was recorded", highlight=False)
    if tally.changes:
        console.print(_histogram(tally.changes))
    for title, cases in (
        ("Gain most", tally.most_gained),
        ("Lose most", tally.most_lost),
        ("Become eligible", tally.newly_eligible),
        ("Lose eligibility", tally.no_longer_eligible),
    ):
        if cases:
            console.print(_cases(title, cases))


def _together(tally: Tally, cases: int, points: int) -> str:
    if tally.cases and not tally.changes:
        return f"{cases}, by eligibility alone"
    return f"{cases}; {points} points together"


def _counts(found: Simulated) -> Table:
    tally, effects = found.tally, found.tally.effects
    table = Table(show_header=False)
    table.add_row("Open cases", str(tally.cases))
    table.add_row("Gain", _together(tally, effects[Effect.GAINS], tally.gained))
    table.add_row("Lose", _together(tally, effects[Effect.LOSES], tally.lost))
    table.add_row("Stay the same", str(effects[Effect.SAME]))
    if effects[Effect.NOT_ASSESSABLE]:
        table.add_row("Not assessable", f"{effects[Effect.NOT_ASSESSABLE]}: the person was erased")
    table.add_row("Become eligible", str(tally.becomes_eligible))
    table.add_row("Lose eligibility", str(tally.loses_eligibility))
    return table


def _histogram(changes: Mapping[int, int]) -> Table:
    most = max(changes.values())
    table = Table("", "", "", title="Changes in points", box=None, show_header=False)
    table.title_justify = "left"
    table.columns[0].justify = table.columns[1].justify = "right"
    for change, cases in changes.items():
        # A change of few is seen too.
        table.add_row(_signed(change), str(cases), "█" * max(1, cases * _BAR // most))
    return table


def _cases(title: str, cases: tuple[Compared, ...]) -> Table:
    table = Table("", "Stage", "Now", "Then", "Change", title=title, box=None, title_justify="left")
    for each in cases:
        table.add_row(
            each.reference,
            each.stage,
            _standing(each.present),
            _standing(each.target),
            "-" if each.change is None else _signed(each.change),
        )
    return table


def _standing(found: Standing) -> str:
    total = "erased" if found.total is None else str(found.total)
    eligible = {True: ", eligible", False: ", not eligible", None: ""}[found.eligible]
    return f"{found.ruleset}: {total}{computed(found.computed_total)}{eligible}"


def _signed(change: int) -> str:
    return f"{change:+}" if change else "0"
