"""A large exercise while officers write to its cases: nothing is lost, half done or done twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from benchmarks.exercise import fill, hold, officers
from domain import exercise_commands as q
from domain.errors import NotAllowedNow
from domain.gradings import CaseGraded
from domain.stages import Stage
from services import exercises
from services.counts import Count
from services.exercise_requests import ExerciseOutcome, proposal_of
from services.projections import queries, runner
from services.redrawing import redraw
from services.wiring import Office
from tests.services.asking import SUPERVISOR, asked
from tests.services.exercising import SECOND, confirm


def test_an_exercise_holds_beside_officers_who_write_to_its_cases(
    office: Office,
    whole_pools: bool,  # noqa: FBT001 - a fixture
) -> None:
    cases = 100_000 if whole_pools else 3_000
    fill(office, cases)
    held = hold(office, places=3 * cases // 10, shortlist=4 * cases // 10, writers=4)
    assert held.selected == 3 * cases // 10

    runner.catch_up_all(office.store, office.models)
    counts = queries.counts_by_stage(office.models, most=cases)
    assert {stage: each.number for stage, each in counts.items()} == {
        Stage.IN_POOL: cases - 4 * cases // 10,
        Stage.NOT_SELECTED: cases // 10,
        Stage.SELECTED: 3 * cases // 10,
    }
    again = redraw(office, "large")
    assert (again.pool, again.differences) == (cases, ())


def test_hundreds_of_writes_of_officers_are_each_before_or_after(office: Office) -> None:
    fill(office, 300)
    command = q.OpenExercise(exercise="large", title="Large", places=200, shortlist_size=300)
    exercises.open_exercise(office, command, asked(SUPERVISOR, at=None))
    with officers(office, 4, pause=0.001) as desk:
        exercises.draw_shortlist(office, "large", asked(SUPERVISOR, at=None))
        exercises.propose_selection(office, "large", asked(SUPERVISOR, at=None))
        confirm(office, "large", asked(SECOND, at=None))
    graded: Counter[str] = Counter()
    after = 0
    while batch := office.store.read_log(after=after, limit=5_000, personal=False):
        for each in batch:
            graded[each.stream] += isinstance(each.event, CaseGraded)
        after += len(batch)
    assert +graded == desk.written
    assert desk.written.total() > 0
    assert redraw(office, "large").differences == ()


def test_of_two_who_make_one_selection_one_is_refused(office: Office) -> None:
    fill(office, 200)
    command = q.OpenExercise(exercise="large", title="Large", places=50, shortlist_size=100)
    exercises.open_exercise(office, command, asked(SUPERVISOR, at=None))
    exercises.draw_shortlist(office, "large", asked(SUPERVISOR, at=None))
    exercises.propose_selection(office, "large", asked(SUPERVISOR, at=None))

    made = q.MakeSelection(digest=proposal_of(office, "large").digest)

    def attempt(_: int) -> int:
        try:
            return exercises.make_selection(office, "large", made, asked(SECOND, at=None)).cases
        except NotAllowedNow:
            return 0

    with ThreadPoolExecutor(3) as threads:
        assert sorted(threads.map(attempt, range(3))) == [0, 0, 100]
    runner.catch_up_all(office.store, office.models)
    assert queries.counts_by_stage(office.models)[Stage.SELECTED] == Count(number=50)


def test_the_same_selection_sent_at_once_is_made_once(office: Office) -> None:
    fill(office, 200)
    command = q.OpenExercise(exercise="large", title="Large", places=50, shortlist_size=100)
    exercises.open_exercise(office, command, asked(SUPERVISOR, at=None))
    exercises.draw_shortlist(office, "large", asked(SUPERVISOR, at=None))
    exercises.propose_selection(office, "large", asked(SUPERVISOR, at=None))
    made, same = q.MakeSelection(digest=proposal_of(office, "large").digest), asked(SECOND, at=None)

    def select(_: int) -> ExerciseOutcome:
        return exercises.make_selection(office, "large", made, same)

    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(select, range(3)))
    assert sorted(each.repeated for each in done) == [False, True, True]
    assert {(each.version, each.cases) for each in done} == {(4, 100)}
