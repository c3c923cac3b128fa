"""`qmas projections`: how the read models get on, whether they are right, and filling them anew."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from domain.looks import Look, What
from services.cli.asking import looking, office, tell
from services.projections import bulk, comparing, queries, rebuilding, runner, watching
from services.projections.checkpoints import State, of_state
from services.projections.comparing import Comparison
from services.projections.errors import (
    OfAnotherLog,
    ProjectionOutdated,
    ProjectionStopped,
    StopsEarlier,
)
from services.projections.queries import Progress, Stop
from services.projections.verify import Difference, drawn, verify_some
from services.projections.verify import verify as verify_one
from services.projections.watching import Pass, Verification
from services.wiring import Office

_SHOWN = 20
_PROMPT = timedelta(minutes=1)
_HEADS = ("READ MODEL", "VERSION", "POSITION", "STATE", "BEHIND SINCE", "KNOWS UNTIL", "BESIDE")
_NAMES = click.Choice([*runner.PROJECTIONS])


@click.group()
def projections() -> None:
    """Read models: tables folded from the log, which can be thrown away and folded again."""


@projections.command()
def status() -> None:
    """Show how far each read model is; exit status 1 when one stands still or is of another log.

    So it is when one was filled by another version of its fold. Rows that stand still beside the
    live ones are named, and keep nobody from anything.

    VERSION is that of the program which folds it. BESIDE names rows that are not live: `ready` ones
    can take their place, `former` ones can be had back.
    """
    with office() as opened:
        head = opened.store.sequence()
        found = queries.progress(opened.models)
        verified = watching.verification(opened.models)
        late = [
            each.name
            for each in found
            if not (each.stop or each.of_another_log) and _is_late(each, opened.clock())
        ]
        click.echo(f"the log has {head} events")
        for line in _table(found):
            click.echo(line)
        click.echo(_verified(verified))
        if late:
            click.echo(
                f"qmas: {', '.join(late)}: behind for more than a minute: no worker folds, or "
                "there is more than it can fold; `qmas doctor` tells whether one answers",
                err=True,
            )
        wrong = [*_wrong(found, head), *_told_to_differ(verified)]
        tell(opened, _look(), [*wrong, *_stopped_beside(found)], err=True)
    sys.exit(1 if wrong else 0)


def _wrong(found: Sequence[Progress], head: int) -> Iterator[str]:
    """Return what is wrong with read models: with those that stand still, first."""
    for each in found:
        yield from (_stopped(each.name, stop) for stop in each.stops)
    for each in found:
        if each.outdated is not None:
            yield (
                f"qmas: {each.name} was filled by version {each.outdated} of its fold: "
                f"qmas projections rebuild {each.name}"
            )
    for each in found:
        if each.of_another_log:
            yield f"qmas: {OfAnotherLog(each.name, each.furthest, head)}"


def _told_to_differ(verified: Verification | None) -> Iterator[str]:
    """Return which rows workers found to differ, the first of many."""
    differing = verified.told if verified else ()
    for told in differing[:_SHOWN]:
        yield (
            f"qmas: {told.projection}: {told.difference}, as was seen on {_utc(told.seen_at)}; "
            f"{_remedy(told.projection, told.difference)}"
        )
    if more := _differing(verified) - len(differing[:_SHOWN]):
        yield f"qmas: and {more} more: qmas projections verify names each"


@projections.command()
@click.argument("names", nargs=-1, type=_NAMES)
@click.option(
    "--sample", type=click.IntRange(1), metavar="N", help="Only what N events by chance are of."
)
def verify(names: tuple[str, ...], *, sample: int | None) -> None:
    """Compare read models (all, or those NAMED) with a fold of the log from nothing.

    Every row that differs is a line of its own. Exit status 1 when one does, or another version of
    its fold filled one. Workers do the same all day, a stretch at a time: `qmas projections status`
    shows what they found.
    """
    wrong = 0
    with office() as opened:
        keys = None if sample is None else drawn(opened.models, sample)
        for name in names or runner.PROJECTIONS:
            try:
                if keys is None:
                    differences = verify_one(opened.store, opened.models, name)
                else:
                    differences = verify_some(opened.store, opened.models, name, keys)
            except (ProjectionOutdated, OfAnotherLog) as fault:
                click.echo(f"qmas: {fault}", err=True)
                wrong += 1
                continue
            position = queries.freshness(opened.models, name).position
            tell(opened, _look(), _compared(name, position, differences, keys))
            if differences:
                click.echo(_to_mend(name, differences), err=True)
            wrong += len(differences)
    sys.exit(1 if wrong else 0)


@projections.command()
@click.argument("name", type=_NAMES)
def retry(name: str) -> None:
    """Fold a read model on from what stopped it; exit status 1 when that stops it again.

    So are the rows that stand beside it.
    """
    with office() as opened:
        with suppress(ProjectionStopped):
            runner.catch_up(opened.store, opened.models, name)
        (found,) = (each for each in queries.progress(opened.models) if each.name == name)
        stopped = [*(_stopped(name, stop) for stop in found.stops), *_stopped_beside((found,))]
        tell(opened, _look(), stopped, err=True)
    if not found.stops:
        click.echo(f"{name}: folded on to position {found.freshness.position}")
    sys.exit(1 if stopped else 0)


@projections.command()
@click.argument("names", nargs=-1, type=_NAMES)
@click.option("--yes", is_flag=True, help="Change over without asking.")
def rebuild(names: tuple[str, ...], *, yes: bool) -> None:
    """Fold read models (all, or those NAMED) from nothing beside the live ones, and change over.

    What would change is shown first. Without a yes the new ones stay beside, and follow the log.
    So do those that an event stops which the live ones are past: exit status 1.
    """
    wanted = names or tuple(runner.PROJECTIONS)
    with office() as opened:
        with _bar() as told:
            stops = rebuilding.rebuild(_site(opened), wanted, told)
        tell(opened, _look(), (f"qmas: the new rows: {stop}" for stop in stops), err=True)
        for name in wanted:
            _show_changes(opened, name)
        if not (yes or _agreed(wanted)):
            for name in wanted:
                click.echo(f"{name}: left beside the live one: qmas projections switch {name}")
            return
        changed = [_changed_over(opened, name) for name in wanted]
        sys.exit(0 if all(changed) else 1)


def _changed_over(opened: Office, name: str) -> bool:
    """The new rows are live; false where an event that stops them alone keeps them beside."""
    try:
        position = rebuilding.change_over(_site(opened), name)
    except StopsEarlier as fault:
        tell(opened, _look(), (f"qmas: {fault}",), err=True)
        return False
    click.echo(f"{name}: folded again up to position {position}")
    return True


@projections.command()
@click.argument("name", type=_NAMES)
@click.option("--all", "every", is_flag=True, help="Name every row that changes, a line each.")
def diff(name: str, *, every: bool) -> None:
    """Show what would change for readers; exit status 1 when something would."""
    with office() as opened:
        found = comparing.compare(opened.store, opened.models, name, every=every)
        rows = (f"{name}: {each}" for each in found.changes)
        tell(opened, _look(), rows if every else _shown(found))
        _show_stops(found)
    sys.exit(0 if found.is_same else 1)


@projections.command()
@click.argument("name", type=_NAMES)
@click.option("--back", is_flag=True, help="To the one that was live before.")
def switch(name: str, *, back: bool) -> None:
    """Change over to the rows that stand ready beside the live ones, or back.

    Those that were live are kept, so that `--back` after `--back` is forward again.
    """
    with office() as opened:
        position = rebuilding.change_over(_site(opened), name, back=back, by_hand=True)
        found = queries.generations(opened.models, name)
    click.echo(f"{name}: changed over at position {position}")
    live, former = (of_state(found, each) for each in (State.LIVE, State.FORMER))
    if live is None or former is None:  # dropped by somebody else in this very moment
        return
    newer, older = ("newer", "older") if live.number > former.number else ("older", "newer")
    click.echo(f"  live: the {newer} rows, made {_utc(live.made_at)}")
    click.echo(
        f"  kept: the {older} rows, made {_utc(former.made_at)}; to have them back: qmas "
        f"projections switch {name} --back"
    )


@projections.command()
@click.argument("name", type=_NAMES)
def discard(name: str) -> None:
    """Drop the rows that stand beside the live ones, ready, former or half filled."""
    with office() as opened:
        gone = rebuilding.discard(_site(opened), name)
    click.echo(f"{name}: {len(gone)} dropped" if gone else f"{name}: nothing stood beside")


def _look() -> Look:
    return looking(What.LIST)


def _site(opened: Office) -> rebuilding.Site:
    return rebuilding.Site(store=opened.store, models=opened.models, settings=opened.settings)


def _is_asked() -> bool:
    return sys.stdin.isatty()


def _agreed(names: tuple[str, ...]) -> bool:
    if not _is_asked():
        return False
    try:
        return click.confirm(f"Change over to the new {', '.join(names)}?")
    except click.Abort:  # the rows are ready, whoever left the question
        click.echo()
        return False


@contextmanager
def _bar() -> Iterator[bulk.Told]:
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show_changes(opened: Office, name: str) -> None:
    try:
        found = comparing.compare(opened.store, opened.models, name)
        tell(opened, _look(), _shown(found))
        _show_stops(found)
    except StopsEarlier:
        click.echo(f"{name}: the new one stands still, so that nothing can be compared", err=True)
    except OfAnotherLog:
        click.echo(
            f"{name}: the live one is of another log, so that nothing can be compared", err=True
        )
    except (ProjectionOutdated, ProjectionStopped):
        click.echo(f"{name}: the live one stands still, so that nothing can be compared", err=True)


def _show_stops(found: Comparison) -> None:
    for shard, position in found.stops:
        click.echo(
            f"{found.name}: shard {shard} of both stands before position {position}: what the log "
            "has of it from there on is in neither",
            err=True,
        )


def _shown(found: Comparison) -> Iterator[str]:
    if found.is_same:
        yield f"{found.name}: nothing changes in {found.rows} rows at {found.position}"
        return
    yield (
        f"{found.name}: of {found.rows} rows at position {found.position}, {found.gone} go, "
        f"{found.new} are new"
    )
    for column, number in found.changed:
        yield f"  {column} changes in {number}"
    for each in found.examples:
        changes = ", ".join(f"{name} {old} -> {new}" for name, old, new in each.columns)
        yield f"  for example {each.key}: {changes}"


def _verified(found: Verification | None) -> str:
    if found is None:
        return "verified: nothing yet; a worker does it, or qmas projections verify"
    differ = _differing(found)
    whole = found.whole
    last = "the whole log not yet" if whole is None else f"the whole log by {_ended(whole)}"
    rows = "1 row differs" if differ == 1 else f"{differ or 'no'} rows differ"
    return f"verified: {last}, now {found.present.streams} streams since: {rows}"


def _differing(found: Verification | None) -> int:
    return len(found.told) + found.left_out if found else 0


def _ended(whole: Pass) -> str:
    return f"{_utc(whole.ended_at)} ({whole.streams} streams)"


def _utc(instant: datetime | None) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds") if instant else "never"


def _is_late(each: Progress, now: datetime) -> bool:
    return each.behind_since is not None and now - each.behind_since > _PROMPT


def _table(found: Sequence[Progress]) -> Iterator[str]:
    """Return the read models under their heads, in columns as wide as their widest text."""
    table = [_HEADS, *map(_cells, found)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _cells(each: Progress) -> tuple[str, ...]:
    fresh = each.freshness
    state = "up to date" if not fresh.lag else f"{fresh.lag} behind"
    if each.of_another_log:
        state = "of another log"
    if each.stop or each.outdated is not None:
        state = "stopped" if each.stop else "outdated"
    beside = (("ready", each.beside), ("former", each.former))
    return (
        each.name,
        str(each.version),
        str(fresh.position),
        state,
        _utc(each.behind_since) if each.behind_since else "-",
        _utc(fresh.as_of),
        ", ".join(f"{name} at {at}" for name, at in beside if at is not None) or "-",
    )


def _stopped_beside(found: Sequence[Progress]) -> Iterator[str]:
    for each in found:
        of = f"the rows beside {each.name}"
        yield from (_stopped(each.name, stop, of=of) for stop in each.beside_stops)


def _stopped(name: str, stop: Stop, *, of: str = "") -> str:
    return (
        f"qmas: shard {stop.shard} of {of or name} stands before position {stop.position} "
        f"({stop.event}) since {_utc(stop.at)}: {stop.reason}. Correct that, then: qmas "
        f"projections retry {name}; if earlier rows are wrong too: qmas projections rebuild {name}"
    )


def _compared(
    name: str, position: int, differences: tuple[Difference, ...], keys: frozenset[str] | None
) -> Iterator[str]:
    if not differences:
        of = "" if keys is None else f", of {len(keys)} streams by chance"
        yield f"{name}: equals a fold of the log up to position {position}{of}"
    for each in differences:
        yield f"{name}: {each}"


def _to_mend(name: str, differences: tuple[Difference, ...]) -> str:
    rows = "1 row differs" if len(differences) == 1 else f"{len(differences)} rows differ"
    remedies = dict.fromkeys(_remedy(name, each) for each in differences)
    return f"qmas: {name}: {rows} from a fold of the log; {'; '.join(remedies)}"


def _remedy(name: str, difference: Difference) -> str:
    if difference.unread:
        return "correct the reading of what cannot be read, and it is compared again"
    return f"to mend it: qmas projections rebuild {name}"


COMMANDS = (projections,)
