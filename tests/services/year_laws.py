"""What holds of the exercises of a year, in words of their own: nothing here asks how it was done.

Only the last law asks the domain, for it is that the log leads to the same lists again.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from domain import events as e
from domain import exercise_events as x
from domain import stages as s
from domain.application import Route
from domain.exercise import load
from domain.exercise_lists import digest_by, in_order, selection_made, shortlist
from domain.exercise_states import Drawn, Opened
from domain.exercise_terms import terms_of
from domain.gradings import CaseGraded, CaseTakenOutOfRank, Direction
from domain.rules.rank import PoolMember
from domain.rules.terms import AfterNoPlace, Leftover, Measure, Order
from services.pool import Folded, follow, placed_pool, waiting_in
from tests.services.year import BY_CRITERIA, QUOTA, Held, Year


def the_quota_holds(year: Year) -> None:
    """No place beyond the quota is promised or given."""
    assert sum(each.taken for each in year.held.values()) <= QUOTA
    assert sum(isinstance(each.event, e.CaseSelected) for each in year.log) <= QUOTA


def nobody_is_left_waiting(year: Year) -> None:
    """Whoever is before a committee is so in an exercise that has not selected yet."""
    for life in year.lives.values():
        if isinstance(life.state, s.Shortlisted):
            assert year.held[life.state.exercise].made is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allotted:
    """Whom an exercise gave a place, whom it gave none, and whom the committee moved where to.

    Nobody of those passed over had departed; whoever had is `aside`.
    """

    selected: tuple[PoolMember, ...]
    passed: tuple[PoolMember, ...]
    aside: tuple[PoolMember, ...]
    moved: dict[str, Direction]

    @property
    def in_turn(self) -> tuple[PoolMember, ...]:
        """Those selected whom nobody moved."""
        return tuple(each for each in self.selected if each.reference not in self.moved)


def allotted(year: Year, held: Held) -> Allotted | None:
    """Return what an exercise that has selected gave whom, by the log; None before."""
    made, name = held.made, held.opened.exercise
    if made is None:
        return None
    members = {each.reference: each for each in held.pool.members}
    told = {
        _case_of(each.stream): each.event
        for each in year.log
        if isinstance(each.event, e.CaseSelected | e.CaseNotSelected)
        and each.event.exercise == name
    }
    gone = set(made.departed)
    passed = [each for each, fact in told.items() if isinstance(fact, e.CaseNotSelected)]
    moves = (each.event for each in held.history if isinstance(each.event, x.RankDepartureMade))
    return Allotted(
        selected=tuple(members[each] for each in told if each not in passed),
        passed=tuple(members[each] for each in passed if each not in gone),
        aside=tuple(members[each] for each in passed if each in gone),
        moved={each.reference: each.direction for each in moves},
    )


def a_second_person_confirms(year: Year, held: Held) -> None:
    """Who confirms did nothing in the exercise before, and confirms what was proposed last."""
    before: list[Any] = []
    for recorded in held.history:
        if isinstance(recorded.event, x.SelectionMade):
            made, proposed = recorded.event, before[-1]
            assert isinstance(proposed.event, x.SelectionProposed)
            assert (made.made_by, made.proposed_by) == (recorded.actor, proposed.actor)
            assert made.digest == proposed.event.digest
            earlier = {each.actor for each in before} | set(_graders(year, held))
            assert recorded.actor not in earlier
        before.append(recorded)


def _graders(year: Year, held: Held) -> Iterator[str]:
    """Yield who graded a case for the exercise, one that then withdrew too."""
    for recorded in year.log:
        fact = recorded.event
        if isinstance(fact, CaseGraded) and fact.exercise == held.opened.exercise:
            yield recorded.actor


def places_go_to_whom_the_terms_say(year: Year, held: Held) -> None:
    """Whoever has a place was assessed as the exercise asks, and high enough; none too many are."""
    given, opened = allotted(year, held), held.opened
    if given is None:
        return
    assert len(given.selected) <= (opened.places or QUOTA)
    assert len({each.reference for each in given.selected}) == len(given.selected)
    for member in given.selected:
        score = _score_at(year, held, member.reference)
        assert score.total == member.points >= max(score.pass_mark, opened.threshold or 0)
        by_criteria = opened.measure is Measure.CRITERIA
        assert (score.ruleset == BY_CRITERIA) is bool(score.criteria) is by_criteria
    then = {each.reference for each in given.passed}
    for recorded in year.log:
        fact = recorded.event
        if isinstance(fact, e.CaseNotSelected) and fact.exercise == opened.exercise:
            turn = _case_of(recorded.stream) in then
            assert fact.then is (opened.after_no_place if turn else AfterNoPlace.ROLLS_OVER)


def _score_at(year: Year, held: Held, name: str) -> e.ApplicationScored:
    """Return the score that a case had when the exercise gave it a place."""
    score: e.ApplicationScored | None = None
    for recorded in year.log:
        if recorded.stream != f"case-{name}":
            continue
        if isinstance(recorded.event, e.ApplicationScored):
            score = recorded.event
        if isinstance(recorded.event, e.CaseSelected):
            break
    assert score is not None
    return score


def places_go_in_order(year: Year, held: Held) -> None:
    """Nobody has a place before whoever is better placed, but for strata and recorded moves."""
    given = allotted(year, held)
    if given is None:
        return
    directions = given.moved
    assert not {each.reference for each in given.selected} & {
        name for name, way in directions.items() if way is Direction.NO_PLACE
    }
    taken = Counter(each.stratum for each in given.selected if each.route is Route.GENERAL)
    _strata_hold(held, taken)
    for each in given.passed:
        if directions.get(each.reference) is Direction.PLACE:
            _found_no_place(each, held, given, taken)
        if each.reference not in directions:
            _had_no_better_claim(each, held, given, taken)


def _of_its_own(held: Held) -> dict[str | None, int]:
    """Return the places of each stratum where these are for its own alone, else none."""
    if held.opened.leftover is not Leftover.NOBODY:
        return {}
    return {each.stratum: each.places for each in held.opened.strata}


def _strata_hold(held: Held, taken: Counter[str | None]) -> None:
    """Who has a place in a stratum is of it, and none more than it has, whoever was moved."""
    if places := _of_its_own(held):
        assert all(taken[stratum] <= places.get(stratum, 0) for stratum in taken)


def _found_no_place(
    placed: PoolMember, held: Held, given: Allotted, taken: Counter[str | None]
) -> None:
    """Who was to have a place and has none found those of all, or of their stratum, given."""
    places = _of_its_own(held)
    if placed.route is Route.GENERAL and taken[placed.stratum] == places.get(placed.stratum):
        alike = [each for each in given.in_turn if each.route is Route.GENERAL]
        assert placed.stratum not in {each.stratum for each in alike}
    else:
        assert not given.in_turn


def _had_no_better_claim(
    passed: PoolMember, held: Held, given: Allotted, taken: Counter[str | None]
) -> None:
    opened = held.opened
    full = len(given.selected) == opened.places
    places = {each.stratum: each.places for each in opened.strata}
    of_rest = not opened.strata or opened.leftover is Leftover.BEST_OF_REST
    for other in given.in_turn:
        if _before(opened.order, passed, other):
            # Only a stratum with places left for its own goes before the order of all.
            assert opened.strata
            assert passed.route is other.route is Route.GENERAL
            assert other.stratum != passed.stratum
            assert taken[passed.stratum] >= places.get(passed.stratum or "", 0)
    if not full:
        assert not of_rest
        assert taken[passed.stratum] >= places.get(passed.stratum or "", 0)


def _before(order: Order, one: PoolMember, other: PoolMember) -> bool:
    """Say whether one case comes before another in an order."""
    return _place(order, one) < _place(order, other)


def _place(order: Order, member: PoolMember) -> tuple[Any, ...]:
    if member.route is Route.ACHIEVEMENT:
        return 0, 0, member.submitted_at, member.reference
    points = 0 if order is Order.INSTANT_REFERENCE else -member.points
    instant: Any = member.submitted_at
    if order is Order.POINTS_SCORED_REFERENCE:
        instant = member.scored_at
    if order is Order.POINTS_REFERENCE:
        instant = 0
    return 1, points, instant, member.reference


def departures_have_their_grade_and_reason(year: Year, held: Held) -> None:
    """Each departure stands on the exercise and on its case alike, with grade, reason and name."""
    name = held.opened.exercise
    grades: dict[str, Any] = {}
    on_cases = []
    for recorded in year.log:
        match recorded.event:
            case CaseGraded(exercise=of, grade=grade) if of == name:
                grades[_case_of(recorded.stream)] = grade
            case CaseTakenOutOfRank(exercise=of) as fact if of == name:
                case = _case_of(recorded.stream)
                assert fact.personal is not None
                assert fact.personal.text
                assert fact.decided_by == recorded.actor
                assert fact.grade is grades[case]
                on_cases.append((case, fact.direction, fact.code, fact.grade, fact.decided_by))
    on_exercise = [
        (each.reference, each.direction, each.code, each.grade, each.decided_by)
        for each in (recorded.event for recorded in held.history)
        if isinstance(each, x.RankDepartureMade)
    ]
    assert on_exercise == on_cases


def it_is_drawn_again_as_it_was(year: Year, held: Held) -> None:
    """The log alone leads to the pool that was frozen, and to each list that was recorded."""
    opened, terms = held.opened, terms_of(held.opened)
    folded = Folded()
    for recorded in year.log[: opened.pool_position]:
        follow(folded, recorded)
    waiting = waiting_in(folded, held.history[0].effective_at, opened.measure)
    order = in_order(terms, waiting.members)
    assert digest_by(terms, order) == opened.pool_digest
    assert (waiting.counts, waiting.left_out) == (opened.counts, opened.left_out)
    assert waiting.previous == opened.previous
    pool = placed_pool(opened.pool_position, order)
    for place, recorded in enumerate(held.history):
        state, fact = load(each.event for each in held.history[:place]), recorded.event
        match state, fact:
            case Drawn(), x.SelectionProposed() | x.SelectionMade():
                again = selection_made(state, replace(pool, departed=frozenset(fact.departed)))
                assert (again.digest, again.cut_off) == (fact.digest, fact.cut_off)
            case Opened(), x.ShortlistDrawn():
                gone = frozenset(fact.departed)
                drawn = shortlist(state, replace(pool, departed=gone))
                assert digest_by(terms, drawn.taken) == fact.digest
            case _:
                continue


def _case_of(stream: str) -> str:
    return stream.removeprefix("case-")
