"""What the demonstration shows at its end, read from the read models, and proof that it is true."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from domain.days import hong_kong_date
from domain.errors import Reportable
from domain.projections.case_list import CaseRow
from domain.projections.exercises import ExerciseRow
from domain.rules.assess import assess
from domain.rules.choose import choose
from domain.rules.transitions import filed_on
from domain.stages import Stage
from services.counts import Count
from services.demo.year import EXERCISE, FILED_ON, known_people
from services.projections import queries
from services.projections.catalogue import PROJECTIONS
from services.projections.verify import verify
from services.redrawing import redraw
from services.wiring import Office

PATIENCE: Final = 120.0


class DemonstrationFailed(Reportable):
    """What the demonstration shows is not what the log and the rules say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the read models say after the year."""

    by_stage: Mapping[Stage, Count]
    exercise: ExerciseRow
    known: Mapping[str, CaseRow]
    events: int


def await_read_models(office: Office) -> None:
    """Return when the workers have folded the whole log; say so when they do not."""
    head = office.store.sequence()
    office.pokes.committed()
    for name in PROJECTIONS:
        if not queries.wait_for(office.models, (name,), head, PATIENCE):
            at = queries.freshness(office.models, name).position
            raise DemonstrationFailed(
                f"{name} is at position {at} of {head} after {PATIENCE:.0f} seconds; "
                "run `qmas doctor` and `qmas projections status`"
            )


def summary(office: Office, references: Mapping[str, str]) -> Summary:
    """Return what the read models hold."""
    exercise = queries.exercise(office.models, EXERCISE)
    known = {name: queries.case_row(office.models, ref) for name, ref in references.items()}
    if exercise is None or None in known.values():
        raise DemonstrationFailed("the read models lack the exercise or a case of the three")
    return Summary(
        by_stage=queries.counts_by_stage(office.models),
        exercise=exercise,
        known={name: row for name, row in known.items() if row is not None},
        events=queries.freshness(office.models, "case-list").position,
    )


def prove(office: Office, shown: Summary) -> None:
    """Return when all that is shown follows from the log and the rules; else say what does not."""
    faults = [*_read_models(office), *_assessments(office, shown), *_exercise(office)]
    if faults:
        raise DemonstrationFailed("; ".join(faults[:10]))


def _read_models(office: Office) -> Iterator[str]:
    for name in PROJECTIONS:
        for difference in verify(office.store, office.models, name):
            yield f"{name}: {difference}"


def _assessments(office: Office, shown: Summary) -> Iterator[str]:
    on = hong_kong_date(FILED_ON)
    for person in known_people():
        ruleset = choose(office.rulebook, filed_on(person.application.route, on))
        wanted = assess(ruleset, person.application, on).total
        row = shown.known[person.name]
        if (row.points, row.ruleset) != (wanted, ruleset.id):
            yield (
                f"{person.name} is shown with {row.points} points under {row.ruleset}; "
                f"an assessment gives {wanted} under {ruleset.id}"
            )


def _exercise(office: Office) -> Iterator[str]:
    yield from redraw(office, EXERCISE).differences
