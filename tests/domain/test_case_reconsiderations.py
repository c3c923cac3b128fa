"""A refusal looked at again: asked for in time and twice at most, then reopened or upheld."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from domain import commands as c
from domain import decisions as d
from domain import events as e
from domain import stages as s
from domain.case import load
from domain.errors import NotAllowedNow, ReasonsMissing, TooLate, TooOften
from domain.reconsidering import (
    CaseReopened,
    NewMaterial,
    ReconsiderationRequested,
    RefusalUpheld,
)
from tests.domain.deciding import NOON, Given, given
from tests.domain.histories import (
    HISTORIES,
    MOVED,
    RECONSIDER_BY,
    RECONSIDERED,
    REFUSED,
    document,
    prerequisites,
    requested,
    scored,
    submitted,
)

REQUEST: Final = c.RequestReconsideration(material=" The employer has written ")
WORDS: Final = d.DecisionWords(texts=("The letter says nothing new",))
UPHELD: Final = RefusalUpheld(personal=WORDS, reconsider_by=RECONSIDER_BY)
SECOND: Final = replace(RECONSIDERED, request=2)
LAST_SECOND: Final = datetime(2020, 9, 2, 15, 59, 59, tzinfo=UTC)
"""The end, in Hong Kong, of the day a year after everything happens."""


def refused_at(case: Given, since: datetime | None = NOON) -> Given:
    """Return the case as it came to its stage at an instant."""
    return replace(case, circumstances=replace(case.circumstances, since=since))


def test_a_refusal_is_looked_at_again_for_new_material() -> None:
    case = refused_at(given(*HISTORIES[s.Refused]))
    case.when(REQUEST).then(RECONSIDERED)
    case.when(REQUEST).leads_to(s.Stage.UNDER_RECONSIDERATION)
    asked = load((*HISTORIES[s.Refused], RECONSIDERED))
    assert isinstance(asked, s.UnderReconsideration)
    assert (asked.reason_class, asked.filed.reconsiderations) == (e.RefusalClass.SELECTION, 1)


@pytest.mark.parametrize("material", ["", " \n\t"])
def test_a_request_says_what_is_new(material: str) -> None:
    case = refused_at(given(*HISTORIES[s.Refused]))
    case.when(c.RequestReconsideration(material=material)).refused(
        ReasonsMissing, "say what is new since the refusal"
    )


@pytest.mark.parametrize("before", [timedelta(days=1), timedelta(0)])
def test_it_is_asked_for_within_twelve_months(before: timedelta) -> None:
    case = refused_at(given(*HISTORIES[s.Refused]))
    case.at(LAST_SECOND - before).when(REQUEST).then(RECONSIDERED)


def test_it_is_not_asked_for_later() -> None:
    case = refused_at(given(*HISTORIES[s.Refused]))
    case.at(LAST_SECOND + timedelta(seconds=1)).when(REQUEST).refused(
        TooLate, "a reconsideration was to be asked for by 2 September 2020"
    )


def test_the_months_count_from_the_latest_refusal() -> None:
    case = given(*HISTORIES[s.UnderReconsideration], UPHELD).at(LAST_SECOND + timedelta(days=30))
    refused_at(case, LAST_SECOND).when(REQUEST).then(SECOND)
    refused_at(case).when(REQUEST).refused(TooLate)


def test_a_refusal_of_unknown_age_is_looked_at_again() -> None:
    case = refused_at(given(*HISTORIES[s.Refused]), None).at(LAST_SECOND + timedelta(days=900))
    case.when(REQUEST).then(RECONSIDERED)


def test_a_refusal_is_looked_at_again_twice_at_most() -> None:
    once = (*HISTORIES[s.UnderReconsideration], UPHELD)
    refused_at(given(*once)).when(REQUEST).then(SECOND)
    twice = (*once, SECOND, UPHELD)
    refused_at(given(*twice)).when(REQUEST).refused(
        TooOften,
        "a refusal is looked at again at most 2 times; a new application can always be filed",
    )


def test_a_refusal_that_was_looked_at_twice_says_no_day_for_a_third_time() -> None:
    twice = (*HISTORIES[s.UnderReconsideration], UPHELD, SECOND)
    upheld = given(*twice).once_confirmed(c.ProposeUpholding(reasons=WORDS.texts))
    upheld.then(replace(UPHELD, reconsider_by=None))


def test_a_case_that_was_reopened_and_refused_again_has_used_its_requests() -> None:
    again = (
        *HISTORIES[s.UnderReconsideration],
        CaseReopened(),
        prerequisites(age_met=False),
        REFUSED,
    )
    refused_at(given(*again)).when(REQUEST).then(SECOND)
    last = (*again, SECOND, CaseReopened(), prerequisites(age_met=False), REFUSED)
    refused_at(given(*last)).when(REQUEST).refused(TooOften)


def test_a_reopened_case_is_assessed_anew_from_the_start() -> None:
    case = given(*HISTORIES[s.UnderReconsideration])
    reopened = case.once_confirmed(c.ProposeReopening())
    reopened.then(CaseReopened())
    reopened.leads_to(s.Stage.ACKNOWLEDGED)
    anew = load((*HISTORIES[s.UnderReconsideration], CaseReopened()))
    assert isinstance(anew, s.Acknowledged)
    assert anew.filed.assessed is None
    given(*HISTORIES[s.UnderReconsideration], CaseReopened()).when(
        c.AssessPrerequisites()
    ).leads_to(s.Stage.PREREQUISITES_MET)


def test_a_reopened_case_stays_under_the_ruleset_that_it_was_moved_to() -> None:
    moved = (
        *HISTORIES[s.InPool],
        MOVED,
        prerequisites(age_met=False),
        REFUSED,
        RECONSIDERED,
        CaseReopened(),
    )
    reopened = load(moved)
    assert isinstance(reopened, s.Acknowledged)
    assert (reopened.filed.ruleset, reopened.filed.assessed) == ("gpt-2015", None)
    (assessed,) = given(*moved).when(c.AssessPrerequisites()).facts
    assert isinstance(assessed, e.PrerequisitesAssessed)
    assert assessed.ruleset == "gpt-2015"


@pytest.mark.parametrize("reason_class", e.RefusalClass)
def test_an_upheld_refusal_stands_for_its_first_reasons(reason_class: e.RefusalClass) -> None:
    refused = replace(REFUSED, reason_class=reason_class)
    history = (*HISTORIES[s.Shortlisted], refused, RECONSIDERED)
    case = given(*history)
    upheld = case.once_confirmed(c.ProposeUpholding(reasons=("The letter says nothing new ",)))
    upheld.then(UPHELD)
    upheld.leads_to(s.Stage.REFUSED)
    after = load((*history, UPHELD))
    assert isinstance(after, s.Refused)
    assert after.reason_class is reason_class


@pytest.mark.parametrize("stage", [each for each in HISTORIES if each is not s.Refused])
def test_only_a_refusal_is_looked_at_again(stage: type[s.CaseState]) -> None:
    given(*HISTORIES[stage]).when(REQUEST).refused(NotAllowedNow)


@pytest.mark.parametrize(
    "stage", [each for each in HISTORIES if each is not s.UnderReconsideration]
)
def test_only_what_is_looked_at_again_is_reopened_or_upheld(stage: type[s.CaseState]) -> None:
    for command in (c.ProposeReopening(), c.ProposeUpholding(reasons=("No",))):
        given(*HISTORIES[stage]).when(command).refused(NotAllowedNow)


def test_documents_are_sent_for_a_case_that_is_looked_at_again() -> None:
    case = load((*HISTORIES[s.UnderReconsideration], document()))
    assert isinstance(case, s.UnderReconsideration)
    assert len(case.filed.papers.received) == 1


def test_what_was_asked_for_before_a_refusal_is_asked_for_no_longer() -> None:
    history = (*HISTORIES[s.Selected], requested(), REFUSED, RECONSIDERED, CaseReopened())
    reopened = load(history)
    assert isinstance(reopened, s.Acknowledged)
    assert reopened.filed.papers.requested is None


def test_the_request_is_counted_from_one_on_each_case() -> None:
    case = refused_at(given(submitted(), scored(0), REFUSED))
    told = ReconsiderationRequested(
        request=1, personal=NewMaterial(text="The employer has written")
    )
    case.when(REQUEST).then(told)
