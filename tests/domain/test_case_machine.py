"""Whatever officers do to a case, and whenever: what two must decide, two have decided."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain import commands as c
from domain import stages as s
from domain.application import Application
from domain.case import load
from domain.following import NEXT
from tests.domain.lifetime import (
    ASIDE,
    EXAMPLES,
    LAST_DAY,
    OFFICERS,
    ON_POINTS,
    PEOPLE,
    SECOND,
    Lifetime,
)

Kind = type[c.CaseCommand]
ACTORS = st.sampled_from(OFFICERS)
PERSONS = st.sampled_from(PEOPLE)
FEW_DAYS = st.sampled_from([0, 0, 0, 1, -1, 30])


class Case(RuleBasedStateMachine):
    """Officers who act on one case, in turn and all at once, while days pass."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Lifetime()

    @initialize(person=PERSONS, steps=st.sampled_from([0, 4, 4, 5, 6, 8, 11, 14, 17, 20, 26]))
    def begin_on_the_straight_way(self, person: Application, steps: int) -> None:
        self.life.go_straight(person, steps)

    @rule(person=PERSONS, steps=st.integers(1, 4))
    def go_on(self, person: Application, steps: int) -> None:
        self.life.go_straight(person, steps)

    @rule(actor=ACTORS, person=PERSONS, kind=st.sampled_from(SECOND[:1] * 4 + SECOND))
    def decide(self, actor: str, person: Application, kind: Kind) -> None:
        self.life.ask(actor, self.life.like(kind, person, 0))

    @rule(actor=ACTORS, kind=st.sampled_from(ON_POINTS))
    def decide_on_points(self, actor: str, kind: Kind) -> None:
        self.life.ask(actor, self.life.like(kind, PEOPLE[0], 0))

    @rule(actor=ACTORS, person=PERSONS, days=FEW_DAYS, data=st.data())
    def do_what_is_possible(
        self, actor: str, person: Application, days: int, data: st.DataObject
    ) -> None:
        kind = data.draw(st.sampled_from(NEXT[type(self.life.state)]))
        self.life.ask(actor, self.life.like(kind, person, days))

    @rule(actor=ACTORS, person=PERSONS, kind=st.sampled_from(ASIDE))
    def step_aside(self, actor: str, person: Application, kind: Kind) -> None:
        self.life.ask(actor, self.life.like(kind, person, 0))

    @rule(actor=ACTORS, person=PERSONS, days=FEW_DAYS, kind=st.sampled_from(list(EXAMPLES)))
    def do_anything(self, actor: str, person: Application, days: int, kind: Kind) -> None:
        self.life.ask(actor, self.life.like(kind, person, days))

    @rule(days=st.sampled_from([1, 7, 30, 200, 365]))
    def wait(self, days: int) -> None:
        self.life.now = min(self.life.now + timedelta(days=days), LAST_DAY)

    @rule(days=st.sampled_from([-28, -1, 0, 1]))
    def wait_until_something_is_due(self, days: int) -> None:
        then = self.life.next_day_of_note() + timedelta(days=days)
        self.life.now = max(self.life.now, min(then, LAST_DAY))

    @invariant()
    def a_fold_of_the_facts_is_the_state(self) -> None:
        assert load(self.life.history) == self.life.state

    @invariant()
    def what_awaits_a_second_officer_was_proposed_by_somebody(self) -> None:
        open_decision = s.decision_of(self.life.state)
        assert open_decision is None or self.life.acted[open_decision.matter]

    def teardown(self) -> None:
        if self.life.history:
            self.life.assert_its_clock_adds_up()


class CaseInThePool(Case):
    """The same of a case whose points can still be decided."""

    @initialize(person=PERSONS)
    def begin_on_the_straight_way(self, person: Application) -> None:
        self.life.go_straight(person, 4)

    @rule(actor=ACTORS, kind=st.sampled_from(ON_POINTS))
    def decide_on_points_often(self, actor: str, kind: Kind) -> None:
        self.life.ask(actor, self.life.like(kind, PEOPLE[0], 0))

    def go_on(self) -> None:
        """Stay where points are decided, unless something else leads on."""


class CaseOfALifeHere(Case):
    """The same of a case whose holder has entered on the visa."""

    @initialize(person=st.sampled_from(PEOPLE[:2]))
    def begin_on_the_straight_way(self, person: Application) -> None:
        self.life.go_straight(person, 14)


SETTINGS = settings(stateful_step_count=30, max_examples=70)
TestCaseOfAnyKind = Case.TestCase
TestCaseOfAnyKind.settings = SETTINGS
TestCaseInThePool = CaseInThePool.TestCase
TestCaseInThePool.settings = SETTINGS
TestCaseOfALifeHere = CaseOfALifeHere.TestCase
TestCaseOfALifeHere.settings = SETTINGS
