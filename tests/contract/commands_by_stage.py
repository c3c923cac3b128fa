"""The table of every command in every stage, as documented and as the domain has it now.

Law: it is made by asking: each command is given to a case at each stage, on several days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from domain import commands as c
from domain import stages as s
from domain.case import load
from domain.errors import NothingOverdue, TooEarly, TooLate
from domain.following import NEXT, next_of
from domain.slugs import slug
from tests.domain.deciding import NOON, given
from tests.domain.examples import COMMANDS, ENTERED
from tests.domain.histories import HISTORIES

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "commands-by-stage.md"


class Mark(StrEnum):
    """What a cell of the table says."""

    POSSIBLE = "●"
    ON_SOME_DAYS = "◷"
    WHERE_OPEN = "○"
    BY_REGIME = "◐"
    NOT_POSSIBLE = ""


SAYS: Final[Mapping[Mark, str]] = MappingProxyType(
    {
        Mark.POSSIBLE: "possible",
        Mark.ON_SOME_DAYS: "possible on some days only: up to, from or after a day that counts",
        Mark.WHERE_OPEN: "possible only where something is there for it: a proposal that awaits "
        "a second officer, a request, a hold, a document, a dependant, a representative, a grade",
        Mark.BY_REGIME: "possible only where the rules of the case have it so",
    }
)
_DAYS: Final = (ENTERED, *(ENTERED + timedelta(days=365 * years) for years in (1, 2, 9)))


def mark_of(stage: type[s.CaseState], command: c.CaseCommand) -> Mark:
    """What the table says of a command at a stage."""
    history = HISTORIES[stage]
    if type(command) not in NEXT[stage]:
        return Mark.NOT_POSSIBLE
    if type(command) not in next_of(load(history)):
        return Mark.WHERE_OPEN
    case = given(*history)
    known = replace(case, circumstances=replace(case.circumstances, since=NOON))
    refusals = [known.at(day).when(command).refusal for day in _DAYS]
    if any(isinstance(each, NothingOverdue | TooEarly | TooLate) for each in refusals):
        return Mark.ON_SOME_DAYS
    return Mark.BY_REGIME if all(refusals) else Mark.POSSIBLE


def present() -> str:
    """The page as it is to be."""
    return "\n".join(_lines()) + "\n"


def pin() -> None:
    """The page says what is so now."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(present(), encoding="utf-8")


def _lines() -> Iterator[str]:
    stages = list(HISTORIES)
    yield "# What is possible at each stage"
    yield ""
    yield "Made by `python -m tests.contract.pin`, which gives every command to a case at every"
    yield "stage. Whoever may give it, what it says and whether the case is held are asked as well."
    yield ""
    for mark, said in SAYS.items():
        yield f"- {mark} {said}"
    yield "- nothing: refused, with what is possible instead"
    yield ""
    yield "The stages, by their numbers:"
    yield ""
    for number, stage in enumerate(stages, start=1):
        yield f"{number}. {s.STAGES[stage]}"
    yield ""
    yield f"| command | {' | '.join(str(number) for number in range(1, len(stages) + 1))} |"
    yield f"|---|{'---|' * len(stages)}"
    for command in COMMANDS:
        marks = " | ".join(mark_of(stage, command) for stage in stages)
        yield f"| {slug(type(command).__name__)} | {marks} |"
