"""What the API, the pages and the command line ask of the read models."""

import time
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, select, text

from domain.access import SEEN_AT, Person, sees
from domain.days import hong_kong_date
from domain.looks import Look
from domain.projections.case_list import CaseRow
from domain.projections.exercises import ExerciseRow
from domain.stages import LIVE, Stage
from services.counts import MOST, Count
from services.projections import checkpoints
from services.projections.catalogue import EXERCISES, PROJECTIONS, projection_named
from services.projections.checkpoints import Generation
from services.projections.freshness import Freshness
from services.projections.freshness import freshness as freshness_of_one
from services.projections.models import ReadModels
from services.projections.names import person_token, searched
from services.projections.paging import (
    OF_WORK,
    CaseFilter,
    CasePage,
    Mark,
    Sort,
    case_row_of,
    in_sight_of,
    with_names,
)
from services.projections.paging import case_list_page as case_list
from services.projections.paging import cases_counted as case_count
from services.projections.progress import Progress, Stop, progress_of
from services.projections.rows import made
from services.projections.status import Seen, status, status_seen
from services.projections.tables import case_list as case_table
from services.projections.tables import case_names
from services.projections.tables import exercises as exercise_table
from services.store.noting import noted, shown

__all__ = [
    "OF_WORK",
    "CaseFilter",
    "CasePage",
    "Freshness",
    "Mark",
    "Progress",
    "Seen",
    "Sort",
    "Stop",
    "case_count",
    "case_list",
    "case_row",
    "counts_by_stage",
    "exercise",
    "exercises",
    "freshness",
    "generations",
    "linked",
    "live_case",
    "name_tokens",
    "places_taken",
    "progress",
    "read_for",
    "status",
    "status_seen",
    "wait_for",
]

# One walk along the index for each stage: its order has the index used, however many there are.
_WALKED: Final = """
    SELECT at.stage, (
        SELECT count(*) FROM (
            SELECT FROM case_list WHERE case_list.stage = at.stage {besides}
            ORDER BY case_list.stage_since, case_list.reference LIMIT :most
        ) AS found
    ) FROM unnest(CAST(:stages AS text[])) AS at (stage)
    """
_STAGES: Final = text(_WALKED.format(besides=""))
# Only where some are kept back: the index does not say it, so that each row is looked at.
_STAGES_IN_SIGHT: Final = text(_WALKED.format(besides="AND NOT recused @> ARRAY[:name]"))
_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.1


def freshness(models: ReadModels, *names: str) -> Freshness:
    """Return how far the read model is, or the one of several that is least far.

    One of another log is least far of all. Raises `UnknownProjection` when there is none of that
    name.
    """
    found = (freshness_of_one(models, projection_named(each)) for each in names)
    return min(found, key=lambda each: (each.position, not each.of_another_log))


def read_for(sort: Sort) -> tuple[str, ...]:
    """Return the read models on which the list rests in that order."""
    return ("case-list", "deadlines") if sort is Sort.NEXT_DUE else ("case-list",)


def progress(models: ReadModels) -> tuple[Progress, ...]:
    """Return how each projection gets on."""
    return tuple(progress_of(models, each) for each in PROJECTIONS.values())


def generations(models: ReadModels, name: str) -> tuple[Generation, ...]:
    """Return every generation of a read model, the first made first."""
    with models.reads.connect() as connection:
        return checkpoints.generations_of(connection, projection_named(name))


def wait_for(models: ReadModels, names: Sequence[str], position: int, seconds: float) -> bool:
    """Wait at most `seconds` for the read models to reach a position; true once they have."""
    until = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while freshness(models, *names).position < position:
        left = until - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)
    return True


def name_tokens(models: ReadModels, typed: str) -> tuple[bytes, ...]:
    """Return what `CaseFilter.name` takes for the words that somebody typed."""
    return searched(models.blind, typed)


def case_row(models: ReadModels, reference: str) -> CaseRow | None:
    """Return the case of that reference as the list shows it, None when it is not there."""
    query = with_names().where(case_table.c.reference == reference)
    with models.reads.connect() as connection:
        found = connection.execute(query).one_or_none()
    return None if found is None else case_row_of(models, found)


def linked(models: ReadModels, look: Look, reference: str) -> tuple[CaseRow, ...]:
    """Return the other cases of a case's person, the first filed first; none once erased.

    Whoever looks at the case looks at these too, which is on record where there are any. Which
    cases are of one person is told by travel document and day of birth.
    """
    row = case_row(models, reference)
    if row is None or row.personal is None:
        return ()
    person = person_token(models.blind, row.personal.travel_document, row.personal.date_of_birth)
    order = case_table.c.submitted_at, case_table.c.reference
    query = _of_person(with_names(), person).where(case_table.c.reference != reference)
    query = query.where(*in_sight_of(look.person))
    with models.reads.connect() as connection:
        told = noted(query.order_by(*order), look, shown(), only_hits=True)
        found = connection.execute(told)
        return tuple(case_row_of(models, each, look.person) for each in found)


def live_case(models: ReadModels, person: bytes) -> str | None:
    """Return the live case of the person of a token, None without one, for the program itself."""
    with models.reads.connect() as connection:
        found = connection.execute(_live(person)).scalar()
    return None if found is None else str(found)


def live_case_seen(models: ReadModels, look: Look, person: bytes) -> str | None:
    """Return it for whoever is told of it, the look on record where there is one."""
    with models.reads.connect() as connection:
        told = noted(_live(person), look, shown(), only_hits=True)
        found = connection.execute(told).scalar()
    return None if found is None else str(found)


def _live(person: bytes) -> Select[Any]:
    stages = [str(each) for each in LIVE]
    return _of_person(select(case_table.c.reference), person).where(case_table.c.stage.in_(stages))


def _of_person(query: Select[Any], person: bytes) -> Select[Any]:
    return query.join(case_names, case_names.c.reference == case_table.c.reference).where(
        case_names.c.token == person
    )


def counts_by_stage(
    models: ReadModels, person: Person | None = None, *, most: int = MOST
) -> dict[Stage, Count]:
    """Return how many cases a person sees at each stage; a stage without any is left out.

    None is the program itself, which sees them all. At none are more counted than `most`.
    """
    stages = [str(each) for each in Stage if person is None or sees(person, each)]
    given: dict[str, Any] = {"stages": stages, "most": most}
    query = _STAGES
    if person is not None and person.role in SEEN_AT:
        query, given["name"] = _STAGES_IN_SIGHT, person.name
    with models.reads.connect() as connection:
        counts = {Stage(stage): int(number) for stage, number in connection.execute(query, given)}
    return {stage: Count.counted(number, most) for stage, number in counts.items() if number}


def exercises(models: ReadModels) -> tuple[ExerciseRow, ...]:
    """Return every exercise, in the order in which they were opened."""
    query = select(exercise_table).order_by(exercise_table.c.opened_at, exercise_table.c.exercise)
    with models.reads.connect() as connection:
        return tuple(_exercise(each) for each in connection.execute(query))


def exercise(models: ReadModels, name: str) -> ExerciseRow | None:
    """Return the exercise of that name, None when there is none."""
    query = select(exercise_table).where(exercise_table.c.exercise == name)
    with models.reads.connect() as connection:
        found = connection.execute(query).one_or_none()
    return None if found is None else _exercise(found)


def places_taken(models: ReadModels, year: int) -> int:
    """Return the places of the exercises opened in a Hong Kong year.

    An exercise counts with those it selected, and until then with those it may select. One without
    a limit is opened only in a year without a quota.
    """
    opened_in_year = (
        each for each in exercises(models) if hong_kong_date(each.opened_at).year == year
    )
    return sum(
        (each.places or 0) if each.selected is None else each.selected for each in opened_in_year
    )


def _exercise(found: Any) -> ExerciseRow:
    fields = {name: getattr(found, name) for name in EXERCISES.clear_columns}
    row: ExerciseRow = made(EXERCISES, fields, {})
    return row
