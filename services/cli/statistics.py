"""`qmas statistics`: what the office counts of its cases, and how good its estimates were."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.table import Table

from domain.days import hong_kong_date
from domain.errors import Reportable
from domain.outlook import Outlook
from domain.stages import Stage
from domain.statistics import STEPS, Intake, Inventory, Spread, Stays, years
from domain.waiting import BackTest, Range, Score, first_day
from services import statistics as figures
from services.cli.asking import MOMENT, office, wide_console
from services.projections import runner
from services.statistics import Figures

_WIDEST: Final = 9
_BROKEN: Final[Mapping[Stage, str]] = MappingProxyType(
    {Stage.ACKNOWLEDGED: "acknow-\nledged", Stage.SHORTLISTED: "short-\nlisted"}
)


class NotPast(Reportable):
    """Figures are of what has been."""


@click.group(invoke_without_command=True)
@click.option("--on", "at", type=MOMENT, help="As it was at the end of a past day.")
@click.option("--months", is_flag=True, help="Each month of the funnel, and not each year.")
@click.option("--json", "as_json", is_flag=True, help="One object, with everything.")
@click.pass_context
def statistics(context: click.Context, *, at: datetime | None, months: bool, as_json: bool) -> None:
    """Show the funnel, times at stages, who was passed over, and expected waits.

    They are counted now, from read models that are first brought up to the log.
    """
    if context.invoked_subcommand:
        return
    found = _counted(at)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    said, console = found.statistics, wide_console()
    console.print(funnel_table(said.funnels if months else years(said.funnels), months=months))
    console.print(_stays([each for each in said.stays if each.year is None]))
    console.print(_inventory(said.inventory))
    for each in found.outlooks:
        console.print(_expected(each))
        click.echo(_tested(each))


@statistics.command()
@click.option("--on", "at", type=MOMENT, help="As it was at the end of a past day.")
def backtest(at: datetime | None) -> None:
    """Show how good the estimates of a past year were, beside the naive ones."""
    for each in _counted(at).outlooks:
        click.echo(_tested(each))
        if each.tested is not None:
            click.echo(f"  {_score('the estimate', each.tested.ours)}")
            click.echo(f"  {_score('the waits of the year before', each.tested.naive)}")


def _counted(at: datetime | None) -> Figures:
    with office() as opened:
        opened.store.sequence()
        runner.catch_up(opened.store, opened.models, "paths")
        if at is None:
            return figures.count(opened)
        if at > opened.clock():
            raise NotPast(f"--on: {hong_kong_date(at)} is not over; leave it out to count now")
        return figures.counted(opened, at)


def funnel_table(funnels: tuple[Intake, ...], *, months: bool) -> Table:
    """Return how many cases of each period came to each stage."""
    table = Table(
        title="Of the cases received in a period, how many came to each stage",
        caption="Each case counts in the period in which it was received, whenever it went on",
        box=SIMPLE_HEAD,
        padding=0,  # so that no heading is cut where there are 110 columns
    )
    table.add_column("Month" if months else "Year", no_wrap=True)
    table.add_column("Rules", no_wrap=True)
    table.add_column("received", justify="right")
    for stage in STEPS:
        table.add_column(_broken(stage), justify="right")
    for each in funnels:
        table.add_row(
            f"{each.month:%Y-%m}" if months else f"{each.month:%Y}",
            each.ruleset or "not assessed",
            f"{each.received:,}",
            *(f"{each.reached(stage):,}" for stage in STEPS),
        )
    return table


def _broken(stage: Stage) -> str:
    """Return a stage as a heading, in lines of no more than nine letters."""
    return _BROKEN.get(stage, stage.value.replace("-", "-\n") if len(stage) > _WIDEST else stage)


def _stays(stays: list[Stays]) -> Table:
    table = _days_table("Days at a stage, of the stays that ended in the latest 365 days", "ended")
    for each in stays:
        table.add_row(each.stage, f"{each.ended:,}", *_days(each.days))
    return table


def _inventory(inventory: tuple[Inventory, ...]) -> Table:
    table = _days_table("Cases at a stage, and for how many days by now", "cases")
    table.add_column("passed over", justify="right")
    table.add_column("by at most", justify="right")
    for each in inventory:
        table.add_row(
            each.stage,
            f"{each.cases:,}",
            *_days(each.days),
            f"{each.passed_over:,}",
            f"{each.by_most:,}",
        )
    return table


def _days_table(title: str, counted: str) -> Table:
    table = Table(title=title)
    table.add_column("Stage")
    for heading in (counted, "half", "80 %", "95 %"):
        table.add_column(heading, justify="right")
    return table


def _days(days: Spread) -> tuple[str, ...]:
    return tuple(f"{each:g}" for each in (days.half, days.p80, days.p95))


def _expected(outlook: Outlook) -> Table:
    table = Table(title=f"Expected wait for an answer from now, {outlook.route} test")
    for heading in ("Filed in the week of", "four times in five"):
        table.add_column(heading)
    for each in outlook.expected:
        table.add_row(first_day(each.began).isoformat(), _months(each.range))
    return table


def _months(found: Range) -> str:
    low, high = found.months
    return f"{low} months or more" if high is None else f"{low} to {high} months"


def _tested(outlook: Outlook) -> str:
    if (tested := outlook.tested) is None:
        return f"{outlook.route}: too few answers in the past to try an estimate on"
    return f"{outlook.route}: tried on {_span(tested)}; applicants are " + (
        "told" if outlook.is_trusted else "told nothing, for the range did not hold often enough"
    )


def _span(tested: BackTest) -> str:
    first, last = (first_day(week).isoformat() for week in (tested.first, tested.last))
    still = f", {tested.waiting:,} more wait still" if tested.waiting else ""
    return f"{tested.cases:,} cases that waited between {first} and {last}{still}"


def _score(what: str, score: Score) -> str:
    error = "not known" if score.error is None else f"{score.error:g} weeks at most"
    return f"{what}: wrong by {error} in half of them, and its range held in {score.held / 100:g} %"


COMMANDS = (statistics,)
