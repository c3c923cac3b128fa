"""Exercises on other terms, over a real database: who gains, who loses, and who comes in."""

from dataclasses import replace
from datetime import date

import pytest

from domain import commands as c
from domain import exercise_commands as q
from domain.errors import Forbidden, NothingToSelect, TermsInvalid
from domain.exercise_events import ExerciseOpened
from domain.gradings import DepartureCode, Direction, Grade
from domain.rules.choose import named
from domain.rules.terms import Archetype, Measure, Order, StratumPlaces, Terms
from domain.rules.types import Ruleset
from domain.stages import Stage
from services import exercises
from services.api.app import create_api
from services.cases import carry_out, case_at
from services.exercise_requests import events_of
from services.projections import queries
from services.redrawing import redraw
from services.what_if import CameIn, Change, WhatIf
from services.wiring import Office
from tests.services.api.calling import Caller
from tests.services.asking import (
    APPLICANT,
    AUDITOR,
    MAY_2019,
    OFFICER,
    SUPERVISOR,
    asked,
    asked_for,
    filed_by,
    seen,
    together,
)
from tests.services.exercising import PANEL, propose_otherwise, select
from tests.services.seeing import recorded
from tests.services.trying import dry_run_opening, what_if, what_if_present
from tests.services.visiting import TO_POOL, file_case

EMMAS = 120
JOHNS = 175
LISTED = 30
STRICT = 140


def ruleset(source: Ruleset, name: str, mark: int) -> Ruleset:
    """The rules of another one with a mark of their own, known since before anybody filed."""
    return replace(
        source,
        id=name,
        edition=1,
        digest=f"sha256:{name}-{mark}",
        life=replace(source.life, known_from=date(2019, 1, 1)),
        pass_mark=replace(source.pass_mark, value=mark),
    )


@pytest.fixture
def strict(office: Office) -> Office:
    """An office whose mark is above Emma's points."""
    book = office.rulebook
    others = tuple(each for each in book.rulesets if each.id != "gpt-2018")
    own = ruleset(named(book, "gpt-2018"), "gpt-2018", STRICT)
    earlier = tuple(each for each in book.superseded if each.id != "gpt-2018")
    return replace(office, rulebook=replace(book, rulesets=(*others, own), superseded=earlier))


def known_too(office: Office, name: str, mark: int) -> Office:
    """The office when it knows the same rules with another mark besides, which catch nobody."""
    book = office.rulebook
    more = ruleset(named(book, "gpt-2018"), name, mark)
    return replace(office, rulebook=replace(book, rulesets=(*book.rulesets, more)))


def under_mild(office: Office, exercise: str = "first") -> WhatIf:
    return what_if(known_too(office, "mild", EMMAS), exercise, Change(ruleset="mild"), AUDITOR)


def opened(office: Office, name: str = "first", *, places: int | None = 2) -> None:
    command = q.OpenExercise(exercise=name, title=name, places=places)
    exercises.open_exercise(office, command, asked(SUPERVISOR))
    exercises.draw_shortlist(office, name, asked(SUPERVISOR))


def test_who_was_below_the_mark_comes_in_under_a_milder_ruleset(strict: Office) -> None:
    john, emma = (file_case(strict, name, *TO_POOL) for name in ("john", "emma"))
    assert case_at(strict, emma).stage is Stage.BELOW_MARK
    opened(strict)
    select(strict, "first")
    head = strict.store.sequence()
    found = under_mild(strict)
    assert found.came_in == (CameIn(reference=emma, stage=Stage.BELOW_MARK, points=EMMAS),)
    (moved,) = found.moved
    assert (moved.reference, moved.gains, moved.came_from) == (emma, True, Stage.BELOW_MARK)
    assert (found.pool_before, found.pool_then, found.before, found.then) == (1, 2, 1, 2)
    assert john not in {each.reference for each in found.moved}
    assert strict.store.sequence() == head


def test_who_comes_in_may_still_find_no_place(strict: Office) -> None:
    _, emma = (file_case(strict, name, *TO_POOL) for name in ("john", "emma"))
    opened(strict, places=1)
    found = under_mild(strict)
    assert (len(found.came_in), found.moved) == (1, ())
    office = known_too(strict, "mild", EMMAS)
    caller = Caller(app=create_api(office), office=office)
    told = caller.get("/exercises/first/what-if?ruleset=mild", by=AUDITOR.name).json
    assert [each["reference"] for each in told["came_in"]] == [emma]
    assert recorded(office)[-1]["cases"] == [emma]


@pytest.mark.parametrize(
    "commands", [(c.HoldCase(reason="An inquiry"),), together(c.ProposeRefusal())]
)
def test_nobody_comes_in_who_is_held_or_was_decided(
    strict: Office, commands: tuple[c.CaseCommand, ...]
) -> None:
    file_case(strict, "john", *TO_POOL)
    emma = file_case(strict, "emma", *TO_POOL)
    for command in commands:
        carry_out(strict, emma, command, asked_for(command, SUPERVISOR))
    opened(strict)
    assert under_mild(strict).came_in == ()


def test_an_erased_person_outside_the_pool_is_counted_and_stays_out(strict: Office) -> None:
    file_case(strict, "john", *TO_POOL)
    emma = file_case(strict, "emma", *TO_POOL)
    opened(strict)
    for proposal in (c.ProposeRefusal(), c.ProposeErasure()):
        for command in together(proposal):
            carry_out(strict, emma, seen(strict, emma, command), asked_for(command, SUPERVISOR))
    found = under_mild(strict)
    assert (found.came_in, found.erased, found.erased_outside) == ((), 0, 1)


def test_what_was_corrected_counts_from_its_correction_on(strict: Office) -> None:
    john = file_case(strict, "john", *TO_POOL)
    command = q.OpenExercise(exercise="first", title="First", places=2)
    exercises.open_exercise(strict, command, asked(SUPERVISOR))
    said = replace(filed_by("john"), talent_list_profession=None)
    carry_out(strict, john, c.CorrectApplication(application=said, reason="Misread"), asked())
    assert under_mild(strict).cut_off == JOHNS
    for each in (c.AssessPrerequisites(), c.ScoreApplication()):
        carry_out(strict, john, each, asked())
    command = q.OpenExercise(exercise="second", title="Second", places=2)
    exercises.open_exercise(strict, command, asked(SUPERVISOR))
    assert under_mild(strict, "second").cut_off == JOHNS - LISTED


def test_a_stricter_ruleset_leaves_out_who_is_below_its_mark(office: Office) -> None:
    emma = file_case(office, "emma", *TO_POOL)
    opened(office)
    harsh = known_too(office, "harsh", STRICT)
    found = what_if(harsh, "first", Change(ruleset="harsh"), AUDITOR)
    assert (found.fell_out, found.pool_then, found.then) == (1, 0, 0)
    assert [each.reference for each in found.losing] == [emma]


def test_a_ruleset_of_another_measure_is_refused(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    opened(office)
    with pytest.raises(TermsInvalid, match="gives criteria; the exercise is held by points"):
        what_if(office, "first", Change(ruleset="gptq-2024"), AUDITOR)


def test_the_present_pool_takes_the_terms_of_an_opening(office: Office) -> None:
    john, emma = (file_case(office, name, *TO_POOL) for name in ("john", "emma"))
    sector = queries.case_row(office.models, emma)
    assert sector is not None
    terms = Terms(
        archetype=Archetype.RANK_WITHIN_STRATA,
        strata=(StratumPlaces(stratum=str(sector.stratum), places=5),),
    )
    within = what_if_present(office, terms, AUDITOR)
    mark = Terms(archetype=Archetype.FIXED_THRESHOLD, threshold=EMMAS + 1)
    above = what_if_present(office, mark, AUDITOR)
    assert (above.before, above.then, above.cut_off) == (1, 1, 175)
    assert within.before == sum(
        queries.case_row(office.models, each).stratum == sector.stratum  # type: ignore[union-attr]  # it was filed
        for each in (john, emma)
    )
    lost = what_if_present(office, Terms(threshold=EMMAS + 1), AUDITOR)
    assert [(each.reference, each.gains) for each in lost.moved] == [(emma, False)]
    with pytest.raises(TermsInvalid, match="say what the threshold is"):
        what_if_present(office, Terms(archetype=Archetype.FIXED_THRESHOLD), AUDITOR)
    by_criteria = Terms(
        archetype=Archetype.FIXED_THRESHOLD,
        measure=Measure.CRITERIA,
        order=Order.INSTANT_REFERENCE,
        threshold=6,
    )
    with pytest.raises(NothingToSelect):
        what_if_present(office, by_criteria, AUDITOR)
    with pytest.raises(Forbidden):
        what_if_present(office, Terms(), APPLICANT)


def test_it_says_where_another_selection_was_recorded_than_is_drawn_now(office: Office) -> None:
    john = file_case(office, "john", *TO_POOL)
    opened(office)
    change = Change(threshold=JOHNS + 1)
    # A shortlist alone says nothing yet of who is selected.
    assert not what_if(office, "first", change, AUDITOR).differs
    propose_otherwise(office, "first")
    found = what_if(office, "first", change, AUDITOR)
    assert (found.differs, [each.reference for each in found.losing]) == (True, [john])
    told = Caller(app=create_api(office), office=office).get(
        f"/exercises/first/what-if?threshold={JOHNS + 1}", by=AUDITOR.name
    )
    assert told.json["differs"] is True
    assert redraw(office, "first").differences
    grading = c.GradeCase(exercise="first", grade=Grade.OUTSTANDING)
    carry_out(office, john, grading, asked(PANEL))
    departing = q.DepartFromRank(
        reference=john, direction=Direction.PLACE, code=DepartureCode.NEEDS, reason="The only one"
    )
    exercises.depart_from_rank(office, "first", departing, asked(SUPERVISOR))
    # What was proposed is to be proposed again, and is no list to compare with.
    assert not what_if(office, "first", change, AUDITOR).differs
    select(office, "first")
    assert not what_if(office, "first", change, AUDITOR).differs
    assert redraw(office, "first").differences != ()


def test_a_dry_run_of_an_opening_says_what_it_would_take_and_opens_nothing(
    office: Office,
) -> None:
    john, _, jackie = (file_case(office, each, *TO_POOL) for each in ("john", "emma", "jackie"))
    carry_out(office, jackie, c.HoldCase(reason="An inquiry"), asked(SUPERVISOR))
    head = office.store.sequence()
    command = q.OpenExercise(exercise="first", title="First", places=1, threshold=130)
    tried = dry_run_opening(office, command, SUPERVISOR, MAY_2019)
    assert (tried.pool_size, tried.achievement, tried.refusal) == (2, 0, None)
    assert (tried.left_out.held, tried.left_out.below_threshold) == (1, 1)
    assert (tried.quota, tried.places_taken, tried.places_left) == (1_000, 0, 1_000)
    assert tried.division is not None
    assert [each.member.reference for each in tried.division.taken] == [john]
    assert office.store.sequence() == head
    assert queries.exercises(office.models) == ()
    exercises.open_exercise(office, command, asked(SUPERVISOR))
    event = events_of(office, "first")[0].event
    assert isinstance(event, ExerciseOpened)
    assert (event.pool_size, event.pool_position) == (tried.pool_size, tried.position)
    again = dry_run_opening(office, command, SUPERVISOR, MAY_2019)
    assert str(again.refusal) == "first was opened before; choose another name"
    assert again.division is None
    audited = dry_run_opening(office, command, AUDITOR, MAY_2019)
    assert replace(audited, refusal=again.refusal) == again
    with pytest.raises(Forbidden):
        dry_run_opening(office, command, OFFICER)


def test_a_dry_run_of_an_opening_beyond_the_quota_says_what_is_left(office: Office) -> None:
    file_case(office, "john", *TO_POOL)
    command = q.OpenExercise(exercise="first", title="First", places=1_001)
    tried = dry_run_opening(office, command, SUPERVISOR, MAY_2019)
    assert "more than the 1000 that the year's quota leaves" in str(tried.refusal)
    early = dry_run_opening(office, command, SUPERVISOR, MAY_2019.replace(day=1, month=1))
    assert (early.pool_size, early.left_out.later) == (0, 1)
