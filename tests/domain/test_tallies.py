"""What became of applications is counted alike from a read model and from the log."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from domain import commands as c
from domain import exercise_events as x
from domain.application import Application
from domain.case import load
from domain.following import NEXT
from domain.projections import case_list
from domain.stages import Refused
from domain.tallies import Tally
from tests.domain.lifetime import MINOR, OFFICERS, PEOPLE, Lifetime
from tests.domain.test_clocks import recorded_at

STEPS = st.lists(
    st.tuples(st.sampled_from(OFFICERS), st.sampled_from(PEOPLE), st.integers(0, 99)), max_size=20
)


def refused() -> Lifetime:
    """A case whose application was refused because a prerequisite failed."""
    life = Lifetime()
    life.go_straight(MINOR, 5)
    assert isinstance(life.state, Refused), life.state
    return life


def counts_of(life: Lifetime) -> x.RouteCounts:
    """Return the counts of one case, which row and state agree on after every fact."""
    row, counted = None, ()
    for version, each in enumerate(recorded_at(life.history, life.instants), start=1):
        row = case_list.fold(row, each._replace(position=version))
        by_row, by_state = Tally(), Tally()
        by_row.add(row.route, row.stage, row.reason_class)
        by_state.add_case(load(life.history[:version]))
        counted = by_state.counts
        assert by_row.counts == counted, life.history[:version]
    (found,) = counted
    return found


def test_a_refusal_that_is_looked_at_again_counts_as_one() -> None:
    life = refused()
    before = counts_of(life)
    assert before.prerequisites_failed == 1
    assert life.ask("officer-1", life.like(c.RequestReconsideration, MINOR, 0))
    assert counts_of(life) == before


@settings(max_examples=60)
@given(
    straight=st.integers(0, 14),
    person=st.sampled_from(PEOPLE),
    steps=STEPS,
    begin=st.sampled_from([Lifetime, refused]),
)
def test_rows_and_states_count_alike_whatever_happens_to_a_case(
    straight: int,
    person: Application,
    steps: list[tuple[str, Application, int]],
    begin: Callable[[], Lifetime],
) -> None:
    life = begin()
    life.go_straight(person, 1 + straight)
    for officer, other, choice in steps:
        possible = NEXT[type(life.state)]
        life.ask(officer, life.like(possible[choice % len(possible)], other, 0))
    assert counts_of(life).received == 1
