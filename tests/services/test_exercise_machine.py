"""Several exercises of a year, with cases that come, go and are held in between.

The exercises and the cases decide as they do in the shell, over a log that is a list. Pools are
frozen from the rows of the case list, and drawn again from states.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain import case as cases
from domain import commands as c
from domain import events as e
from domain import exercise_commands as q
from domain import exercise_events as x
from domain import stages as s
from domain.application import Route
from domain.deciding.circumstances import Circumstances
from domain.errors import Refusal
from domain.exercise import decide, load
from domain.exercise_lists import digest_by, in_order, selection, selection_made, shortlist
from domain.exercise_states import Actors, Drawn, Made, Opened, Pool, Proposed
from domain.exercise_terms import terms_of
from domain.projections import case_list
from domain.rules.rank import PoolMember
from domain.rules.terms import AfterNoPlace, Archetype
from domain.tallies import Tally
from services.allotting import is_before_committee, waits_as_frozen
from tests.domain.deciding import real_rulebook
from tests.domain.histories import ACKNOWLEDGED, RECONSIDERED, prerequisites, scored, submitted
from tests.domain.pools import MORNING
from tests.domain.test_clocks import recorded_at

QUOTA: Final = 4
MARK: Final = 80
PEOPLE: Final = ("wong", "wong", "lee", "ho")
POINTS: Final = st.integers(min_value=MARK - 1, max_value=MARK + 3)
SOME: Final = st.integers(min_value=0, max_value=99)
Orders = Mapping[str, c.CaseCommand]


@dataclass(slots=True)
class Held:
    """An exercise under way: its facts, who took part, and whom its pool was frozen with."""

    facts: tuple[x.ExerciseEvent, ...]
    actors: frozenset[str]
    pool: Pool


class Year(RuleBasedStateMachine):
    """The office's year: arrivals, exercises, and everything in between."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[str, e.CaseEvent]] = []
        self.states: dict[str, s.CaseState] = {}
        self.rows: dict[str, case_list.CaseRow] = {}
        self.held: dict[str, Held] = {}

    def tell(self, name: str, *facts: e.CaseEvent) -> None:
        """These facts of a case are in the log, and whatever follows it has them."""
        for fact in facts:
            self.log.append((name, fact))
            (recorded,) = recorded_at((fact,), (MORNING,))
            version = sum(each == name for each, _ in self.log)
            recorded = replace(recorded, version=version, position=len(self.log))
            self.states[name] = cases.evolve(self.states.get(name, s.Draft()), fact)
            self.rows[name] = case_list.fold(self.rows.get(name), recorded)

    def decided(self, name: str, command: c.CaseCommand, who: str) -> tuple[e.CaseEvent, ...]:
        given = Circumstances(at=MORNING, rulebook=real_rulebook(), actor=who, since=MORNING)
        return cases.decide(self.states[name], command, given)

    @initialize(
        points=st.lists(POINTS, min_size=3, max_size=8), least=st.sampled_from([None, MARK + 1])
    )
    def many_applied_before_the_first_opening(self, points: list[int], least: int | None) -> None:
        for each in points:
            self.somebody_applies(each, each % 3, route=False)
        self.an_exercise_is_opened(2, 1, least)

    @rule(points=POINTS, minutes=st.integers(0, 2), route=st.booleans())
    @precondition(lambda self: len(self.states) < 12)
    def somebody_applies(self, points: int, minutes: int, route: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        name = f"QM-{len(self.states):03}"
        filed = submitted(None)
        assert isinstance(filed, e.ApplicationSubmitted)
        when = MORNING + timedelta(minutes=minutes)
        filed = replace(filed, reference=name, submitted_at=when)
        if route:
            filed = replace(filed, route=Route.ACHIEVEMENT)
        self.tell(name, filed, ACKNOWLEDGED, prerequisites(), scored(points))

    @rule(met=st.booleans())
    @precondition(lambda self: len(self.states) < 12)
    def a_refusal_is_looked_at_again(self, met: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        name = f"QM-{len(self.states):03}"
        filed = submitted(None)
        assert isinstance(filed, e.ApplicationSubmitted)
        kind = e.RefusalClass.POINTS if met else e.RefusalClass.PREREQUISITES
        refused = e.ApplicationRefused(reason_class=kind, rules=(), personal=None)
        facts = (ACKNOWLEDGED, prerequisites(age_met=met), *((scored(MARK - 1),) if met else ()))
        self.tell(name, replace(filed, reference=name), *facts, refused, RECONSIDERED)

    @rule(which=SOME, what=st.sampled_from([0, 1, 1, 2, 2, 2]))
    @precondition(lambda self: self.states)
    def something_happens_to_a_case(self, which: int, what: int) -> None:
        name = sorted(self.states)[which % len(self.states)]
        commands = (c.WithdrawApplication(), c.HoldCase(reason="An inquiry"), c.LiftHold())
        try:
            self.tell(name, *self.decided(name, commands[what], "officer"))
        except Refusal:
            return

    @rule(which=SOME, points=POINTS)
    @precondition(lambda self: self.states)
    def a_case_is_scored_anew(self, which: int, points: int) -> None:
        name = sorted(self.states)[which % len(self.states)]
        if isinstance(self.states[name], s.InPool):
            self.tell(name, scored(points))

    @rule(places=st.integers(1, 3), more=st.integers(0, 2), least=st.sampled_from([None, MARK + 1]))
    @precondition(lambda self: len(self.held) < 4)
    def an_exercise_is_opened(self, places: int, more: int, least: int | None) -> None:
        name = f"x-{len(self.held)}"
        command = q.OpenExercise(
            exercise=name,
            title="Exercise",
            places=places,
            shortlist_size=places + more,
            archetype=Archetype.RANK_TO_QUOTA if least is None else Archetype.FIXED_THRESHOLD,
            threshold=least,
        )
        pool = self.frozen()
        try:
            facts = decide(load(()), command, pool, Actors(now=PEOPLE[0]))
        except Refusal:
            return
        self.held[name] = Held(facts=facts, actors=frozenset(PEOPLE[:1]), pool=pool)

    def frozen(self) -> Pool:
        """The pool as the rows have it."""
        tally = Tally()
        for row in self.rows.values():
            tally.add(row.route, row.stage, row.reason_class)
        taken = sum(_taken(each) for each in self.held.values())
        waiting = [
            row for row in self.rows.values() if row.stage is s.Stage.IN_POOL and not row.held
        ]
        return Pool(
            position=len(self.log),
            members=tuple(
                PoolMember(
                    reference=row.reference,
                    route=row.route,
                    points=row.points or 0,
                    submitted_at=row.submitted_at,
                    version=row.version,
                )
                for row in waiting
            ),
            quota=QUOTA,
            places_taken=taken,
            counts=tally.counts,
        )

    @rule(which=SOME, whose=st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=4))
    @precondition(lambda self: self.held)
    def an_exercise_goes_on(self, which: int, whose: list[str]) -> None:
        for who in whose:
            self.goes_on(which, who, again=False)

    @rule(which=SOME, who=st.sampled_from(PEOPLE), again=st.booleans())
    @precondition(lambda self: self.held)
    def an_exercise_takes_a_step(self, which: int, who: str, again: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        self.goes_on(which, who, again=again)

    def goes_on(self, which: int, who: str, *, again: bool) -> None:
        held = self.held[sorted(self.held)[which % len(self.held)]]
        match load(held.facts):
            case Proposed() if not again:
                self.the_selection_is_made(held, who)
            case Drawn():
                self.the_selection_is_proposed(held, who)
            case _:
                self.the_shortlist_is_drawn(held, who)

    def the_selection_is_proposed(self, held: Held, who: str) -> None:
        state = load(held.facts)
        pool = held.pool
        if isinstance(state, Drawn) and not isinstance(state, Made):
            drawn = state
            listed = [each.member for each in shortlist(drawn, held.pool).taken]
            still = is_before_committee(_opened(held).exercise)
            gone = {each.reference for each in listed if not self.still(still, each)}
            pool = replace(held.pool, departed=frozenset(gone))
        self.step(held, q.ProposeSelection(), who, pool, {})

    def the_shortlist_is_drawn(self, held: Held, who: str) -> None:
        state = load(held.facts)
        if not isinstance(state, Opened) or isinstance(state, Drawn):
            return
        opened, name = state, _opened(held).exercise

        def orders(pool: Pool) -> Orders:
            return {
                each.member.reference: c.ShortlistCase(exercise=name, rank=each.rank)
                for each in shortlist(opened, pool).taken
            }

        pool, told = self.allotted(held.pool, orders, waits_as_frozen(opened.terms.order))
        self.step(held, q.DrawShortlist(), who, pool, told)

    def the_selection_is_made(self, held: Held, who: str) -> None:
        state, name = load(held.facts), _opened(held).exercise
        if not isinstance(state, Proposed):
            return
        proposed = state

        def orders(pool: Pool) -> Orders:
            made = selection(proposed, pool)
            return {
                each.member.reference: c.SelectCase(exercise=name, rank=each.rank)
                for each in made.taken
            } | {each.member.reference: c.PassOverCase(exercise=name) for each in made.left}

        begun = replace(held.pool, departed=frozenset(proposed.proposed.departed))
        pool, told = self.allotted(begun, orders, is_before_committee(name))
        aside = {
            each: c.PassOverCase(exercise=name, then=AfterNoPlace.ROLLS_OVER)
            for each in pool.departed
            if isinstance(case := self.states[each], s.Shortlisted) and case.exercise == name
        }
        command = q.MakeSelection(digest=proposed.proposed.digest)
        self.step(held, command, who, pool, {**told, **aside})

    def still(self, still: Callable[[s.CaseState, PoolMember], bool], member: PoolMember) -> bool:
        return still(self.states[member.reference], member)

    def allotted(
        self,
        pool: Pool,
        orders: Callable[[Pool], Orders],
        still: Callable[[s.CaseState, PoolMember], bool],
    ) -> tuple[Pool, Orders]:
        """Return the pool without all who departed, and what everybody else is given."""
        members = {each.reference: each for each in pool.members}
        while gone := {name for name in orders(pool) if not self.still(still, members[name])}:
            assert not gone & pool.departed
            pool = replace(pool, departed=pool.departed | gone)
        return pool, orders(pool)

    def step(
        self, held: Held, command: q.ExerciseCommand, who: str, pool: Pool, told: Orders
    ) -> None:
        """The exercise's fact and all its cases' are there, or nothing is."""
        try:
            facts = decide(load(held.facts), command, pool, Actors(now=who, earlier=held.actors))
        except Refusal:
            return
        for name, order in told.items():
            self.tell(name, *self.decided(name, order, who))
        held.facts += facts
        held.actors |= {who}

    @invariant()
    def the_quota_of_the_year_is_never_exceeded(self) -> None:
        assert sum(map(_taken, self.held.values())) <= QUOTA
        assert sum(isinstance(fact, e.CaseSelected) for _, fact in self.log) <= QUOTA

    @invariant()
    def nobody_is_selected_twice_or_selected_and_passed_over(self) -> None:
        said = [
            (name, fact.exercise)
            for name, fact in self.log
            if isinstance(fact, e.CaseSelected | e.CaseNotSelected)
        ]
        assert len(set(said)) == len(said)
        selected = [name for name, fact in self.log if isinstance(fact, e.CaseSelected)]
        assert len(set(selected)) == len(selected)

    @invariant()
    def none_is_selected_below_the_mark_or_the_threshold(self) -> None:
        for name, fact in self.log:
            if isinstance(fact, e.CaseSelected):
                points = self.rows[name].points or 0
                assert points >= max(MARK, _opened(self.held[fact.exercise]).threshold or 0)

    @invariant()
    def an_exercise_drawn_again_is_as_it_was_recorded(self) -> None:
        for held in self.held.values():
            opened = _opened(held)
            pool = self.again(opened.pool_position)
            terms = terms_of(opened)
            assert digest_by(terms, in_order(terms, pool.members)) == opened.pool_digest
            assert pool.counts == opened.counts
            for place, fact in enumerate(held.facts):
                state = load(held.facts[:place])
                match state, fact:
                    case Drawn(), x.SelectionProposed(departed=gone) | x.SelectionMade(
                        departed=gone
                    ):
                        made = selection_made(state, replace(pool, departed=frozenset(gone)))
                        assert (made.digest, made.cut_off) == (fact.digest, fact.cut_off)
                    case Opened(), x.ShortlistDrawn(departed=gone):
                        drawn = shortlist(state, replace(pool, departed=frozenset(gone)))
                        assert digest_by(terms, drawn.taken) == fact.digest
                    case _:
                        continue

    def again(self, position: int) -> Pool:
        """The pool as the log alone gives it."""
        states: dict[str, s.CaseState] = {}
        for name, fact in self.log[:position]:
            states[name] = cases.evolve(states.get(name, s.Draft()), fact)
        tally = Tally()
        for state in states.values():
            tally.add_case(state)
        return Pool(
            position=position,
            members=tuple(
                PoolMember(
                    reference=name,
                    route=state.filed.route,
                    points=state.points,
                    submitted_at=state.filed.submitted_at,
                    version=sum(each == name for each, _ in self.log[:position]),
                )
                for name, state in states.items()
                if isinstance(state, s.InPool) and not state.filed.held
            ),
            counts=tally.counts,
        )


def _taken(held: Held) -> int:
    """Return the places of an exercise as the quota counts them: once made, those selected."""
    made = [each for each in held.facts if isinstance(each, x.SelectionMade)]
    if not made:
        return _opened(held).places or 0
    return made[0].general + made[0].achievement


def _opened(held: Held) -> x.ExerciseOpened:
    (opened,) = (each for each in held.facts if isinstance(each, x.ExerciseOpened))
    return opened


TestYear = Year.TestCase
TestYear.settings = settings(deadline=None, stateful_step_count=40, max_examples=60)
