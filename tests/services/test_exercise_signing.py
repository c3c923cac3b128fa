"""Exercises signed off by two, with grades and departures from rank, over a real database."""

from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors

from domain import commands as c
from domain import exercise_commands as q
from domain import exercise_events as x
from domain.access import Person, Role
from domain.errors import (
    Forbidden,
    GradeMissing,
    NoSuchExercise,
    NotAllowedNow,
    SecondOfficerNeeded,
    SelectionChanged,
)
from domain.events import CaseNotSelected, CaseSelected
from domain.gradings import CaseTakenOutOfRank, DepartureCode, Direction, Grade
from domain.looks import Door
from domain.rules.terms import AfterNoPlace, Archetype, Order, StratumPlaces, Terms
from domain.stages import Stage
from services import exercises
from services.cases import carry_out, case_at
from services.exercise_requests import events_of, proposal_of
from services.projections import queries, runner
from services.redrawing import redraw
from services.results import result_of, results
from services.store import Commit, NewEvent, StreamWrite
from services.store.errors import Unwritable
from services.what_if import Change
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import APPLICANT, AUDITOR, MAY_2019, OFFICER, SUPERVISOR, asked
from tests.services.exercising import PANEL, SECOND, confirm, select
from tests.services.seeing import told
from tests.services.trying import dry_run, what_if, what_if_present
from tests.services.visiting import TO_POOL, file_case


@pytest.fixture
def cases(office: Office) -> dict[str, str]:
    """John with 175 points, Emma with 120, and Jackie by achievement, all in the pool."""
    return {name: file_case(office, name, *TO_POOL) for name in ("john", "emma", "jackie")}


def opened(office: Office, *, places: int | None = 2, **terms: object) -> None:
    command = q.OpenExercise(
        exercise="first",
        title="First",
        places=places,
        **terms,  # type: ignore[arg-type]  # each test names terms that there are
    )
    exercises.open_exercise(office, command, asked(SUPERVISOR))
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR))


def stages(office: Office, cases: dict[str, str]) -> dict[str, Stage]:
    return {name: case_at(office, reference).stage for name, reference in cases.items()}


def grade(office: Office, reference: str, given: Grade = Grade.OUTSTANDING) -> None:
    carry_out(office, reference, c.GradeCase(exercise="first", grade=given), asked(PANEL))


def test_the_one_who_proposed_cannot_confirm(office: Office, cases: dict[str, str]) -> None:
    opened(office)
    exercises.propose_selection(office, "first", asked(SUPERVISOR))
    with pytest.raises(SecondOfficerNeeded, match="took part in this exercise before"):
        confirm(office, "first", asked(SUPERVISOR))
    assert stages(office, cases)["john"] is Stage.SHORTLISTED
    confirm(office, "first", asked(SECOND))
    assert stages(office, cases)["john"] is Stage.SELECTED


def _selection(actor: str, digest: str, version: int = 4) -> Commit:
    made = x.SelectionMade(
        achievement=0,
        general=0,
        passed_over=0,
        cut_off=None,
        tie_break=None,
        departed=(),
        digest=digest,
    )
    event = NewEvent(event=made, effective_at=MAY_2019)
    request = asked(SUPERVISOR)
    return Commit(
        command_id=request.command_id,
        fingerprint=b"by hand",
        writes=(StreamWrite(stream="exercise-first", expected=version - 1, events=(event,)),),
        actor=actor,
        role="supervisor",
        command="MakeSelection",
        causation_id="1",
        correlation_id="1",
    )


@pytest.mark.usefixtures("cases")
def test_the_database_refuses_it_even_where_no_program_asks(office: Office) -> None:
    opened(office)
    exercises.propose_selection(office, "first", asked(SECOND))
    digest = proposal_of(office, "first").digest
    for actor in (SUPERVISOR.name, SECOND.name):
        with pytest.raises(SecondOfficerNeeded, match="took no part in its exercise before"):
            office.store.append(_selection(actor, digest))
    office.store.append(_selection("supervisor.ho", digest))


@pytest.mark.usefixtures("cases")
def test_the_database_takes_no_selection_that_nobody_proposed(office: Office) -> None:
    opened(office)
    with pytest.raises(Unwritable, match="made of what was proposed last"):
        office.store.append(_selection("supervisor.ho", "sha256:00", version=3))
    exercises.propose_selection(office, "first", asked(SECOND))
    with pytest.raises(Unwritable, match="made of what was proposed last"):
        office.store.append(_selection("supervisor.ho", "sha256:00"))


def test_nobody_but_an_exercise_gives_a_case_a_place(office: Office, cases: dict[str, str]) -> None:
    command = c.ShortlistCase(exercise="first", rank=1)
    with pytest.raises(Forbidden, match="given to a case by its exercise only"):
        carry_out(office, cases["john"], command, asked(SUPERVISOR))
    opened(office)
    number = uuid4()
    event = NewEvent(event=CaseSelected(exercise="first", rank=1), effective_at=MAY_2019)
    stream = f"case-{cases['john']}"
    with pytest.raises(Unwritable, match="by its exercise only"):
        office.store.append(
            Commit(
                command_id=number,
                fingerprint=b"by hand",
                writes=(StreamWrite(stream=stream, expected=5, events=(event,)),),
                actor="supervisor.ho",
                role="supervisor",
                command="SelectCase",
                causation_id="1",
                correlation_id="1",
            )
        )


@pytest.mark.parametrize("role", ["owner", "admin", "replica"])
@pytest.mark.usefixtures("cases")
def test_nobody_is_exempt(office: Office, database: TestDatabase, role: str) -> None:
    opened(office)
    exercises.propose_selection(office, "first", asked(SECOND))
    url = database.owner_url if role == "owner" else database.admin_url
    with psycopg.connect(url) as connection:
        if role == "replica":
            connection.execute("SET session_replication_role = replica")
        with pytest.raises(errors.CheckViolation, match="took no part in the exercise before"):
            connection.execute(
                "INSERT INTO events (commit_id, ord, body) SELECT 0, 0, jsonb_set(jsonb_set("
                "body::jsonb, '{version}', '4'), '{type}', '\"selection-made\"')::json"
                " FROM events WHERE stream = 'exercise-first' AND version = 1"
            )


def test_a_proposal_is_stale_once_somebody_with_a_place_has_gone(
    office: Office, cases: dict[str, str]
) -> None:
    opened(office)
    exercises.propose_selection(office, "first", asked(SUPERVISOR))
    carry_out(office, cases["john"], c.WithdrawApplication(), asked(OFFICER))
    head = office.store.sequence()
    with pytest.raises(SelectionChanged, match=f"{cases['john']} departed since it was proposed"):
        confirm(office, "first", replace(asked(SECOND), door=Door.API))
    assert office.store.sequence() == head
    # Who is told which case it is has looked at it.
    assert told(office)[-1] == (SECOND.name, "answer", "api", (cases["john"],))
    select(office, "first")
    assert stages(office, cases)["emma"] is Stage.SELECTED
    assert redraw(office, "first").differences == ()


def test_a_departure_from_rank_is_on_both_streams_with_its_reason_sealed(
    office: Office, cases: dict[str, str]
) -> None:
    opened(office)
    command = q.DepartFromRank(
        reference=cases["emma"].lower(),
        direction=Direction.PLACE,
        code=DepartureCode.NEEDS,
        reason="The only one of the trade",
    )
    with pytest.raises(GradeMissing):
        exercises.depart_from_rank(office, "first", command, asked(SUPERVISOR))
    grade(office, cases["emma"])
    done = exercises.depart_from_rank(office, "first", command, asked(SUPERVISOR))
    assert done.cases == 1

    on_exercise, on_case = events_of(office, "first")[-1], case_at(office, cases["emma"]).events[-1]
    assert isinstance(on_exercise.event, x.RankDepartureMade)
    assert isinstance(on_case.event, CaseTakenOutOfRank)
    assert on_exercise.event.reference == cases["emma"]
    assert on_case.event.personal is not None
    assert on_exercise.command_id == on_case.command_id

    select(office, "first")
    assert stages(office, cases) == {
        "john": Stage.IN_POOL,
        "emma": Stage.SELECTED,
        "jackie": Stage.SELECTED,
    }
    made = events_of(office, "first")[-1].event
    assert isinstance(made, x.SelectionMade)
    assert (made.out_of_rank, made.cut_off) == (1, None)
    assert redraw(office, "first").differences == ()


@pytest.mark.parametrize("withdrawn", [False, True])
def test_whoever_graded_does_not_confirm(
    office: Office, cases: dict[str, str], *, withdrawn: bool
) -> None:
    opened(office)
    grader = Person(name=PANEL.name, role=Role.SUPERVISOR)
    grade(office, cases["emma"])
    if withdrawn:
        carry_out(office, cases["emma"], c.WithdrawApplication(), asked())
    exercises.propose_selection(office, "first", asked(SUPERVISOR))
    with pytest.raises(SecondOfficerNeeded, match=f"{PANEL.name} graded a case of this exercise"):
        confirm(office, "first", asked(grader))
    assert stages(office, cases)["john"] is Stage.SHORTLISTED
    confirm(office, "first", asked(SECOND))


def test_only_the_panel_grades(office: Office, cases: dict[str, str]) -> None:
    opened(office)
    command = c.GradeCase(exercise="first", grade=Grade.AVERAGE)
    with pytest.raises(Forbidden, match="panel"):
        carry_out(office, cases["john"], command, asked(SUPERVISOR))
    with pytest.raises(Forbidden):
        exercises.propose_selection(office, "first", asked(PANEL))


def test_who_gets_no_place_waits_for_a_refusal_where_nobody_rolls_over(
    office: Office, cases: dict[str, str]
) -> None:
    opened(office, after_no_place=AfterNoPlace.IS_REFUSED)
    select(office, "first")
    assert stages(office, cases)["emma"] is Stage.NOT_SELECTED
    runner.catch_up_all(office.store, office.models)
    row = queries.case_row(office.models, cases["emma"])
    assert row is not None
    assert row.stage is Stage.NOT_SELECTED


def test_a_case_that_is_held_gets_no_place_and_is_passed_over(
    office: Office, cases: dict[str, str]
) -> None:
    opened(office)
    carry_out(office, cases["john"], c.HoldCase(reason="An inquiry"), asked(SUPERVISOR))
    select(office, "first")
    assert stages(office, cases) == {
        "john": Stage.IN_POOL,
        "emma": Stage.SELECTED,
        "jackie": Stage.SELECTED,
    }
    passed = case_at(office, cases["john"]).events[-1].event
    assert isinstance(passed, CaseNotSelected)
    assert passed.rank == 1
    assert redraw(office, "first").differences == ()


def test_within_strata_each_sector_has_its_places(office: Office, cases: dict[str, str]) -> None:
    sectors = {}
    for name in ("john", "emma"):
        row = queries.case_row(office.models, cases[name])
        assert row is not None
        sectors[name] = row.stratum
    assert None not in sectors.values()
    opened(
        office,
        places=None if sectors["john"] is None else 2,
        archetype=Archetype.RANK_WITHIN_STRATA,
        strata=(StratumPlaces(stratum=str(sectors["emma"]), places=1),),
    )
    select(office, "first")
    assert stages(office, cases)["jackie"] is Stage.SELECTED
    assert redraw(office, "first").differences == ()


def test_a_dry_run_tells_and_records_nothing(office: Office, cases: dict[str, str]) -> None:
    opened(office, places=2)
    head = office.store.sequence()
    told = dry_run(office, "first", SUPERVISOR)
    assert [each.member.reference for each in told.division.taken] == [
        cases["jackie"],
        cases["john"],
    ]
    assert told.command == "ProposeSelection"
    assert office.store.sequence() == head
    exercises.propose_selection(office, "first", asked(SUPERVISOR))
    proposed = events_of(office, "first")[-1].event
    assert isinstance(proposed, x.SelectionProposed)
    assert told.facts == (proposed,)
    assert dry_run(office, "first", AUDITOR).digest == told.digest
    with pytest.raises(Forbidden):
        dry_run(office, "first", OFFICER)


@pytest.mark.usefixtures("cases")
def test_a_result_is_public_once_it_is_published(office: Office) -> None:
    opened(office)
    with pytest.raises(NotAllowedNow):
        exercises.publish_result(office, "first", asked(SUPERVISOR))
    select(office, "first")
    with pytest.raises(NoSuchExercise):
        result_of(office, "first")
    exercises.publish_result(office, "first", asked(SUPERVISOR))
    runner.catch_up_all(office.store, office.models)
    result = result_of(office, "first").result
    # John is the only one selected by rank: his points are the cut-off, and told nowhere.
    assert [(each.exercise, each.cut_off) for each in results(office)] == [("first", None)]
    assert (result.pool_size, result.places, result.cut_off) == (3, 2, None)
    assert all(band.cases in {None, 0} for band in result.histogram)
    assert result.funnel.received == 3
    assert result.funnel.selected is None
    assert redraw(office, "first").differences == ()


def test_a_second_exercise_counts_from_when_the_first_froze_its_pool(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    opened(office)
    select(office, "first")
    file_case(office, "emma", *TO_POOL)
    command = q.OpenExercise(exercise="second", title="Second", places=1)
    exercises.open_exercise(office, command, asked(SUPERVISOR))
    exercises.draw_shortlist(office, "second", asked(SUPERVISOR))
    select(office, "second")
    exercises.publish_result(office, "second", asked(SUPERVISOR))
    first, second = (events_of(office, name)[0] for name in ("first", "second"))
    assert isinstance(first.event, x.ExerciseOpened)
    assert isinstance(second.event, x.ExerciseOpened)
    assert second.event.previous == x.CountsThen(
        frozen_at=first.effective_at, counts=first.event.counts
    )
    result = result_of(office, "second").result
    assert (result.counted_since, result.funnel.received) == (first.effective_at, 1)
    assert redraw(office, "second").differences == ()


def test_what_if_begins_with_the_selection_that_was_made(
    office: Office, cases: dict[str, str]
) -> None:
    opened(office)
    carry_out(office, cases["john"], c.HoldCase(reason="An inquiry"), asked(SUPERVISOR))
    exercises.propose_selection(office, "first", asked(SUPERVISOR))
    carry_out(office, cases["john"], c.LiftHold(), asked(SUPERVISOR))
    select(office, "first")
    assert stages(office, cases)["john"] is Stage.SELECTED
    same = what_if(office, "first", Change(), AUDITOR)
    assert (same.before, same.then, same.moved, same.cut_off) == (2, 2, (), 175)
    assert not same.differs
    fewer = what_if(office, "first", Change(places=1), AUDITOR)
    assert [each.reference for each in fewer.losing] == [cases["john"]]


def test_what_if_tells_who_gains_and_who_loses_and_writes_nothing(
    office: Office, cases: dict[str, str]
) -> None:
    opened(office)
    select(office, "first")
    head = office.store.sequence()
    more = what_if(office, "first", Change(places=3), AUDITOR)
    assert [(each.reference, each.gains) for each in more.moved] == [(cases["emma"], True)]
    assert (more.before, more.then, more.cut_off) == (2, 3, 120)
    fewer = what_if(office, "first", Change(places=1), AUDITOR)
    assert [(each.reference, each.gains) for each in fewer.moved] == [(cases["john"], False)]
    assert what_if(office, "first", Change(order=Order.POINTS_REFERENCE), AUDITOR).moved == ()
    older = what_if(office, "first", Change(ruleset="gpt-2015"), AUDITOR)
    assert older.moved == ()
    present = what_if_present(office, Terms(threshold=130), AUDITOR)
    assert [(each.reference, each.gains) for each in present.moved] == [(cases["emma"], False)]
    assert office.store.sequence() == head
    with pytest.raises(Forbidden):
        what_if(office, "first", Change(), APPLICANT)
