"""A year of the office in memory: its log, its cases and its exercises, as the shell reads them.

Everything is decided by the domain, and the exercises take the steps of the shell, over a log that
is a list. Pools are frozen from the rows of the case list. Each case has beside it the plain
account of what must hold of it, and the office one of what must hold of its people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any, Final

from domain import commands as c
from domain import events as e
from domain import exercise_commands as q
from domain import exercise_events as x
from domain import stages as s
from domain.case import decide as decide_case
from domain.case import evolve
from domain.deciding.circumstances import Circumstances
from domain.errors import DuplicateApplication, Refusal, SecondOfficerNeeded, SelectionChanged
from domain.exercise import decide, load
from domain.exercise_states import Actors, Drawn, Made, Pool, Proposed
from domain.projections import case_list
from domain.record import Recorded
from domain.rules.rank import PoolMember
from domain.rules.terms import Measure
from domain.tallies import Tally
from services.allotting import without_departed
from services.exercise_requests import Before
from services.pool import CaseSeen, History, counts_then, seen_since
from services.steps import Orders, Step, confirming, drawing, selecting
from services.store import Since
from tests.domain.deciding import real_rulebook
from tests.domain.lifetime import Lifetime
from tests.domain.pools import MORNING

QUOTA: Final = 6
BY_CRITERIA: Final = "questions"
"""The ruleset of those in these tests who were assessed by criteria."""
Facts = tuple[e.CaseEvent, ...]
OVER: Final = (
    s.Refused
    | s.UnderReconsideration
    | s.Withdrawn
    | s.Lapsed
    | s.Voided
    | s.Active
    | s.Extending
    | s.Settled
)
"""Where an application is no longer under way, so that its person may have another."""


@dataclass(slots=True)
class Held:
    """An exercise under way: what is recorded of it, and the pool that it froze."""

    history: History
    pool: Pool

    @property
    def opened(self) -> x.ExerciseOpened:
        """The fact that it was opened."""
        (opened,) = (each.event for each in self.history[:1])
        assert isinstance(opened, x.ExerciseOpened)
        return opened

    @property
    def made(self) -> x.SelectionMade | None:
        """The fact of its selection, None before."""
        made = [each.event for each in self.history if isinstance(each.event, x.SelectionMade)]
        return made[0] if made else None

    @property
    def taken(self) -> int:
        """Its places as the quota counts them: once made, those selected."""
        made = self.made
        return (self.opened.places or 0) if made is None else made.general + made.achievement


class Year:
    """The office's year as it is, and what has been true of it."""

    def __init__(self) -> None:
        self.now = MORNING
        self.log: list[Recorded[Any]] = []
        self.lives: dict[str, Lifetime] = {}
        self.rows: dict[str, case_list.CaseRow] = {}
        self.people: dict[str, str] = {}
        self.held: dict[str, Held] = {}
        self.answers: dict[tuple[str, str], e.CaseEvent] = {}

    def state(self, name: str) -> s.CaseState:
        """The case as it is."""
        return self.lives[name].state if name in self.lives else s.Draft()

    # Cases.

    def files(self, person: str, name: str, who: str, *facts: e.CaseEvent) -> None:
        """Whatever a new case of a person comes to at once, unless they have one already."""
        self.people[name] = person
        try:
            self.commit(who, None, {name: facts})
        except Refusal:
            del self.people[name]

    def asks(self, name: str, command: c.CaseCommand, who: str) -> bool:
        """Whether the command was carried out on the case; nothing is recorded otherwise."""
        life = self.lives[name]
        life.now = self.now
        try:
            self.commit(who, command, {name: life.decided(who, command)})
        except Refusal:
            return False
        return True

    def refiles(self, old: str, new: str, who: str, *facts: e.CaseEvent) -> None:
        """The case is withdrawn and another filed in its place, or neither."""
        given = self.given(who, refiling=new)
        held = self.lives[old].held
        self.people[new] = self.people[old]
        try:
            withdrawn = decide_case(self.state(old), c.WithdrawApplication(), given)
            if held:
                filed = evolve(s.Draft(), facts[0])
                facts = (facts[0], *decide_case(filed, c.HoldCase(reason="Inquiry"), given))
            self.commit(who, None, {old: withdrawn, new: facts})
        except Refusal:
            del self.people[new]

    def given(self, who: str, refiling: str | None = None) -> Circumstances:
        """The circumstances of somebody who acts now."""
        return Circumstances(at=self.now, rulebook=real_rulebook(), actor=who, refiling=refiling)

    def commit(self, who: str, command: c.CaseCommand | None, writes: Mapping[str, Facts]) -> None:
        """Refuse what gives a person two live applications, as reservations do; record the rest."""
        after = {name: self.state(name) for name in self.people}
        after |= {name: reduce(evolve, facts, after[name]) for name, facts in writes.items()}
        live = [self.people[name] for name in after if s.stage_of(after[name]) in s.LIVE]
        if len(set(live)) < len(live):
            raise DuplicateApplication(None)
        for name, facts in writes.items():
            self.tell(name, who, command, *facts)

    def tell(self, name: str, who: str, command: c.CaseCommand | None, *facts: e.CaseEvent) -> None:
        """These facts of a case are in the log, in its row, and in the accounts."""
        life = self.lives.setdefault(name, Lifetime())
        life.now = self.now
        life.tell(who, command, *facts)
        for fact in facts:
            recorded = self.recorded(f"case-{name}", fact, who)
            self.rows[name] = case_list.fold(self.rows.get(name), recorded)
            self._answer(name, fact)

    def recorded(self, stream: str, fact: e.Event, who: str) -> Recorded[Any]:
        """The fact as it now stands in the log."""
        recorded: Recorded[Any] = Recorded(
            event_id=str(len(self.log)),
            stream=stream,
            version=1 + sum(each.stream == stream for each in self.log),
            event=fact,
            effective_at=self.now,
            recorded_at=self.now,
            actor=who,
            role="",
            command="",
            command_id="",
            causation_id="",
            correlation_id="",
            position=len(self.log) + 1,
            sequenced_at=self.now,
        )
        self.log.append(recorded)
        return recorded

    def _answer(self, name: str, fact: e.CaseEvent) -> None:
        """An exercise says one thing of a person, who has one application under way at most."""
        if isinstance(fact, e.CaseSelected | e.CaseNotSelected):
            key = (self.people[name], fact.exercise)
            assert key not in self.answers, key
            self.answers[key] = fact
        if not isinstance(self.state(name), OVER):
            # So nobody who has a place by one application is refused by another.
            others = (
                other
                for other, person in self.people.items()
                if person == self.people[name] and other != name and other in self.lives
            )
            assert all(isinstance(self.state(other), OVER) for other in others)

    # Exercises.

    def opens(self, command: q.OpenExercise, who: str) -> None:
        """An exercise freezes its pool, unless it is refused."""
        pool = self.frozen(command.measure)
        try:
            facts = decide(load(()), command, pool, Actors(now=who))
        except Refusal:
            return
        name = command.exercise
        history = tuple(self.recorded(f"exercise-{name}", fact, who) for fact in facts)
        self.held[name] = Held(history=history, pool=pool)

    def frozen(self, measure: Measure) -> Pool:
        """The pool as the rows have it."""
        tally = Tally()
        for row in self.rows.values():
            tally.add(row.route, row.stage, row.reason_class)
        waiting = [
            row for row in self.rows.values() if row.stage is s.Stage.IN_POOL and not row.held
        ]
        by_criteria = measure is Measure.CRITERIA
        mine = [row for row in waiting if (row.ruleset == BY_CRITERIA) is by_criteria]
        earlier = [held for held in self.held.values() if held.opened.measure is measure]
        return Pool(
            position=len(self.log),
            members=tuple(
                PoolMember(
                    reference=row.reference,
                    route=row.route,
                    points=row.points or 0,
                    submitted_at=row.submitted_at,
                    version=row.version,
                    stratum=row.stratum,
                    scored_at=row.scored_at,
                    ruleset=row.ruleset,
                )
                for row in mine
            ),
            left_out=len(waiting) - len(mine),
            quota=QUOTA,
            places_taken=sum(each.taken for each in self.held.values()),
            counts=tally.counts,
            previous=counts_then(earlier[-1].history[0]) if earlier else None,
        )

    def before(self, held: Held, who: str) -> Before:
        """The exercise as somebody's command finds it."""
        earlier = frozenset(each.actor for each in held.history)
        exercise = held.opened.exercise
        graders = frozenset(
            each.event.graded_by
            for each in self.log
            if isinstance(each.event, e.CaseGraded) and each.event.exercise == exercise
        )
        actors = Actors(now=who, earlier=earlier, graders=graders)
        return Before(history=held.history, at=self.now, actors=actors)

    def draws(self, held: Held, who: str) -> bool:
        """Whether the shortlist was drawn."""
        return self._takes(held, q.DrawShortlist(), who, drawing)

    def proposes(self, held: Held, who: str) -> bool:
        """Whether the selection was proposed as it would be made now."""
        found = self.before(held, who)
        pool = held.pool
        if isinstance(found.state, Drawn) and not isinstance(found.state, Made):
            pool = without_departed(self.look, selecting(found), pool)
        return self._alone(held, q.ProposeSelection(), who, pool)

    def makes(self, held: Held, who: str) -> bool:
        """Whether what is proposed was confirmed, and each case told."""
        state = self.before(held, who).state
        digest = state.proposed.digest if isinstance(state, Proposed) else ""
        command = q.MakeSelection(digest=digest)
        return self._takes(held, command, who, partial(confirming, command))

    def publishes(self, held: Held, who: str) -> bool:
        """Whether the result was published."""
        return self._alone(held, q.PublishResult(), who, held.pool)

    def departs(self, held: Held, command: q.DepartFromRank, who: str) -> bool:
        """Whether the exercise departed from a rank, in its own stream and on the case."""
        name = command.reference
        case = self.state(name)
        grade = case.grade if isinstance(case, s.Shortlisted) else None
        pool = replace(held.pool, grades={name: grade} if grade else {})
        found = self.before(held, who)
        order = c.TakeOutOfRank(
            exercise=held.opened.exercise,
            direction=command.direction,
            code=command.code,
            reason=command.reason,
        )
        try:
            facts = decide(found.state, command, pool, found.actors)
            told = decide_case(case, order, self.given(who))
        except Refusal:
            return False
        self._record(held, facts, who)
        self.tell(name, who, order, *told)
        return True

    def _alone(self, held: Held, command: q.ExerciseCommand, who: str, pool: Pool) -> bool:
        found = self.before(held, who)
        try:
            facts = decide(found.state, command, pool, found.actors)
        except Refusal:
            return False
        self._record(held, facts, who)
        return True

    def _takes(self, held: Held, command: q.ExerciseCommand, who: str, step_of: Any) -> bool:
        """The exercise's fact and all its cases' are there, or nothing is."""
        found = self.before(held, who)
        try:
            step: Step = step_of(found)
        except Refusal:
            return False
        try:
            begun = replace(held.pool, departed=step.departed)
            pool = without_departed(self.look, step, begun)
            facts = decide(found.state, command, pool, found.actors)
            orders = {**step.orders(pool), **self._aside(held, step, pool)}
            told = {
                name: decide_case(self._seen(held, name).state, order, self.given(who))
                for name, order in orders.items()
            }
        except (SecondOfficerNeeded, SelectionChanged):
            # No case that moved meanwhile makes an exercise fail.
            return False
        for name, order in orders.items():
            self.tell(name, who, order, *told[name])
        self._record(held, facts, who)
        return True

    def _aside(self, held: Held, step: Step, pool: Pool) -> Orders:
        given = step.aside(pool)
        asked = {name: given(name, self._seen(held, name).state) for name in pool.departed}
        return {name: order for name, order in asked.items() if order is not None}

    def _seen(self, held: Held, name: str) -> CaseSeen:
        """The case as the shell sees it: by what its stream holds since the pool froze it."""
        (member,) = (each for each in held.pool.members if each.reference == name)
        stream = f"case-{name}"
        return seen_since(member, held.opened.measure, self.look({stream: member.version})[stream])

    def look(self, streams: Mapping[str, int]) -> dict[str, Since]:
        """What each stream holds after a version."""
        return {stream: self._since(stream, version) for stream, version in streams.items()}

    def _since(self, stream: str, version: int) -> Since:
        events = [each.event for each in self.log if each.stream == stream]
        return Since(events=tuple(events[version:]), last=self.now, version=len(events))

    def _record(self, held: Held, facts: tuple[x.ExerciseEvent, ...], who: str) -> None:
        stream = f"exercise-{held.opened.exercise}"
        held.history += tuple(self.recorded(stream, fact, who) for fact in facts)
