"""The prerequisites: what meets each, in what order they answer; none stops the scoring."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.application import Level, Skill
from domain.rules.assess import assess
from domain.rules.factors import AgeLimits
from domain.rules.reasons import Message, Reason
from domain.rules.types import Figure, Ruleset
from tests.rules.filing import ON, application, born, declared, held, met, post, skill

FIT = {"languages": (skill("en"),), "qualifications": (held(Level.BACHELOR),)}


def test_prerequisites_answer_by_their_ids_and_in_order(
    general: Ruleset, achievement: Ruleset
) -> None:
    order = ["age", "support", "record", "language", "education", "nationality"]
    found = assess(general, application(**FIT), ON).prerequisites
    assert [each.id for each in found] == order
    assert all(each.met and each.source for each in found)
    assert achievement.prerequisites.age == general.prerequisites.age


@pytest.mark.parametrize(
    ("given", "unmet"),
    [
        ({"date_of_birth": born(18, days_before_birthday=1)}, "age"),
        ({"prerequisites": declared(can_support_household=False)}, "support"),
        ({"prerequisites": declared(criminal_record=True)}, "record"),
        ({"prerequisites": declared(adverse_immigration_record=True)}, "record"),
        ({"languages": (skill("fr"),)}, "language"),
        ({"languages": (skill("en", written=Skill.FAIR),)}, "language"),
        ({"languages": ()}, "language"),
        ({"qualifications": ()}, "education"),
        ({"qualifications": (held(Level.PROFESSIONAL, recognised_body=False),)}, "education"),
        ({"qualifications": (held(Level.MASTER, awarded_on=ON + timedelta(1)),)}, "education"),
        ({"nationality": "AFG"}, "nationality"),
    ],
)
def test_one_thing_missing_leaves_one_prerequisite_unmet(
    general: Ruleset, given: dict[str, object], unmet: str
) -> None:
    assessment = assess(general, application(**{**FIT, **given}), ON)
    assert [each.id for each in assessment.prerequisites if not each.met] == [unmet]
    assert not assessment.eligible


@pytest.mark.parametrize(
    ("prerequisite", "given"),
    [
        ("age", {"date_of_birth": born(18)}),
        ("support", {"prerequisites": declared(net_worth_hkd=-5_000_000)}),
        ("language", {"languages": (skill("yue"),)}),
        ("education", {"qualifications": (held(Level.TECHNICAL),)}),
        ("education", {"qualifications": (held(Level.PROFESSIONAL),)}),
        ("education", {"qualifications": (held(Level.DOCTORATE, awarded_on=ON),)}),
    ],
)
def test_the_least_that_meets_a_prerequisite_meets_it(
    general: Ruleset, prerequisite: str, given: dict[str, object]
) -> None:
    assert met(assess(general, application(**{**FIT, **given}), ON), prerequisite)


@pytest.mark.parametrize("age", [49, 50, 51])
def test_an_upper_limit_of_age_is_data(general: Ruleset, age: int) -> None:
    limits = AgeLimits(at_least=18, at_most=50, cited=general.prerequisites.age.cited)
    limited = replace(general, prerequisites=replace(general.prerequisites, age=limits))
    assessment = assess(limited, application(date_of_birth=born(age)), ON)
    assert met(assessment, "age") == (age <= 50)


def test_both_records_are_named_in_the_reason(general: Ruleset) -> None:
    both = declared(criminal_record=True, adverse_immigration_record=True)
    found = assess(general, application(prerequisites=both), ON).prerequisites[2]
    assert found.reason == Reason(message=Message.BOTH_RECORDS, facts={})
    assert len(found.evidence) == 2


@pytest.mark.parametrize(
    ("nationality", "day", "may_apply"),
    [
        ("VNM", date(2023, 10, 24), False),
        ("VNM", date(2023, 10, 25), True),
        ("PRK", date(2023, 10, 25), False),
        ("ALB", date(2012, 8, 15), False),
        ("ALB", date(2012, 8, 16), True),
        ("KHM", date(2021, 1, 13), False),
        ("KHM", date(2021, 1, 14), True),
        ("HKG", date(2019, 5, 1), True),
    ],
)
def test_the_list_of_the_day_decides_on_a_nationality(
    general: Ruleset, nationality: str, day: date, *, may_apply: bool
) -> None:
    assert (
        met(assess(general, application(nationality=nationality), day), "nationality") == may_apply
    )


def test_before_every_list_no_nationality_is_excluded(general: Ruleset) -> None:
    found = assess(general, application(nationality="AFG"), date(2006, 6, 27)).prerequisites[-1]
    assert (found.met, found.edition) == (True, None)
    assert found.reason.message is Message.NATIONALITY_BEFORE_LISTS


def test_an_unmet_prerequisite_does_not_stop_the_scoring(general: Ruleset) -> None:
    strong = application(
        nationality="CUB",
        qualifications=(held(Level.DOCTORATE, renowned_institution=True),),
        employment=(post(10 * 365, senior_role=True),),
        languages=(skill("zh"), skill("en")),
    )
    assessment = assess(general, strong, ON)
    assert (assessment.total, assessment.eligible) == (30 + 70 + 40 + 20, False)


@pytest.mark.parametrize(("above", "eligible"), [(-1, True), (0, True), (1, False)])
def test_the_pass_mark_itself_passes(general: Ruleset, above: int, *, eligible: bool) -> None:
    filed = application(**FIT)
    mark = Figure(value=assess(general, filed, ON).total + above, cited=general.pass_mark.cited)
    assert assess(replace(general, pass_mark=mark), filed, ON).eligible == eligible
