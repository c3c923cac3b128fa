"""Whose erasure a restore undid while they waited in the pool: they wait no more, for any place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast
from uuid import uuid4

from domain import commands as c
from domain import exercise_commands as q
from domain import exercise_events as x
from domain.exercise_lists import in_order
from domain.exercise_terms import terms_of
from domain.rules.rank import digest_of
from domain.stages import Stage
from services import exercises
from services.cases import carry_out, case_at
from services.exercise_requests import events_of
from services.pool import folded_log, pool_at, unseen, waiting_in
from services.privacy import again
from services.redrawing import redraw
from services.store import Commit, NewEvent, StreamWrite
from services.what_if import Change
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.integration.going_back import restored
from tests.integration.restoring import dump
from tests.services.asking import MAY_2019, SUPERVISOR, asked
from tests.services.exercising import select
from tests.services.openings import TO_POOL, another, file
from tests.services.trying import dry_run_opening, what_if

OPENING = q.OpenExercise(exercise="first", title="First", places=2, shortlist_size=2)
NEXT = replace(OPENING, exercise="next")


@contextmanager
def _erased_again(
    office: Office,
    database: TestDatabase,
    empty: TestDatabase,
    folder: Path,
    meanwhile: Callable[[Office], None] = lambda _: None,
) -> Iterator[tuple[Office, str, str]]:
    """Yield the restored office, who was erased again, and somebody else in the pool.

    `meanwhile` happened before the backup.
    """
    marked = m.file_marked(office)
    other = file(office, another("john", "P111"), *TO_POOL)
    meanwhile(office)
    dump(database.owner_url, folder / "dump")
    carry_out(office, marked.reference, c.WithdrawApplication(), asked(at=None))
    carry_out(office, marked.reference, c.ProposeErasure(), asked(at=None))
    m.confirm(office, marked.reference)
    with restored(office, folder / "dump", empty) as old:
        assert again.apply_again(old) == (marked.reference,)
        yield old, marked.reference, other


def _opened(office: Office, command: q.OpenExercise = OPENING) -> None:
    exercises.open_exercise(office, command, asked(SUPERVISOR, at=None))


def _drawn(office: Office) -> None:
    _opened(office)
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=None))


def _stage(office: Office, reference: str) -> Stage:
    return case_at(office, reference).stage


def test_who_is_erased_again_is_in_no_pool_opened_since(
    office: Office, database: TestDatabase, empty_database: TestDatabase, tmp_path: Path
) -> None:
    with _erased_again(office, database, empty_database, tmp_path) as (old, reference, other):
        trial = dry_run_opening(old, OPENING, SUPERVISOR)
        assert (trial.pool_size, trial.left_out.other_measure, trial.left_out.later) == (1, 0, 0)
        _opened(old)
        exercises.draw_shortlist(old, "first", asked(SUPERVISOR, at=None))
        select(old, "first", at=None)
        assert (_stage(old, reference), _stage(old, other)) == (Stage.IN_POOL, Stage.SELECTED)
        again_drawn = redraw(old, "first")
        assert (again_drawn.pool, again_drawn.differences) == (1, ())
        # Under no rules would they come in, which is known of them.
        otherwise = what_if(old, "first", Change(ruleset="gpt-2006"), SUPERVISOR)
        assert (otherwise.erased, otherwise.erased_outside) == (0, 0)


def test_who_is_erased_again_departs_from_a_pool_frozen_before(
    office: Office, database: TestDatabase, empty_database: TestDatabase, tmp_path: Path
) -> None:
    with _erased_again(office, database, empty_database, tmp_path, _opened) as (old, gone, other):
        exercises.draw_shortlist(old, "first", asked(SUPERVISOR, at=None))
        drawn = events_of(old, "first")[1].event
        assert isinstance(drawn, x.ShortlistDrawn)
        assert drawn.departed == (gone,)
        assert (_stage(old, gone), _stage(old, other)) == (Stage.IN_POOL, Stage.SHORTLISTED)
        again_drawn = redraw(old, "first")
        assert (again_drawn.pool, again_drawn.differences) == (2, ())


def test_who_is_erased_again_before_the_committee_gets_no_place(
    office: Office, database: TestDatabase, empty_database: TestDatabase, tmp_path: Path
) -> None:
    with _erased_again(office, database, empty_database, tmp_path, _drawn) as (old, gone, other):
        select(old, "first", at=None)
        assert (_stage(old, gone), _stage(old, other)) == (Stage.IN_POOL, Stage.SELECTED)
        assert redraw(old, "first").differences == ()


def _opened_with_the_erased(office: Office) -> None:
    """An exercise was opened on a pool that holds whoever was erased again, as they once did."""
    position = office.store.sequence()
    at = office.clock()
    opened = x.ExerciseOpened(
        exercise="first",
        title="First",
        archetype=OPENING.archetype,
        places=2,
        shortlist_size=2,
        pool_position=position,
        pool_size=2,
        pool_digest="",
    )
    waiting = waiting_in(folded_log(unseen(office), position), at, opened.measure, erased_too=True)
    order = in_order(terms_of(opened), waiting.members)
    fact = replace(opened, pool_digest=digest_of(order), counts=waiting.counts)
    command_id = uuid4()
    office.store.append(
        Commit(
            command_id=command_id,
            fingerprint=b"1",
            writes=(
                StreamWrite(
                    stream="exercise-first",
                    expected=0,
                    events=(NewEvent(event=fact, effective_at=at),),
                ),
            ),
            actor=SUPERVISOR.name,
            role="supervisor",
            command="OpenExercise",
            causation_id=str(command_id),
            correlation_id="1",
        )
    )


def test_a_pool_that_was_opened_with_the_erased_is_drawn_again_as_it_was(
    office: Office, database: TestDatabase, empty_database: TestDatabase, tmp_path: Path
) -> None:
    with _erased_again(office, database, empty_database, tmp_path) as (old, gone, other):
        _opened_with_the_erased(old)
        again_drawn = redraw(old, "first")
        assert (again_drawn.pool, again_drawn.differences) == (2, ())
        exercises.draw_shortlist(old, "first", asked(SUPERVISOR, at=None))
        drawn = cast("x.ShortlistDrawn", events_of(old, "first")[1].event)
        assert drawn.departed == (gone,)
        assert (_stage(old, gone), _stage(old, other)) == (Stage.IN_POOL, Stage.SHORTLISTED)
        assert redraw(old, "first").differences == ()
        assert what_if(old, "first", Change(places=1), SUPERVISOR).pool_before == 2
        # Whoever waits now waits without them.
        assert pool_at(old, old.store.sequence(), MAY_2019).members == ()
