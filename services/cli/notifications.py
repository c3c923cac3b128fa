"""`qmas notifications`: what was sent to whom, what waits, and trying again what failed.

Shows references and numbers only; addresses and texts stay sealed.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import click

from domain.access import Role
from domain.looks import Look, What
from domain.references import parse_reference, references_in
from services.cli.asking import looking, office, operator
from services.counts import Count
from services.looking import named
from services.notifications import delivery, planning, readdressing, returns
from services.notifications.another_log import OF_LOST
from services.notifications.entries import Notification, PlannedFromAnotherLog, State
from services.notifications.fence import REMEDY, Choice, FenceState
from services.notifications.ledger import Ledger
from services.notifications.statements import AT_MOST
from services.wiring import Office

_DONE: Final = {Choice.WITHHOLD: "withheld", Choice.SEND: "due now, perhaps for a second time"}
_PROMPT: Final = timedelta(minutes=1)
"""How soon an event is read for effects while anybody does so, with time to spare."""
_NOBODY: Final = (
    "no worker does so, or it ends before it is done; `qmas doctor` tells whether one answers, and "
    "its log why not"
)
_MOST_DIGITS: Final = 18
_NUMBER: Final = click.IntRange(1, 10**_MOST_DIGITS - 1)
_HEADS: Final = ("no", "case", "what", "of", "to", "state", "tries", "when", "problem")


@click.group()
def notifications() -> None:
    """Effects of events: e-mails planned, sent, failed or withheld."""


@notifications.command()
def status() -> None:
    """Show how far the log was read for effects; exit status 1 when nothing is planned or sent."""
    with office() as opened:
        head = opened.store.sequence()
        standing = opened.ledger.standing()
        fence = opened.ledger.fence.state()
        mail = opened.ledger.mail.now()
        behind = max(0, head - standing.position)
        reads_on = behind and not standing.of_another_log
        obstacle = planning.obstacle(opened, standing.position) if reads_on else None
        _note(opened, obstacle)
        late = standing.waits_since is not None and opened.clock() - standing.waits_since > _PROMPT
    far = "of another log" if standing.of_another_log else f"{behind} behind"
    click.echo(f"planned up to  position {standing.position} of {head} ({far})")
    for state, count in standing.counts.items():
        click.echo(f"{state:<14} {_counted(count)}")
    since = f", the oldest since {_moment(standing.oldest_due)}" if standing.oldest_due else ""
    click.echo(f"due now        {_counted(standing.due)}{since}")
    if mail.until is not None:
        again = _moment(mail.until)
        click.echo(f"mail server    away {mail.failures} times in a row; asked again at {again}")
    faults = []
    if standing.of_another_log:
        faults.append(str(PlannedFromAnotherLog(standing.position)))
    elif standing.of_lost_events:
        faults.append(f"{OF_LOST}; {REMEDY}")
    if obstacle is not None:
        faults.append(f"planning stands still: {obstacle}")
    elif late and reads_on and standing.waits_since is not None:
        faults.append(f"nothing is planned since {_moment(standing.waits_since)}: {_NOBODY}")
    if fence.closed_at is not None:
        faults.append(f"nothing is sent: {fence.closed_because}; {REMEDY}")
    elif fence.fault is not None:
        faults.append("; ".join(filter(None, (fence.fault, fence.remedy))))
    for each in faults:
        click.echo(f"qmas: {each}", err=True)
    sys.exit(1 if faults else 0)


@notifications.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in State]),
    help="Only these.",
)
@click.option("--case", "reference", help="Only those of this case.")
@click.option("--before", type=_NUMBER, help="Only rows before this number.")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
def list_(states: tuple[str, ...], reference: str | None, before: int | None, limit: int) -> None:
    """Show the newest notifications, one a line."""
    with office() as opened:
        rows = opened.ledger.rows(
            _look(),
            states=tuple(State(state) for state in states),
            reference=_reference(reference),
            before=before,
            limit=limit,
        )
        events = opened.ledger.events(rows)
    if not rows:
        click.echo("no notifications")
        return
    for line in _lines(rows, events):
        click.echo(line)
    if len(rows) == limit:
        click.echo(f"older ones: --before {rows[-1].id}")


@notifications.command()
@click.argument("ids", nargs=-1, type=_NUMBER)
@click.option("--case", "reference", help="All of this case that failed or wait.")
@click.option("--all", "everything", is_flag=True, help="All that failed or wait.")
def retry(ids: tuple[int, ...], reference: str | None, *, everything: bool) -> None:
    """Make notifications that failed or wait for a later attempt due now."""
    if sum((bool(ids), reference is not None, everything)) != 1:
        raise click.UsageError("name rows by their numbers, or a case, or --all: one of the three")
    with office() as opened:
        by = operator(Role.ADMINISTRATOR).name
        count = readdressing.retry(opened, by, ids=ids, reference=_reference(reference))
        # Before anybody is told of them: one that was sent meanwhile was tried again all the same.
        left = sorted(set(ids)) if len(set(ids)) > count else []
        others = [why for each in left if (why := _not_again(opened.ledger, each))]
        opened.pokes.planned()
    click.echo(f"{count} due now")
    if others:
        raise click.BadParameter("; ".join(others), param_hint="IDS")


@notifications.command()
@click.argument("letter")
@click.option(
    "--reason", type=click.Choice([each.value for each in returns.Reason]), help="Why it came back."
)
def bounced(letter: str, reason: str | None) -> None:
    """Have LETTER given up, a number or Message-ID, because it came back; `-` reads the report.

    It is then among the letters to print. What is read is what a mail server reports (RFC 3464);
    one that only says that a letter is late changes nothing.
    """
    if (letter == "-") == (reason is not None):
        raise click.UsageError("give a letter and a --reason, or `-` to read a report")
    told: int | str = _letter(letter)
    problem = returns.problem(reason) if reason is not None else ""
    if reason is None:
        report = returns.read(sys.stdin.buffer.read(returns.LARGEST))
        if report.failed is None:
            click.echo("no letter is given up: the report does not say that one is")
            return
        told, problem = report.message_id, returns.problem(report.failed)
    with office() as opened:
        by = operator(Role.ADMINISTRATOR).name
        number, became = returns.mark(opened.ledger, told, problem, by)
    click.echo(f"letter {number} {became}")


@notifications.command()
@click.argument("row", type=_NUMBER)
def show(row: int) -> None:
    """Show one notification, and what was tried for it."""
    with office() as opened:
        found = opened.ledger.rows(_look(), number=row)
        attempts = opened.ledger.attempts(row)
        events = opened.ledger.events(found)
    if not found:
        raise click.BadParameter(f"there is no notification {row}", param_hint="ROW")
    for line in _lines(found, events):
        click.echo(line)
    for attempt in attempts:
        click.echo(f"{_moment(attempt.at)}  {attempt.outcome}")


@notifications.command()
@click.option(
    "--confirm",
    type=click.Choice([choice.value for choice in Choice]),
    help="Open it: withhold what was planned before the restore, or send it (perhaps again).",
)
def fence(confirm: str | None) -> None:
    """Show the fence, which a restore closes so that nothing is sent again; or open it."""
    with office() as opened:
        if confirm is not None:
            delivery.tell_of_time(opened)
            # What was planned from another log is ended by this very choice.
            with suppress(PlannedFromAnotherLog):
                planning.plan(opened)
            choice = Choice(confirm)
            count = opened.ledger.fence.confirm(choice, operator(Role.ADMINISTRATOR).name)
            opened.pokes.planned()
        state = opened.ledger.fence.state()
    if confirm is not None:
        click.echo(f"{count} {_DONE[choice]}")
    for line in _told(state):
        click.echo(line)


COMMANDS: tuple[click.Command, ...] = (notifications,)


def _note(opened: Office, obstacle: planning.PlanningStopped | None) -> None:
    """The case of which an event stops the plan is on record as looked at."""
    if cases := references_in(str(obstacle)):
        named(opened, _look(), cases)


def _look() -> Look:
    return looking(What.NOTIFICATIONS)


def _not_again(ledger: Ledger, number: int) -> str | None:
    """Say why a notification is not tried again; None where it is due."""
    found = ledger.rows(_look(), number=number)
    if not found:
        return f"there is no notification {number}"
    row = found[0]
    if row.state is State.PLANNED:
        return None
    since = f" since {_moment(row.settled_at)}" if row.settled_at else ""
    because = f" ({row.last_error})" if row.last_error and row.state is not State.SENT else ""
    return f"{number} is {row.state}{since}{because}"


def _letter(text: str) -> int | str:
    """Return a letter's number, or its Message-ID as the ledger has it."""
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    if not text.isprintable():
        raise click.BadParameter("that is no Message-ID", param_hint="LETTER")
    return text if text.startswith("<") else f"<{text}>"


def _counted(count: int) -> str:
    return str(Count.counted(count, AT_MOST))


def _told(state: FenceState) -> Iterator[str]:
    """Return the fence in words, and what can be done where it is closed."""
    if state.closed_at is None:
        yield f"open, but {state.fault}" if state.fault else "open: what is due is sent"
    else:
        yield f"closed since {_moment(state.closed_at)}: {state.closed_because}"
    trips = state.stops is not None and state.stops.trips
    if state.closed_at is not None or trips:
        batches = "1 batch" if state.handed == 1 else f"{state.handed} batches"
        yield f"  it counted {batches}, and {_remembered(state)} remembered"
    if state.closed_at is not None:
        yield (
            f"  {state.waiting} notifications of positions up to {state.closed_position}, and of "
            "what time had brought, wait; some may have been sent already"
        )
    elif trips and not state.of_another_log:
        yield "  have workers run (`qmas up`), then ask again"
    if state.of_another_log:
        yield "Letters of events that the log does not have are withheld, whatever you choose."
        yield "Of what the log has had since, `withhold` tells nobody, and `send` everybody."
    if state.closed_at is not None or state.of_another_log:
        yield "To go on, choose what becomes of them; what is recorded later is sent either way:"
        yield "  qmas notifications fence --confirm withhold   sends none; `retry` sends one"
        yield "  qmas notifications fence --confirm send       sends all, some for a second time"
    if state.confirmed_at is not None:
        yield f"last opened {_moment(state.confirmed_at)} by {state.confirmed_by}: {state.choice}"


def _remembered(state: FenceState) -> str:
    return {None: "none is", 1: "1 is"}.get(state.remembered, f"{state.remembered} are")


def _reference(text: str | None) -> str | None:
    if text is None:
        return None
    reference = parse_reference(text)
    if reference is None:
        raise click.BadParameter(f"{text} is no case reference", param_hint="--case")
    return reference


def _lines(rows: tuple[Notification, ...], events: Mapping[int, str]) -> Iterator[str]:
    """Return the rows under their heads, in columns as wide as their widest text."""
    table = [_HEADS, *(_cells(each, events.get(each.position, "?")) for each in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _cells(row: Notification, event: str) -> tuple[str, ...]:
    when = _moment(row.settled_at or row.next_attempt_at)
    known = (str(row.id), row.reference, row.effect, event, row.party, row.state)
    return (*known, str(row.attempts), when, row.last_error or "")


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
