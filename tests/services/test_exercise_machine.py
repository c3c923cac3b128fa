"""Several exercises of a year, with cases and people that come, go and are held in between.

What each case's own account asserts (`tests/domain/lifetime.py`) is asserted of all of them here
too: a second person decides, nobody has a visa without an approval, nobody is selected below the
mark, and who is refused comes no further.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain import commands as c
from domain import events as e
from domain import exercise_commands as q
from domain import exercise_events as x
from domain import stages as s
from domain import standing as t
from domain.application import Application, Route
from domain.exercise import load
from domain.exercise_states import Drawn, Made
from domain.following import next_of
from domain.gradings import DepartureCode, Direction, Grade
from domain.rules.terms import AfterNoPlace, Archetype, Leftover, Measure, Order, StratumPlaces
from tests.domain.histories import (
    ACKNOWLEDGED,
    EMMA,
    JACKIE,
    JOHN,
    criteria_met,
    prerequisites,
    scored,
    submitted,
)
from tests.domain.lifetime import SECOND
from tests.services import year_laws as laws
from tests.services.year import Facts, Year

MARK: Final = 80
CRITERIA: Final = 6
LAST_DAY: Final = datetime(2019, 12, 30, 4, tzinfo=UTC)
OFFICERS: Final = ("wong", "lee", "ho", "chan")
WHO: Final = st.sampled_from(OFFICERS)
PEOPLE: Final = ("ann", "ben", "cleo", "dan", "eve", "fay", "gus")
TWO: Final = st.tuples(WHO, WHO)
WHOSE: Final = st.permutations(OFFICERS)
ABOVE: Final = st.integers(min_value=0, max_value=3)
SOME: Final = st.integers(min_value=0, max_value=99)
SECTORS: Final = st.sampled_from(("finance", "finance", "finance", "catering", "other"))
MOST_CASES: Final = 16
MOST_EXERCISES: Final = 6
CHANGED: Final = replace(JOHN, qualifications=JOHN.qualifications[-1:], employment=())

KINDS: Final = st.sampled_from(("points", "points", "achievement", "criteria"))
"""What a case is: of the general route by points, which most are, or another way."""
RANKED: Final = st.builds(
    dict,
    archetype=st.sampled_from((Archetype.RANK_TO_QUOTA, Archetype.FIXED_THRESHOLD)),
    threshold=st.just(MARK + 1),
    order=st.sampled_from(sorted(set(Order) - {Order.INSTANT_REFERENCE})),
).map(
    lambda said: (
        said if said["archetype"] is Archetype.FIXED_THRESHOLD else {**said, "threshold": None}
    )
)
IN_STRATA: Final = st.builds(
    dict,
    archetype=st.just(Archetype.RANK_WITHIN_STRATA),
    strata=st.tuples(st.sampled_from((0, 1, 1, 2)), st.sampled_from((0, 1))).map(
        lambda places: tuple(
            StratumPlaces(stratum=stratum, places=number)
            for stratum, number in zip(("finance", "catering"), places, strict=True)
        )
    ),
    leftover=st.sampled_from(Leftover),
)
BY_CRITERIA: Final = st.builds(
    dict,
    archetype=st.just(Archetype.FIXED_THRESHOLD),
    measure=st.just(Measure.CRITERIA),
    threshold=st.sampled_from((CRITERIA, CRITERIA + 1)),
)
TERMS: Final = st.tuples(
    RANKED | IN_STRATA | BY_CRITERIA,
    st.integers(1, 3),
    st.integers(0, 2),
    st.sampled_from(AfterNoPlace),
)
ASIDE: Final[tuple[c.CaseCommand, ...]] = (
    c.WithdrawApplication(),
    c.HoldCase(reason="An inquiry"),
    c.LiftHold(),
    c.LiftHold(),
    c.RecuseOfficer(reason="A cousin"),
    c.CorrectApplication(application=CHANGED, reason="The wrong file"),
    t.UpholdAssessment(reason="The same degree"),
    t.SetAssessmentAside(reason="Another degree"),
)
MOVES: Final = st.tuples(
    SOME, st.sampled_from(("high", "high", "low", None)), st.sampled_from(Direction), WHO
)
"""Which case, the grade that it is given if any, which way it goes, and who grades it."""
MEANWHILE: Final = st.lists(MOVES | st.tuples(SOME, st.sampled_from(ASIDE), WHO), max_size=3)
"""What happens to those before a committee until it selects."""
REFUSAL: Final = (c.ProposeRefusal, c.ConfirmDecision, c.RequestReconsideration)
DECIDING: Final = st.sampled_from(
    (
        (c.ConfirmDecision,),
        (c.ProposeRefusal, c.DeclineDecision),
        (*REFUSAL, c.ProposeReopening, c.ConfirmDecision),
        (*REFUSAL, c.ProposeUpholding, c.ConfirmDecision),
        (c.ProposeReopening, c.ConfirmDecision),
        (c.ProposeUpholding, c.ConfirmDecision),
    )
)
TO_A_VISA: Final = (
    c.ConfirmDecision,
    c.ProposeApprovalInPrinciple,
    c.VerifyOriginals,
    c.ProposeApproval,
    c.PayVisaFee,
    c.IssueVisa,
    c.ActivateVisa,
)
AFTER_THE_COMMITTEE: Final = (
    *(s.Selected, s.InPrinciple, s.Verified, s.Approved, s.VisaPaid, s.Issued),
    *(s.NotSelected, s.Refused, s.UnderReconsideration),
)
"""Where a case may be on the way to a visa, and where it must not be."""
FILED: Final[dict[str, Application]] = {"points": JOHN, "achievement": JACKIE, "criteria": EMMA}


class Office(RuleBasedStateMachine):
    """Arrivals, exercises, and everything in between."""

    def __init__(self) -> None:
        super().__init__()
        self.year = Year()

    @property
    def cases(self) -> list[str]:
        """Every case in order."""
        return sorted(self.year.lives)

    def those_at(self, *stages: type[s.CaseState]) -> list[str]:
        """Every case that is at one of these stages, in order."""
        return [name for name in self.cases if isinstance(self.year.state(name), stages)]

    def those_that_can(self, kind: type[c.CaseCommand]) -> list[str]:
        """Every case that a command of this kind is possible for, in order."""
        return [name for name in self.cases if kind in next_of(self.year.state(name))]

    @initialize(
        several=st.lists(st.tuples(KINDS, ABOVE, SECTORS), min_size=4, max_size=8), terms=TERMS
    )
    def many_applied_before_the_first_opening(
        self, several: list[tuple[str, int, str]], terms: tuple[Any, ...]
    ) -> None:
        for person, (kind, above, sector) in zip(PEOPLE, several, strict=False):
            self.somebody_applies(person, kind, above + 1, above % 3, sector)
        self.an_exercise_is_opened(terms, "wong")

    # Cases.

    @rule(
        person=st.sampled_from(PEOPLE),
        kind=KINDS,
        above=ABOVE,
        minutes=st.integers(0, 2),
        sector=SECTORS,
    )
    @precondition(lambda self: len(self.cases) < MOST_CASES)
    def somebody_applies(
        self, person: str, kind: str, above: int, minutes: int, sector: str
    ) -> None:
        name = f"QM-{len(self.cases):03}"
        facts = self.filed(name, kind, minutes), *assessed(kind, above - 1, sector)
        self.year.files(person, name, "clerk", *facts)

    def filed(self, name: str, kind: str, minutes: int, refiles: str | None = None) -> e.CaseEvent:
        fact = submitted(FILED[kind])
        assert isinstance(fact, e.ApplicationSubmitted)
        when = self.year.now - timedelta(minutes=minutes)
        return replace(fact, reference=name, submitted_at=when, refiles=refiles)

    @rule(which=SOME, above=ABOVE, sector=SECTORS, who=WHO)
    @precondition(lambda self: self.cases and len(self.cases) < MOST_CASES)
    def an_application_takes_the_place_of_another(
        self, which: int, above: int, sector: str, who: str
    ) -> None:
        old, new = one_of(self.cases, which), f"QM-{len(self.cases):03}"
        filed = self.filed(new, "points", 0, refiles=old)
        self.year.refiles(old, new, who, filed, *assessed("points", above, sector))

    @rule(which=SOME, command=st.sampled_from(ASIDE), who=WHO)
    def something_happens_to_a_case(self, which: int, command: c.CaseCommand, who: str) -> None:
        self.happens(self.cases, which, command, who)

    def happens(self, names: list[str], which: int, command: c.CaseCommand, who: str) -> None:
        """One of these cases that allow it is given a command, and refuses it at most."""
        can = [each for each in self.those_that_can(type(command)) if each in names]
        if can:
            self.year.asks(one_of(can, which), command, who)

    @rule(which=SOME, above=ABOVE, sector=SECTORS)
    def a_case_is_assessed_again(self, which: int, above: int, sector: str) -> None:
        can = [
            name
            for name in self.those_at(s.Acknowledged, s.InPool, s.BelowMark)
            if not self.year.lives[name].held
        ]
        if can:
            name = one_of(can, which)
            kind = "points" if self.year.rows[name].route is Route.GENERAL else "achievement"
            self.year.tell(name, "clerk", None, *assessed(kind, above - 1, sector)[1:])

    @rule(which=SOME, way=DECIDING, steps=st.integers(1, 5), whose=TWO)
    def officers_decide(
        self, which: int, way: tuple[type[c.CaseCommand], ...], steps: int, whose: tuple[str, str]
    ) -> None:
        self.two_go_on(self.those_that_can(way[0]), which, way[:steps], whose)

    @rule(which=SOME, first=st.none() | st.sampled_from(ASIDE), steps=st.integers(1, 3), whose=TWO)
    def a_case_goes_on_to_a_visa(
        self, which: int, first: c.CaseCommand | None, steps: int, whose: tuple[str, str]
    ) -> None:
        can = self.those_at(*AFTER_THE_COMMITTEE)
        if first is not None:
            self.happens(can, which, first, whose[0])
        for _ in range(steps):
            self.two_go_on(can, which, TO_A_VISA, whose)

    def two_go_on(
        self, can: list[str], which: int, way: Iterable[type[c.CaseCommand]], whose: tuple[str, str]
    ) -> None:
        """One of these cases goes a way as far as it can, one deciding what the other proposed."""
        if not can:
            return
        name = one_of(can, which)
        life = self.year.lives[name]
        for kind in way:
            life.now = self.year.now
            self.year.asks(name, life.like(kind, JOHN, 0), whose[kind in SECOND])

    @rule(days=st.sampled_from([0, 1, 20, 60]))
    def days_pass(self, days: int) -> None:
        self.year.now = min(self.year.now + timedelta(days=days, minutes=1), LAST_DAY)

    # Exercises.

    @rule(terms=TERMS, who=WHO)
    @precondition(lambda self: len(self.year.held) < MOST_EXERCISES)
    def an_exercise_is_opened(self, terms: tuple[Any, ...], who: str) -> None:
        said, places, more, after = terms
        # Some of what an exercise within strata has is nobody's place, or the best of the rest's.
        places += sum(each.places for each in said.get("strata", ()))
        command = q.OpenExercise(
            exercise=f"x-{len(self.year.held)}",
            title="Exercise",
            places=places,
            shortlist_size=places + more,
            after_no_place=after,
            **said,
        )
        self.year.opens(command, who)

    @rule(which=SOME, whose=WHOSE, meanwhile=MEANWHILE)
    @precondition(lambda self: self.year.held)
    def an_exercise_goes_on(
        self, which: int, whose: list[str], meanwhile: list[tuple[Any, ...]]
    ) -> None:
        self.an_exercise_takes_a_step(which, whose[0], again=False)
        for which_case, *what in meanwhile:
            if len(what) > len(("command", "who")):
                self.the_committee_departs_from_a_rank((which_case, *what), whose[0])
            else:
                self.happens(self.those_at(s.Shortlisted), which_case, what[0], what[1])
        for who in whose[1:]:
            self.an_exercise_takes_a_step(which, who, again=False)

    @rule(terms=TERMS, whose=WHOSE, meanwhile=MEANWHILE)
    @precondition(lambda self: len(self.year.held) < MOST_EXERCISES)
    def an_exercise_is_held(
        self, terms: tuple[Any, ...], whose: list[str], meanwhile: list[tuple[Any, ...]]
    ) -> None:
        before = len(self.year.held)
        self.an_exercise_is_opened(terms, whose[0])
        if len(self.year.held) > before:
            self.an_exercise_goes_on(-1, whose, meanwhile)

    @rule(which=SOME, who=WHO, again=st.booleans())
    @precondition(lambda self: self.year.held)
    def an_exercise_takes_a_step(self, which: int, who: str, again: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        under_way = [
            each
            for _, each in sorted(self.year.held.items())
            if not isinstance(each.history[-1].event, x.ResultPublished)
        ]
        if not under_way:
            return
        held = one_of(under_way, which)
        match load(each.event for each in held.history):
            case Made():
                assert self.year.publishes(held, who)
            case Drawn():
                # Who may not confirm proposes instead.
                made = not again and self.year.makes(held, who)
                assert made or self.year.proposes(held, who)
            case _:
                assert self.year.draws(held, who)

    @rule(move=MOVES, who=WHO)
    def the_committee_departs_from_a_rank(self, move: tuple[Any, ...], who: str) -> None:
        which, grade, direction, grader = move
        listed = self.those_at(s.Shortlisted)
        if not listed:
            return
        name = one_of(listed, which)
        case = self.year.state(name)
        assert isinstance(case, s.Shortlisted)
        if grade is not None:
            given = GRADES[case.filed.route, grade]
            self.year.asks(name, c.GradeCase(exercise=case.exercise, grade=given), grader)
        command = q.DepartFromRank(
            reference=name, direction=direction, code=DepartureCode.NEEDS, reason="Needed"
        )
        self.year.departs(self.year.held[case.exercise], command, who)

    # What holds.

    @invariant()
    def the_quota_of_the_year_is_never_exceeded(self) -> None:
        laws.the_quota_holds(self.year)

    @invariant()
    def nobody_stays_before_a_committee_that_has_decided(self) -> None:
        laws.nobody_is_left_waiting(self.year)

    def teardown(self) -> None:
        # What follows from the log alone is as true at the end as it was in between.
        for held in self.year.held.values():
            laws.a_second_person_confirms(self.year, held)
            laws.places_go_to_whom_the_terms_say(self.year, held)
            laws.places_go_in_order(self.year, held)
            laws.departures_have_their_grade_and_reason(self.year, held)
            laws.it_is_drawn_again_as_it_was(self.year, held)
        for life in self.year.lives.values():
            life.now = self.year.now
            life.assert_its_clock_adds_up()


GRADES: Final = {
    (Route.GENERAL, "high"): Grade.OUTSTANDING,
    (Route.GENERAL, "low"): Grade.AVERAGE,
    (Route.ACHIEVEMENT, "high"): Grade.EXCEPTIONAL,
    (Route.ACHIEVEMENT, "low"): Grade.NOT_EXCEPTIONAL,
}


def one_of(several: list[Any], which: int) -> Any:
    return several[which % len(several)]


def assessed(kind: str, above: int, sector: str) -> Facts:
    """What brings a case of a kind to so many points above the mark, or criteria."""
    score = criteria_met(CRITERIA + above) if kind == "criteria" else scored(MARK + above)
    assert isinstance(score, e.ApplicationScored)
    return ACKNOWLEDGED, prerequisites(), replace(score, stratum=sector)


TestOffice = Office.TestCase
TestOffice.settings = settings(stateful_step_count=40, max_examples=100)
