"""Exercises over a real database: frozen pools, departures, atomic selection, drawing again."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain import commands as c
from domain import exercise_commands as q
from domain.errors import (
    ExerciseExists,
    Forbidden,
    NoSuchExercise,
    NotAllowedNow,
    NothingToSelect,
    PlacesInvalid,
    SelectionChanged,
)
from domain.exercise_events import ExerciseEvent, ExerciseOpened, ShortlistDrawn
from domain.rules.rank import digest_of, ranked
from domain.rules.terms import Archetype
from domain.stages import Stage
from services import exercises
from services.cases import carry_out, case_at, submit
from services.demo.year import INTAKE, REGIME
from services.exercise_requests import events_of, proposal_of
from services.latest_pool import LatestPool
from services.pool import PoolAltered, pool_at
from services.population import population
from services.redrawing import redraw
from services.store import Commit, Conflict, NewEvent, StreamWrite
from services.wiring import Office
from tests.services.asking import OFFICER, SUPERVISOR, asked, asked_for, on_paper, together
from tests.services.exercising import SECOND, select

HELD = datetime(2019, 9, 16, 2, 0, tzinfo=UTC)


def _in_pool(office: Office, number: int) -> list[str]:
    """File and score people until `number` of them wait in the pool; return their references."""

    def take(arrival: object) -> str | None:
        application = getattr(arrival, "application", None)
        at = getattr(arrival, "received_at", HELD)
        filed = submit(office, c.SubmitApplication(application=application), asked(at=at))
        stage = filed.stage
        for command in (c.AcknowledgeApplication(), c.AssessPrerequisites(), c.ScoreApplication()):
            if stage is Stage.PREREQUISITES_UNMET:
                return None
            stage = carry_out(office, filed.reference, command, asked(at=at)).stage
        return filed.reference if stage is Stage.IN_POOL else None

    references: list[str] = []
    for arrival in population(4 * number, 7, REGIME, INTAKE):
        if (reference := take(arrival)) is not None:
            references.append(reference)
        if len(references) == number:
            break
    return references


def _open(
    office: Office, name: str = "first", *, places: int = 3, shortlist: int = 6, at: datetime = HELD
) -> None:
    command = q.OpenExercise(exercise=name, title=name, places=places, shortlist_size=shortlist)
    exercises.open_exercise(office, command, asked(SUPERVISOR, at=at))


def _append(office: Office, *facts: ExerciseEvent) -> None:
    events = tuple(NewEvent(event=fact, effective_at=HELD) for fact in facts)
    command_id = uuid4()
    office.store.append(
        Commit(
            command_id=command_id,
            fingerprint=b"1",
            writes=(StreamWrite(stream="exercise-first", expected=0, events=events),),
            actor="anybody",
            role="supervisor",
            command="OpenExercise",
            causation_id=command_id,
            correlation_id="1",
        )
    )


def _stages(office: Office, references: list[str]) -> dict[str, Stage]:
    return {reference: case_at(office, reference).stage for reference in references}


def _withdraw(office: Office, reference: str) -> None:
    carry_out(office, reference, c.WithdrawApplication(), asked(OFFICER, at=HELD))


def test_places_go_by_rank_and_the_rest_of_the_shortlist_returns_to_the_pool(
    office: Office,
) -> None:
    references = _in_pool(office, 10)
    _open(office)
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD))
    made = select(office, "first", at=HELD)

    stages = list(_stages(office, references).values())
    assert (stages.count(Stage.SELECTED), stages.count(Stage.IN_POOL)) == (3, 7)
    assert made.cases == 6
    redrawn = redraw(office, "first")
    assert redrawn.differences == ()
    assert redrawn.selection is not None
    selected = {each.member.reference for each in redrawn.selection.taken}
    assert selected == {ref for ref in references if _stages(office, [ref])[ref] is Stage.SELECTED}


def test_a_case_that_leaves_between_the_steps_makes_room_and_fails_nothing(
    office: Office,
) -> None:
    references = _in_pool(office, 8)
    _open(office, places=2, shortlist=4)
    first_choice = redraw(office, "first")
    assert first_choice.pool == 8
    best = ranked(pool_at(office, office.store.head(), HELD).members)
    _withdraw(office, best[0].member.reference)
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD))
    _withdraw(office, best[1].member.reference)
    select(office, "first", at=HELD)

    stages = _stages(office, references)
    assert stages[best[0].member.reference] is Stage.WITHDRAWN
    assert stages[best[1].member.reference] is Stage.WITHDRAWN
    assert stages[best[2].member.reference] is Stage.SELECTED
    assert stages[best[3].member.reference] is Stage.SELECTED
    assert list(stages.values()).count(Stage.SELECTED) == 2
    assert redraw(office, "first").differences == ()


def test_a_selection_holds_while_applicants_withdraw_at_the_same_time(office: Office) -> None:
    references = _in_pool(office, 16)
    _open(office, places=5, shortlist=10)
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD))

    def withdraw(reference: str) -> bool:
        _withdraw(office, reference)
        return True

    with ThreadPoolExecutor(4) as pool:
        leaving = [pool.submit(withdraw, reference) for reference in references[::3]]
        _select_at_last(office)
        assert all(each.result() for each in leaving)

    again = redraw(office, "first")
    assert again.differences == ()
    assert again.selection is not None
    assert len(again.selection.taken) == 5
    assert Stage.SHORTLISTED not in _stages(office, references).values()


def _select_at_last(office: Office) -> None:
    """Propose and confirm until nobody who was to have a place departs in between."""
    while True:
        try:
            select(office, "first", at=HELD)
        except SelectionChanged:
            continue
        return


def test_the_same_command_again_selects_nobody_twice(office: Office) -> None:
    _in_pool(office, 5)
    _open(office, places=2, shortlist=3)
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD))
    exercises.propose_selection(office, "first", asked(SUPERVISOR, at=HELD))
    command = q.MakeSelection(digest=proposal_of(office, "first").digest)
    request = asked(SECOND, at=HELD, command_id=uuid4())
    first = exercises.make_selection(office, "first", command, request)
    head = office.store.sequence()
    again = exercises.make_selection(office, "first", command, request)
    assert again == replace(first, repeated=True)
    assert office.store.sequence() == head


def test_those_passed_over_are_in_the_pool_of_the_next_exercise(office: Office) -> None:
    _in_pool(office, 6)
    _open(office, places=2, shortlist=4)
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD))
    select(office, "first", at=HELD)
    _open(office, "second", places=2, shortlist=4)
    assert redraw(office, "second").pool == 4


def test_an_exercise_is_opened_once_even_by_many_at_once(office: Office) -> None:
    _in_pool(office, 3)
    command = q.OpenExercise(exercise="first", title="first", places=1, shortlist_size=2)

    def attempt(_: int) -> bool:
        try:
            exercises.open_exercise(office, command, asked(SUPERVISOR, at=HELD))
        except ExerciseExists:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(attempt, range(4))).count(True) == 1


def test_an_empty_pool_is_refused(office: Office) -> None:
    with pytest.raises(NothingToSelect):
        _open(office)


@pytest.mark.parametrize(("places", "shortlist"), [(0, 5), (4, 3), (1_001, 1_001)])
def test_places_that_make_no_sense_or_exceed_the_quota_are_refused(
    office: Office, places: int, shortlist: int
) -> None:
    _in_pool(office, 1)
    with pytest.raises(PlacesInvalid):
        _open(office, places=places, shortlist=shortlist)


def test_the_quota_of_the_year_counts_every_exercise_of_that_year(office: Office) -> None:
    _in_pool(office, 1)
    _open(office, "large", places=998, shortlist=998)
    with pytest.raises(PlacesInvalid, match="the 2 that the year's quota leaves"):
        _open(office, "small", places=3, shortlist=3)


def test_exercises_opened_at_once_never_share_out_more_than_the_quota(office: Office) -> None:
    _in_pool(office, 1)

    def attempt(number: int) -> bool:
        try:
            _open(office, f"number-{number}", places=600, shortlist=600)
        except PlacesInvalid:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(attempt, range(4))).count(True) == 1


def test_places_are_those_of_the_quota_as_it_was_known_on_the_day(office: Office) -> None:
    _in_pool(office, 1)
    before = datetime(2020, 11, 25, 15, 59, tzinfo=UTC)
    with pytest.raises(PlacesInvalid, match="the 1000 that"):
        _open(office, places=1_500, shortlist=1_500, at=before)
    _open(office, places=1_500, shortlist=1_500, at=before + timedelta(minutes=1))


@pytest.mark.parametrize(
    "damage", ["DELETE FROM exercise_pools", "UPDATE exercise_pools SET points = points + 1"]
)
def test_a_pool_whose_rows_were_spoilt_is_had_from_the_log(office: Office, damage: str) -> None:
    references = _in_pool(office, 4)
    _open(office, places=2, shortlist=3)
    with office.models.engine.begin() as connection:
        connection.execute(text(damage))
    # Another process, which did not see the pool being frozen.
    other = replace(office, latest_pool=LatestPool())
    exercises.draw_shortlist(other, "first", asked(SUPERVISOR, at=HELD))
    assert list(_stages(office, references).values()).count(Stage.SHORTLISTED) == 3
    assert redraw(office, "first").differences == ()


def test_what_was_not_drawn_so_is_told_field_by_field(office: Office) -> None:
    _in_pool(office, 2)
    position = office.store.sequence()
    facts = (
        ExerciseOpened(
            exercise="first",
            title="first",
            archetype=Archetype.RANK_TO_QUOTA,
            places=1,
            shortlist_size=2,
            pool_position=position,
            pool_size=3,
            pool_digest=digest_of(ranked(pool_at(office, position, HELD).members)),
        ),
        ShortlistDrawn(achievement=0, general=0, departed=(), digest="sha256:00"),
    )
    _append(office, *facts)
    size, _, digest = redraw(office, "first").differences
    assert size == "exercise-opened pool_size: recorded 3, drawn again 2"
    assert digest.startswith("shortlist-drawn digest: recorded sha256:00, drawn again sha256:")


def test_a_pool_that_the_log_does_not_give_stops_the_exercise(office: Office) -> None:
    _in_pool(office, 2)
    opened = ExerciseOpened(
        exercise="first",
        title="first",
        archetype=Archetype.RANK_TO_QUOTA,
        places=1,
        shortlist_size=2,
        pool_position=office.store.sequence(),
        pool_size=2,
        pool_digest="sha256:00",
    )
    _append(office, opened)
    with pytest.raises(PoolAltered, match="first"):
        exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD))


def test_a_stale_version_of_an_exercise_is_a_conflict(office: Office) -> None:
    _in_pool(office, 2)
    _open(office, places=1, shortlist=1)
    with pytest.raises(Conflict):
        exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD, expected=0))
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD, expected=1))


def test_the_year_of_a_quota_is_hong_kongs(office: Office) -> None:
    _in_pool(office, 1)
    _open(office, "of-2019", places=600, shortlist=600)
    first_minute = datetime(2019, 12, 31, 16, 0, tzinfo=UTC)
    with pytest.raises(PlacesInvalid, match="the 400 that"):
        _open(office, "late", places=600, shortlist=600, at=first_minute - timedelta(seconds=1))
    _open(office, "of-2020", places=600, shortlist=600, at=first_minute)


def test_a_case_that_another_exercise_shortlisted_meanwhile_has_departed(office: Office) -> None:
    (reference,) = _in_pool(office, 1)
    _open(office, places=1, shortlist=1)
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD))
    again = (
        *together(c.ProposeRefusal(reasons=("The plans do not convince",))),
        c.RequestReconsideration(material="A contract"),
        *together(c.ProposeReopening()),
        c.AssessPrerequisites(),
        c.ScoreApplication(),
    )
    for command in again:
        carry_out(office, reference, command, asked_for(command, at=HELD))
    _open(office, "second", places=1, shortlist=1)
    exercises.draw_shortlist(office, "second", asked(SUPERVISOR, at=HELD))

    made = select(office, "first", at=HELD)

    assert made.cases == 0
    assert case_at(office, reference).stage is Stage.SHORTLISTED


def test_a_step_out_of_order_says_what_is_possible(office: Office) -> None:
    request = asked(SUPERVISOR, at=HELD)
    with pytest.raises(NotAllowedNow, match="open-exercise"):
        exercises.draw_shortlist(office, "never-opened", request)
    with pytest.raises(NotAllowedNow, match="open-exercise"):
        exercises.make_selection(office, "never-opened", q.MakeSelection(digest=""), request)


def test_an_officer_runs_no_exercise(office: Office) -> None:
    with pytest.raises(Forbidden, match="supervisor"):
        exercises.draw_shortlist(office, "first", asked(OFFICER, at=HELD))


def test_an_unknown_exercise_cannot_be_drawn_again(office: Office) -> None:
    with pytest.raises(NoSuchExercise):
        redraw(office, "nothing")


def test_an_exercise_dated_back_takes_only_those_who_waited_then(office: Office) -> None:
    later = HELD + timedelta(days=5)
    reference = submit(office, on_paper("john"), asked(at=HELD)).reference
    for command in (c.AcknowledgeApplication(), c.AssessPrerequisites(), c.ScoreApplication()):
        carry_out(office, reference, command, asked(at=later))
    with pytest.raises(NothingToSelect):
        _open(office, places=1, shortlist=1)
    waiting = _in_pool(office, 2)
    _open(office, places=3, shortlist=3)

    exercises.draw_shortlist(office, "first", asked(SUPERVISOR, at=HELD))
    select(office, "first", at=HELD)

    stages = _stages(office, [reference, *waiting])
    assert list(stages.values()) == [Stage.IN_POOL, Stage.SELECTED, Stage.SELECTED]
    assert redraw(office, "first").differences == ()


def test_an_opening_that_is_refused_leaves_no_pool_behind(office: Office) -> None:
    _in_pool(office, 2)

    def rows() -> int:
        with office.models.reads.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM exercise_pools")).scalar_one())

    with pytest.raises(PlacesInvalid):
        _open(office, places=1_001, shortlist=1_001)
    with pytest.raises(PlacesInvalid):
        _open(office, places=2, shortlist=1)
    assert rows() == 0
    _open(office, places=1, shortlist=1)
    assert rows() == 2


def test_an_opening_says_what_the_quota_was_and_what_was_taken_of_it(office: Office) -> None:
    _in_pool(office, 2)
    _open(office, "first", places=2, shortlist=2)
    _open(office, "second", places=1, shortlist=2)
    opened = events_of(office, "second")[0].event
    assert isinstance(opened, ExerciseOpened)
    assert (opened.quota, opened.places_taken) == (1_000, 2)
