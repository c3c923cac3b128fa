"""`qmas case` and `qmas history`: one case, now or at a moment of its past."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from rich.table import Table

from domain.events import ApplicationScored
from domain.following import possible
from domain.looks import What
from domain.moves import still_standing
from domain.record import Recorded
from domain.slugs import slug
from domain.wire import WIRE
from services.cases import CaseAt
from services.cli.asking import (
    MOMENT,
    PURPOSE,
    computed,
    in_hong_kong,
    looking,
    office,
    wide_console,
)
from services.looking import case_seen, work_history_beside

_as_of = click.option("--as-of", type=MOMENT, help="As it stood then; a day means its end.")
_believed_at = click.option(
    "--believed-at", type=MOMENT, help="As the office knew it then; a day means its end."
)


@click.command()
@click.argument("reference")
@_as_of
@_believed_at
@PURPOSE
def case(
    reference: str, as_of: datetime | None, believed_at: datetime | None, purpose: str | None
) -> None:
    """Show one case: its stage, points, version, and what may happen next."""
    with office() as opened:
        look = looking(What.CASE, purpose)
        found = case_seen(opened, look, reference, as_of=as_of, believed_at=believed_at)
    first = found.events[0]
    table = Table(box=None, show_header=False)
    table.add_row("Reference", found.reference)
    table.add_row("Stage", f"{found.stage}, since {in_hong_kong(found.since)}")
    table.add_row("Submitted", in_hong_kong(first.effective_at))
    for scored in _latest_score(found):
        what = "Criteria met" if scored.criteria else "Points"
        table.add_row(what, f"{scored.total}{computed(scored.computed_total)}")
    table.add_row("Version", str(found.version))
    table.add_row("Possible next", ", ".join(map(slug, possible(found.state))) or "nothing")
    wide_console().print(table)


@click.command()
@click.argument("reference")
@_as_of
@_believed_at
@PURPOSE
def history(
    reference: str, as_of: datetime | None, believed_at: datetime | None, purpose: str | None
) -> None:
    """Show every event of one case: what, when in the world, when recorded, and by whom.

    The work of the office on it follows, apart, in versions of its own.
    """
    with office() as opened:
        look = looking(What.HISTORY, purpose)
        found = case_seen(opened, look, reference, as_of=as_of, believed_at=believed_at)
        work = work_history_beside(opened, found, as_of=as_of, believed_at=believed_at)
    console = wide_console()
    console.print(_table(f"{found.reference}: {found.stage}", found.events))
    if work:
        console.print(_table(f"Work on {found.reference}", work))


def _latest_score(found: CaseAt) -> list[ApplicationScored]:
    """Return the latest score if there is one that still stands."""
    facts = [each.event for each in still_standing(found.events)]
    return [each for each in facts if isinstance(each, ApplicationScored)][-1:]


def _table(title: str, events: Sequence[Recorded[Any]]) -> Table:
    table = Table(title=title)
    for heading in ("Version", "Position", "Event", "Effective", "Recorded (UTC)", "By"):
        table.add_column(heading)
    for each in events:
        table.add_row(
            str(each.version),
            str(each.position or "not yet"),
            WIRE[type(each.event)].name,
            in_hong_kong(each.effective_at),
            f"{each.recorded_at:%Y-%m-%d %H:%M:%S}",
            f"{each.actor} ({each.role})",
        )
    return table


COMMANDS = (case, history)
