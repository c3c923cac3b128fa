"""The people of a case: what is corrected, who comes along, who speaks, and who is erased."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, get_args

import pytest

from domain import commands as c
from domain import events as e
from domain import stages as s
from domain.application import Application, Relative, Route
from domain.case import load
from domain.days import HONG_KONG
from domain.deciding.standing import RESTING
from domain.errors import (
    DependantNotEligible,
    NoRepresentative,
    NoSuchDependant,
    NotAllowedNow,
    NothingToCorrect,
    PersonErased,
    ReasonsMissing,
    WrongAmount,
)
from domain.following import NEXT, next_of
from domain.particulars import (
    ApplicationCorrected,
    Correction,
    Dependant,
    DependantAdded,
    DependantRemoved,
    ErasureDecided,
    Relation,
    Representative,
    RepresentativeAppointed,
    RepresentativeRemoved,
)
from domain.rules.assess import WrongRoute
from tests.domain.deciding import NOON, Given, given
from tests.domain.histories import EMMA, HISTORIES, JACKIE, JOHN, proposed, submitted

ASSESSED: Final = (s.PrerequisitesMet, s.PrerequisitesUnmet, s.BelowMark, s.InPool)
CORRECTABLE: Final = [each for each in HISTORIES if c.CorrectApplication in NEXT[each]]
FAMILY: Final = [each for each in HISTORIES if c.AddDependant in NEXT[each]]
ERASABLE: Final = (s.Settled, s.Refused, s.Withdrawn, s.Lapsed, s.Voided)
SPOUSE: Final = DependantAdded(dependant=1, relation=Relation.SPOUSE, personal=None)
CHILD: Final = DependantAdded(dependant=2, relation=Relation.CHILD, personal=None)
EIGHTEEN: Final = date(2001, 9, 2)
"""Who was born then is 18 on the day of everything."""


def with_applicant(**changes: Any) -> Application:
    """Return what John filed, were something about himself otherwise."""
    return replace(JOHN, applicant=replace(JOHN.applicant, **changes))


def correct(application: Application, reason: str = " A slip of the pen ") -> c.CorrectApplication:
    """Return the command to correct what was filed."""
    return c.CorrectApplication(application=application, reason=reason)


def corrected(application: Application, *fields: str, anew: bool = False) -> ApplicationCorrected:
    """Return the fact that these paths were corrected."""
    said = Correction(application=application, reason="A slip of the pen")
    return ApplicationCorrected(fields=fields, assessed_anew=anew, personal=said)


def add(relation: Relation = Relation.CHILD, **changes: Any) -> c.AddDependant:
    """Return the command that records Ann, who is four."""
    said = {
        "family_name": " Carter",
        "given_names": "Ann ",
        "date_of_birth": date(2015, 5, 1),
        "nationality": "GBR",
        **changes,
    }
    return c.AddDependant(relation=relation, **said)


def named(value: object) -> str:
    if isinstance(value, Application):
        return value.applicant.given_names
    return value.__name__ if isinstance(value, type) else str(value)


NEW_NAME: Final = with_applicant(family_name="Carter-Lee")
BORN_LATER: Final = with_applicant(date_of_birth=date(1990, 1, 1))
A_SISTER: Final = replace(
    JOHN, family=replace(JOHN.family, permanent_resident_relative=Relative.SIBLING)
)


@pytest.mark.parametrize("stage", CORRECTABLE, ids=named)
def test_what_applicants_are_called_is_corrected_and_nothing_assessed_anew(
    stage: type[s.CaseState],
) -> None:
    case = given(*HISTORIES[stage])
    case.when(correct(NEW_NAME)).then(corrected(NEW_NAME, "applicant.family_name"))
    case.when(correct(NEW_NAME)).leads_to(s.STAGES[stage])
    after = load((*HISTORIES[stage], corrected(NEW_NAME, "applicant.family_name")))
    assert not isinstance(after, s.Draft)
    assert after.filed.application == NEW_NAME
    assert replace(after, filed=replace(after.filed, application=JOHN)) == case.state


@pytest.mark.parametrize("stage", CORRECTABLE, ids=named)
@pytest.mark.parametrize(
    ("application", "field"),
    [
        (BORN_LATER, "applicant.date_of_birth"),
        (with_applicant(nationality="FRA"), "applicant.nationality"),
        (A_SISTER, "family.permanent_resident_relative"),
        (replace(JOHN, annual_income_hkd=7), "annual_income_hkd"),
        (replace(JOHN, employment=JOHN.employment[1:]), "employment"),
        (
            replace(JOHN, prerequisites=replace(JOHN.prerequisites, net_worth_hkd=7)),
            "prerequisites.net_worth_hkd",
        ),
    ],
    ids=named,
)
def test_what_an_assessment_rests_on_has_it_made_anew(
    stage: type[s.CaseState], application: Application, field: str
) -> None:
    case, anew = given(*HISTORIES[stage]), stage in ASSESSED
    fact = corrected(application, field, anew=anew)
    case.when(correct(application)).then(replace(fact, assessment_stale=stage in get_args(RESTING)))
    case.when(correct(application)).leads_to(s.Stage.ACKNOWLEDGED if anew else s.STAGES[stage])


@pytest.mark.parametrize(
    ("application", "field"),
    [
        (with_applicant(family_name="Karter"), "applicant.family_name"),
        (with_applicant(given_names="Jon"), "applicant.given_names"),
        (with_applicant(name_in_chinese="王"), "applicant.name_in_chinese"),
        (with_applicant(country_of_residence="FRA"), "applicant.country_of_residence"),
        (
            with_applicant(travel_document=replace(JOHN.applicant.travel_document, number="P777")),
            "applicant.travel_document.number",
        ),
    ],
    ids=named,
)
def test_no_assessment_rests_on_names_and_documents(application: Application, field: str) -> None:
    case = given(*HISTORIES[s.InPool])
    case.when(correct(application)).then(corrected(application, field))


def test_every_path_that_differs_is_named_once_in_order() -> None:
    both = replace(with_applicant(family_name="Carter-Lee", date_of_birth=date(1990, 1, 1)))
    both = replace(both, talent_list_profession=None, languages=())
    case = given(*HISTORIES[s.InPool])
    (fact,) = case.when(correct(both)).facts
    assert isinstance(fact, ApplicationCorrected)
    assert fact.assessed_anew
    assert fact.fields == (
        "applicant.family_name",
        "applicant.date_of_birth",
        "languages",
        *(("talent_list_profession",) if JOHN.talent_list_profession else ()),
    )


def test_whoever_is_no_longer_named_is_named_as_a_whole() -> None:
    alone = replace(EMMA, family=replace(EMMA.family, spouse=None))
    case = given(submitted(EMMA), *HISTORIES[s.InPool][1:])
    case.when(correct(alone)).then(corrected(alone, "family.spouse", anew=True))
    back = given(submitted(alone), *HISTORIES[s.InPool][1:])
    back.when(correct(EMMA)).then(corrected(EMMA, "family.spouse", anew=True))


def test_a_case_that_was_corrected_is_assessed_by_what_it_says_now() -> None:
    minor = with_applicant(date_of_birth=date(2004, 1, 1))
    fact = corrected(minor, "applicant.date_of_birth", anew=True)
    history = (*HISTORIES[s.InPool], proposed(), fact)
    anew = load(history)
    assert isinstance(anew, s.Acknowledged)
    assert anew.filed.assessed is None
    given(*history).when(c.AssessPrerequisites()).leads_to(s.Stage.PREREQUISITES_UNMET)


def test_a_correction_corrects_something_says_why_and_keeps_the_route() -> None:
    case = given(*HISTORIES[s.InPool])
    case.when(correct(JOHN)).refused(NothingToCorrect, "says exactly this already")
    case.when(correct(NEW_NAME, " ")).refused(ReasonsMissing, "say why, in words")
    assert JACKIE.route is Route.ACHIEVEMENT
    case.when(correct(JACKIE)).refused(WrongRoute, "stays on the route that it was filed on")
    erased = given(submitted(None), *HISTORIES[s.InPool][1:])
    erased.when(correct(JOHN)).refused(PersonErased, "erased, so it cannot be corrected")


@pytest.mark.parametrize("stage", FAMILY, ids=named)
def test_dependants_come_along_with_numbers_of_their_own(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage])
    ann = Dependant(
        family_name="Carter",
        given_names="Ann",
        date_of_birth=date(2015, 5, 1),
        nationality="GBR",
    )
    case.when(add()).then(DependantAdded(dependant=1, relation=Relation.CHILD, personal=ann))
    case.when(add()).leads_to(s.STAGES[stage])
    case.when(add(Relation.SPOUSE, married=True)).then(
        DependantAdded(dependant=1, relation=Relation.SPOUSE, personal=replace(ann, married=True))
    )
    third = given(*HISTORIES[stage], SPOUSE, CHILD, DependantRemoved(dependant=2))
    third.when(add()).then(DependantAdded(dependant=3, relation=Relation.CHILD, personal=ann))
    assert not isinstance(third.state, s.Draft)
    assert third.state.filed.persons == 2


@pytest.mark.parametrize("blank", ["family_name", "given_names"])
def test_a_dependant_has_a_name(blank: str) -> None:
    given(*HISTORIES[s.InPool]).when(add(**{blank: " "})).refused(ReasonsMissing)


@pytest.mark.parametrize(
    ("born", "age"),
    [(EIGHTEEN - timedelta(days=1), 18), (EIGHTEEN, 18), (date(1990, 1, 1), 29)],
)
def test_a_child_of_eighteen_does_not_come_along(born: date, age: int) -> None:
    given(*HISTORIES[s.InPool]).when(add(date_of_birth=born)).refused(
        DependantNotEligible, f"a child comes along under 18; this one is {age}"
    )


@pytest.mark.parametrize("born", [EIGHTEEN + timedelta(days=1), NOON.date()])
def test_a_child_comes_along_until_the_day_before(born: date) -> None:
    assert given(*HISTORIES[s.InPool]).when(add(date_of_birth=born)).refusal is None


def test_a_child_is_eighteen_by_the_day_in_hong_kong_on_which_it_is_added() -> None:
    birthday = datetime.combine(date(2033, 5, 1), time(0), HONG_KONG)
    case = given(*HISTORIES[s.Selected])
    case.at(birthday).when(add()).refused(DependantNotEligible)
    assert case.at(birthday - timedelta(seconds=1)).when(add()).refusal is None


@pytest.mark.parametrize("stage", [s.Approved, s.VisaPaid, s.Issued, s.Active, s.Extending])
def test_nobody_is_added_once_the_fee_for_the_visa_was_counted(stage: type[s.CaseState]) -> None:
    given(*HISTORIES[stage]).when(add()).refused(NotAllowedNow, "add-dependant is not possible")


def test_who_is_not_born_yet_does_not_come_along() -> None:
    tomorrow = date(2019, 9, 3)
    for relation in Relation:
        given(*HISTORIES[s.InPool]).when(add(relation, date_of_birth=tomorrow)).refused(
            DependantNotEligible, "the date of birth is in the future"
        )


def test_a_married_child_does_not_come_along_and_a_spouse_of_any_age_does() -> None:
    case = given(*HISTORIES[s.InPool])
    case.when(add(married=True)).refused(DependantNotEligible, "a married child")
    assert case.when(add(Relation.SPOUSE, date_of_birth=date(1970, 1, 1))).refusal is None


def test_one_spouse_comes_along() -> None:
    case = given(*HISTORIES[s.InPool], SPOUSE)
    case.when(add(Relation.SPOUSE)).refused(DependantNotEligible, "remove that one first")
    removed = given(*HISTORIES[s.InPool], SPOUSE, DependantRemoved(dependant=1))
    assert removed.when(add(Relation.SPOUSE)).refusal is None


@pytest.mark.parametrize("stage", FAMILY, ids=named)
def test_only_who_comes_along_is_removed(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage], SPOUSE, CHILD)
    case.when(c.RemoveDependant(dependant=2)).then(DependantRemoved(dependant=2))
    case.when(c.RemoveDependant(dependant=3)).refused(
        NoSuchDependant, "there is no dependant 3; there is: 1, 2"
    )
    nobody = given(*HISTORIES[stage])
    nobody.when(c.RemoveDependant(dependant=1)).refused(NoSuchDependant, "there is: none")


@pytest.mark.parametrize("stage", CORRECTABLE, ids=named)
def test_somebody_speaks_for_the_applicant_until_they_do_not(stage: type[s.CaseState]) -> None:
    appoint = c.AppointRepresentative(
        name=" A. Lee ", organisation=" Lee & Co ", email="lee@example.com"
    )
    lee = Representative(name="A. Lee", organisation="Lee & Co", email="lee@example.com")
    appointed = RepresentativeAppointed(personal=lee)
    case = given(*HISTORIES[stage])
    case.when(appoint).then(appointed)
    case.when(c.RemoveRepresentative()).refused(NoRepresentative, "for themselves already")
    case.when(replace(appoint, name=" ")).refused(ReasonsMissing)
    represented = given(*HISTORIES[stage], appointed)
    represented.when(appoint).then(appointed)
    represented.when(c.RemoveRepresentative()).then(RepresentativeRemoved())
    assert load((*HISTORIES[stage], appointed, RepresentativeRemoved())) == case.state


@pytest.mark.parametrize("stage", HISTORIES, ids=named)
def test_only_the_person_of_an_ended_case_is_erased(stage: type[s.CaseState]) -> None:
    case = given(*HISTORIES[stage])
    if stage not in ERASABLE:
        case.when(c.ProposeErasure()).refused(NotAllowedNow, "propose-erasure is not possible")
        return
    erased = case.once_confirmed(c.ProposeErasure())
    erased.then(ErasureDecided())
    erased.leads_to(s.STAGES[stage])
    after = load((*HISTORIES[stage], ErasureDecided()))
    assert not isinstance(after, s.Draft)
    assert after.filed.application is None
    again = given(*HISTORIES[stage], ErasureDecided())
    again.when(c.ProposeErasure()).refused(PersonErased, "has been erased already")
    assert c.ProposeErasure not in next_of(again.state)


def test_the_cases_whose_person_may_be_erased_are_those_that_ended() -> None:
    assert {s.Settled, *get_args(s.Ended)} == set(ERASABLE)


@pytest.mark.parametrize(
    ("filed_on", "fee"),
    [
        (datetime(2025, 2, 26, 2, 59, 59, tzinfo=UTC), None),
        (datetime(2025, 2, 26, 3, tzinfo=UTC), 600),
    ],
)
@pytest.mark.parametrize(("application", "persons"), [(JOHN, 1), (EMMA, 3)], ids=named)
def test_the_fee_of_an_application_is_for_everybody_who_comes_along(
    filed_on: datetime, fee: int | None, application: Application, persons: int
) -> None:
    (filed,) = given().at(filed_on).when(c.SubmitApplication(application=application)).facts
    assert isinstance(filed, e.ApplicationSubmitted)
    assert filed.persons == persons
    assert filed.application_fee_hkd == (None if fee is None else persons * fee)


def test_who_comes_later_changes_nothing_of_the_application_fee() -> None:
    case = given(submitted(fee=1200), SPOUSE, CHILD, DependantRemoved(dependant=1))
    case.when(c.PayApplicationFee(amount_hkd=1200)).then(e.ApplicationFeePaid(amount_hkd=1200))
    case.when(c.PayApplicationFee(amount_hkd=1800)).refused(WrongAmount)


def test_only_who_comes_along_is_paid_for() -> None:
    def filed(application: Application) -> e.CaseEvent:
        case: Given = given().at(datetime(2026, 1, 5, tzinfo=UTC))
        (fact,) = case.when(c.SubmitApplication(application=application)).facts
        return fact

    children = tuple(replace(each, accompanying=False) for each in EMMA.family.children)
    family = replace(EMMA.family, children=children)
    alone = filed(replace(EMMA, family=replace(family, spouse=None)))
    with_spouse = filed(replace(EMMA, family=family))
    assert isinstance(alone, e.ApplicationSubmitted)
    assert isinstance(with_spouse, e.ApplicationSubmitted)
    assert (alone.persons, alone.application_fee_hkd) == (1, 600)
    spouse = EMMA.family.spouse
    assert spouse is not None
    assert with_spouse.persons == 1 + spouse.accompanying
