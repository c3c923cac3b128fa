"""What `qmas exercise` shows: exercises, published results, and cases in their order."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import msgspec
from rich.table import Table

from domain.application import Route
from domain.days import HONG_KONG
from domain.projections.exercises import ExerciseRow
from domain.rules.rank import Placed
from domain.stages import Stage
from services.cli.asking import in_hong_kong
from services.openings import OpeningTrial
from services.results import PublicResult, figures
from services.what_if import WhatIf

LOCAL_POLICY: Final = "The order and its tie-break are local policy: the scheme publishes none."
_HIDDEN: Final = "too few to tell"
_FIGURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "received": "Received",
        "processed": "Processed",
        "prerequisites_failed": "Prerequisites not met",
        "below_mark": "Below the mark",
        "withdrawn": "Withdrawn",
        "to_committee": "Before the committee",
        "selected": "Selected",
        "selected_general": "Selected, general route",
        "selected_achievement": "Selected, achievement route",
    }
)


def exercises_table(rows: Iterable[ExerciseRow]) -> Table:
    """Return exercises with the figures that fit on a line each."""
    table = Table(title="Exercises", caption=LOCAL_POLICY)
    headings = ("Exercise", "Kind", "Stage", "Opened", "Pool", "Places", "Selected", "Cut-off")
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(
            row.exercise,
            row.archetype,
            row.stage,
            in_hong_kong(row.opened_at),
            f"{row.pool_size:,}",
            _or_dash(row.places),
            _or_dash(row.selected),
            _or_dash(row.cut_off),
        )
    return table


def exercise_table(row: ExerciseRow) -> Table:
    """Return one exercise with all its figures."""
    table = Table(title=row.exercise, caption=LOCAL_POLICY, show_header=False)
    table.add_row("Kind", row.archetype)
    table.add_row("Stage", row.stage)
    table.add_row("Opened", in_hong_kong(row.opened_at))
    table.add_row("Pool", f"{row.pool_size:,}")
    table.add_row("Left out", f"{row.left_out:,}")
    table.add_row("Places", _or_dash(row.places))
    table.add_row("Shortlisted", _or_dash(row.shortlisted))
    table.add_row("Selected", _or_dash(row.selected))
    table.add_row("Cut-off", _or_dash(row.cut_off))
    table.add_row("Tie-break (Hong Kong)", _exact(row.tie_break))
    return table


def result_table(found: PublicResult) -> Table:
    """Return a published result: the funnel, where it was cut, and how the pool was spread."""
    result = found.result
    table = Table(title=found.opened.title, caption=LOCAL_POLICY, show_header=False)
    table.add_row("Pool", f"{result.pool_size:,}")
    table.add_row("Places", _or_dash(result.places))
    table.add_row("Cut-off", _or_dash(result.cut_off))
    table.add_row("Order", result.order)
    table.add_row("Tie-break (Hong Kong)", _exact(result.tie_break))
    table.add_row("Rulesets", ", ".join(result.rulesets))
    table.add_section()
    since = result.counted_since
    table.add_row("Counted", f"since {_exact(since)}" if since else "from the beginning")
    table.add_row("until", _exact(found.opened_at))
    for name, number in figures(found):
        table.add_row(_FIGURES[name], _or_hidden(number))
    table.add_section()
    for band in result.histogram:
        table.add_row(f"{band.lowest} to {band.highest}", _or_hidden(band.cases))
    for cut in result.strata:
        table.add_row(cut.stratum, f"{_or_hidden(cut.selected)}, cut-off {_or_dash(cut.cut_off)}")
    table.add_section()
    table.add_row("Pool digest", result.pool_digest)
    table.add_row("Digest", result.digest)
    return table


def opening_table(found: OpeningTrial) -> Table:
    """Return what an opening would do, and who would be left out of it and why."""
    table = Table(title="Nothing was recorded", caption=LOCAL_POLICY, show_header=False)
    refused = found.refusal
    table.add_row("Opening", "possible" if refused is None else f"not possible: {refused}")
    table.add_row("Dated", _exact(found.at))
    table.add_row("Pool", f"{found.pool_size:,}, of them {found.achievement:,} by achievement")
    table.add_row("Quota of the year", _or_dash(found.quota))
    table.add_row("of it taken", f"{found.places_taken:,}")
    table.add_row("and left", _or_dash(found.places_left))
    if found.division is not None:
        table.add_section()
        table.add_row("Would be selected", f"{len(found.division.taken):,}")
        table.add_row("Cut-off", _or_dash(found.division.cut_off))
        table.add_row("Tie-break (Hong Kong)", _exact(found.division.tie_break))
    table.add_section()
    table.add_row("Would take no part", "")
    for why, number in found.why_left_out():
        table.add_row(why, f"{number:,}")
    return table


def placed_lines(
    placed: Iterable[Placed], more: Callable[[str], str] = lambda _: ""
) -> Iterator[str]:
    """Yield a line for each case in its order; `more` is said of it by its reference."""
    for each in placed:
        member = each.member
        if member.route is Route.ACHIEVEMENT:
            rank = "achievement"
        else:
            rank = "not ranked" if each.rank is None else f"rank {each.rank}"
        out = ", out of rank" if each.out_of_rank else ""
        yield f"  {member.reference}  {member.points:>3}{more(member.reference)}  {rank}{out}"


def what_if_lines(found: WhatIf, form: str) -> Iterator[str]:
    """Yield who gains and who loses, as text, as comma-separated values or as one JSON object."""
    if form == "json":
        yield json.dumps(msgspec.to_builtins(found), indent=1)
        return
    if form == "csv":
        yield from _what_if_csv(found)
        return
    yield (
        f"{found.before:,} selected of a pool of {found.pool_before:,}, {found.then:,} of "
        f"{found.pool_then:,} then: {len(found.gaining):,} gain a place and {len(found.losing):,} "
        f"lose it; cut-off {_or_dash(found.cut_off)}; nothing was recorded"
    )
    if found.differs:
        yield otherwise_recorded(found)
    if found.came_in or found.fell_out:
        yield f"{len(found.came_in):,} come into the pool and {found.fell_out:,} leave it"
    if found.erased or found.erased_outside:
        yield (
            f"{found.erased} cases of erased people keep their points, and {found.erased_outside} "
            "outside the pool cannot be assessed"
        )
    for each in found.moved:
        sign, points = ("+", each.points_then) if each.gains else ("-", each.points_before)
        came = f"  from outside the pool: {_stood(each.came_from)}" if each.came_from else ""
        yield f"  {sign} {each.reference}  {_or_dash(points):>3}{came}"
    yield LOCAL_POLICY


def otherwise_recorded(found: WhatIf) -> str:
    """Say that the selection compared with is not the one that was recorded."""
    return (
        f"another selection of {found.exercise} was recorded than the one compared with, which is "
        f"drawn again by the rules of now: see qmas exercise replay {found.exercise}"
    )


def _stood(stage: Stage) -> str:
    return "it was assessed by the other measure" if stage is Stage.IN_POOL else str(stage)


def _what_if_csv(found: WhatIf) -> Iterator[str]:
    """Yield each case whose place is another, then those that come in and have none."""
    yield "reference,change,points_before,points_then,rank_before,rank_then,came_from"
    for each in found.moved:
        numbers = (each.points_before, each.points_then, each.rank_before, each.rank_then)
        told = ",".join("" if number is None else str(number) for number in numbers)
        change = "gains" if each.gains else "loses"
        yield f"{each.reference},{change},{told},{each.came_from or ''}"
    placed = {each.reference for each in found.moved}
    for case in found.came_in:
        if case.reference not in placed:
            yield f"{case.reference},comes in,,{case.points},,,{case.stage}"


def _exact(at: datetime | None) -> str:
    return f"{at.astimezone(HONG_KONG):%Y-%m-%d %H:%M:%S}" if at else "-"


def _or_dash(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _or_hidden(number: int | None) -> str:
    return _HIDDEN if number is None else f"{number:,}"
