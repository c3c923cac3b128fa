"""Rulesets laid out in columns of plain text."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from io import StringIO
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.table import Table

from domain.application import Route
from domain.rules.factors import Citation
from domain.rules.types import HolidayYear, Test
from services.cli.assess import printable
from services.rulebook.dated import DatedValue
from services.rulebook.differences import Comparison, days_in_words
from services.rulebook.shapes import (
    Authority,
    Days,
    FactorShown,
    RowShown,
    RulesetLine,
    RulesetShown,
)

WIDTH: Final = 120
CONFIDENCE: Final = (
    "H official text, or two sources agree; M one decent source; L a weak one; MEM remembered; "
    "DERIVED calculated"
)
_HEADINGS: Final = (
    "Ruleset", "Ed", "Test", "First day", "Last day",
    "Mark", "Most", "Catches", "Sure", "Digest",
)  # fmt: skip
_DATED: Final = ("Value", "From", "To", "Known from", "Catches", "Sure")
_SIDES: Final = (40, 38, 38)
_SHORT: Final = len("sha256:") + 8


def listed(lines: Iterable[RulesetLine]) -> Iterator[str]:
    """Every ruleset in a line, under the route that it is of."""
    shown = tuple(lines)
    if not shown:
        yield "No ruleset is loaded for that; without --on and --known-on all are listed."
    for route in Route:
        rows = [_line(each) for each in shown if each.route is route]
        if rows:
            yield f"{route.capitalize()} route"
            yield from columns(rows, headings=_HEADINGS, right={"Ed", "Mark", "Most"})
            yield ""


def legend() -> Iterator[str]:
    """What the signs in a list mean."""
    yield "?  the day is not certain    ( )  where the next one begins    -  open, or nothing said"
    yield f"Sure: {CONFIDENCE}"


def dated(values: Iterable[DatedValue]) -> Iterator[str]:
    """Every dated value in a line, under its kind."""
    for kind, group in groupby(values, key=lambda each: each.kind):
        yield f"{kind[0].upper()}{kind[1:]}"
        yield from columns(map(_value, group), headings=_DATED)
        yield ""


def holidays(year: HolidayYear) -> Iterator[str]:
    """Every general holiday of a year in a line, with its authority."""
    yield f"General holidays of {year.year}, and every Sunday"
    yield from columns(
        [
            [
                f"  {each.on:%Y-%m-%d}",
                f"{each.name}{' (in place of another)' if each.substitute else ''}",
                _rests(each.cited),
            ]
            for each in year.days
        ],
        widths=[12, 76, 28],
    )


def shown(ruleset: RulesetShown, editions: Sequence[tuple[int, date]]) -> Iterator[str]:
    """Everything of one ruleset."""
    line, rests = ruleset.ruleset, ruleset.authorities
    kind = "criteria" if line.test is Test.CRITERIA else line.test.value
    yield f"{line.id}, edition {line.edition}: a test of {kind}, {line.route} route"
    known = ", ".join(f"{number} (known from {day})" for number, day in editions)
    yield from columns(
        [
            ["  in force", days_in_words(line.days), _rests(rests.life)],
            ["  editions", known, ""],
            ["  catches", line.transition, _rests(rests.transition)],
            ["  pass mark", str(line.pass_mark), _rests(rests.pass_mark)],
            ["  maximum", str(line.max), _rests(rests.max)],
            ["  digest", line.digest, ""],
        ],
        widths=[14, 72, 30],
    )
    yield "Prerequisites"
    asked = [[f"  {each.id}", each.asks, _rests(each.authority)] for each in ruleset.prerequisites]
    yield from columns(asked, widths=[14, 72, 30])
    if ruleset.criteria:
        yield f"Criteria, of which {line.pass_mark} must be met"
        asked = [[f"  {each.id}", each.asks, _rests(each.authority)] for each in ruleset.criteria]
        yield from columns(asked, widths=[14, 72, 30])
    for each in ruleset.factors:
        yield from _factor(each)
    yield "Sources"
    sources = [[f"  {each.id}", each.address] for each in ruleset.sources]
    yield from columns(sources, widths=[6, WIDTH - 8])
    yield f"Confidence: {CONFIDENCE}"


def compared(found: Comparison, names: tuple[str, str]) -> Iterator[str]:
    """What differs side by side, and in one line what does not."""
    if found.differences:
        yield from columns([], headings=["", *names], widths=_SIDES)
    else:
        yield f"{names[0]} and {names[1]} do not differ"
    for part, group in groupby(found.differences, key=lambda each: each.part):
        yield part
        rows = [[each.item, each.a or "-", each.b or "-"] for each in group]
        yield from (f"  {line}" for line in columns(rows, widths=(_SIDES[0] - 2, *_SIDES[1:])))
    yield ""
    yield from _wrapped(f"The same in both: {', '.join(found.same) or 'nothing'}")


def columns(
    rows: Iterable[Sequence[str]],
    *,
    headings: Sequence[str] = (),
    widths: Sequence[int] = (),
    right: Iterable[str] = (),
) -> Iterator[str]:
    """Cells in aligned columns, long ones wrapped; no colours, no frames, no spaces at the end."""
    table = Table(box=None, show_header=bool(headings), padding=(0, 2, 0, 0), pad_edge=False)
    cells = [[printable(cell) for cell in row] for row in rows]
    number = max((len(row) for row in cells), default=len(headings))
    for at in range(number):
        heading = headings[at] if at < len(headings) else ""
        width = widths[at] if at < len(widths) else None
        table.add_column(
            heading,
            justify="right" if heading in right else "left",
            min_width=width,
            max_width=width,
            overflow="fold",
        )
    for row in cells:
        table.add_row(*row)
    text = StringIO()
    plain = Console(
        file=text,
        width=WIDTH,
        force_terminal=False,
        color_system=None,
        markup=False,
        emoji=False,
        highlight=False,
    )
    plain.print(table)
    yield from (line.rstrip() for line in text.getvalue().splitlines())


def _wrapped(text: str) -> Iterator[str]:
    yield from columns([[text]], widths=[WIDTH - 2])


def _line(each: RulesetLine) -> list[str]:
    return [
        each.id,
        str(each.edition),
        each.test.value,
        f"{each.days.first}{' ?' if each.days.first_uncertain else ''}",
        _last(each.days),
        str(each.pass_mark),
        str(each.max),
        each.transition,
        each.confidence.value,
        each.digest[:_SHORT],
    ]


def _value(each: DatedValue) -> list[str]:
    return [
        each.value,
        f"{each.first}{' ?' if each.day_uncertain else ''}",
        f"({each.last})" if each.last_follows else each.last or "-",
        each.known_from.isoformat() if each.known_from else "-",
        each.catches or "-",
        each.confidence.value,
    ]


def _last(days: Days) -> str:
    if days.last is None:
        return "-"
    text = f"{days.last}{' ?' if days.last_uncertain else ''}"
    return f"({text})" if days.last_follows else text


def _factor(factor: FactorShown) -> Iterator[str]:
    adding = [each.adds for each in factor.rows]
    how = "" if all(adding) else ": the best of" if not any(adding) else ": the best, and each +"
    head = [f"{factor.factor}, at most {factor.max}{how}", _rests(factor.authority)]
    yield from columns([head], widths=[88, 30])
    rows = [[_points(each), _asks(each), each.id, _rests(each.authority)] for each in factor.rows]
    yield from columns(rows, widths=[8, 46, 30, 30])


def _points(row: RowShown) -> str:
    text = f"+{row.points}" if row.adds else str(row.points)
    return f"{text:>6}"


def _asks(row: RowShown) -> str:
    return row.asks if row.at_most == row.points else f"{row.asks}, {row.at_most} in all"


def _rests(of: Authority | Citation) -> str:
    day = ", day uncertain" if of.day_uncertain else ""
    note = f"; {of.note}" if of.note else ""
    return f"[{' '.join(of.source)}] {of.confidence}{day}{note}"
