"""John, Emma and Jackie under every test of their route on 1 May 2019, worked out by hand."""

import json
from datetime import date
from pathlib import Path

import pytest

from domain.application import Application
from domain.rules.assess import assess
from domain.rules.choose import named
from domain.rules.types import Assessment, Rulebook
from services.intake.application import application_from
from tests.rules.filing import ON

PEOPLE = Path(__file__).parents[1] / "data" / "people"

# John is 31, has a bachelor's and a master's degree, both of renowned institutions, and has worked
# 2,465 days (1 August 2012 to 1 May 2019): 6 years and 275 days. The last 851 of them (from 1
# January 2017) were senior and abroad: 2 years and 121 days. Chinese and English are good. All his
# posts were in a listed firm, and he claims a listed profession. He has no family.
JOHN = {
    "gpt-2006": {
        "age": 30,
        "qualifications": 30,
        "work_experience": 40,
        "language": 20,
        "family": 0,
    },
    "gpt-2008": {
        "age": 30,
        "qualifications": 35,
        "work_experience": 40,
        "language": 20,
        "family": 0,
    },
    "gpt-2015": {
        "age": 30,
        "qualifications": 20 + 30,
        "work_experience": 30 + 15,
        "language": 20,
        "family": 0,
    },
    "gpt-2018": {
        "age": 30,
        "qualifications": 20 + 30,
        "work_experience": 30 + 15,
        "talent_list": 30,
        "language": 20,
        "family": 0,
    },
    "gpt-2023": {
        "age": 30,
        "qualifications": 20 + 30,
        "work_experience": 30 + 15 + 20,
        "talent_list": 30,
        "language": 20,
        "family": 0,
    },
}

# Emma is 34, has a bachelor's degree, and has worked 12 years and 186 days, 7 years and 185 days of
# them senior; 4 years and 184 days were abroad and in a reputable firm. English and French are
# good. Her husband has a degree, and they bring one child. She claims no profession.
EMMA = {
    "gpt-2006": {
        "age": 30,
        "qualifications": 20,
        "work_experience": 50,
        "language": 0,
        "family": 5 + 5,
    },
    "gpt-2008": {
        "age": 30,
        "qualifications": 30,
        "work_experience": 50,
        "language": 15,
        "family": 5 + 5,
    },
    "gpt-2015": {
        "age": 30,
        "qualifications": 10,
        "work_experience": 40 + 15,
        "language": 15,
        "family": 5 + 5,
    },
    "gpt-2018": {
        "age": 30,
        "qualifications": 10,
        "work_experience": 40 + 15,
        "talent_list": 0,
        "language": 15,
        "family": 5 + 5,
    },
    "gpt-2023": {
        "age": 30,
        "qualifications": 10,
        "work_experience": 40 + 15 + 20,
        "talent_list": 0,
        "language": 15,
        "family": 5 + 5,
    },
}

# Jackie has an award and the acclaim of her peers: one of them gives everything.
JACKIE = {
    "apt-165": {"achievement": 165},
    "apt-195": {"achievement": 195},
    "apt-225": {"achievement": 225},
    "apt-245": {"achievement": 245},
}

TOTALS = {
    ("john", "gpt-2006"): 120,
    ("john", "gpt-2008"): 125,
    ("john", "gpt-2015"): 145,
    ("john", "gpt-2018"): 175,
    ("john", "gpt-2023"): 195,
    ("emma", "gpt-2006"): 110,
    ("emma", "gpt-2008"): 135,
    ("emma", "gpt-2015"): 120,
    ("emma", "gpt-2018"): 120,
    ("emma", "gpt-2023"): 140,
    ("jackie", "apt-165"): 165,
    ("jackie", "apt-195"): 195,
    ("jackie", "apt-225"): 225,
    ("jackie", "apt-245"): 245,
}


def _filed(person: str) -> Application:
    return application_from(json.loads((PEOPLE / f"{person}.json").read_text("utf-8")), ON)


def _assessed(rulebook: Rulebook, person: str, ruleset_id: str) -> Assessment:
    return assess(named(rulebook, ruleset_id), _filed(person), ON)


@pytest.mark.parametrize(
    ("person", "ruleset_id", "by_hand"),
    [
        (person, ruleset_id, by_hand)
        for person, tests in (("john", JOHN), ("emma", EMMA), ("jackie", JACKIE))
        for ruleset_id, by_hand in tests.items()
    ],
)
def test_each_factor_gives_what_a_person_works_out_by_hand(
    rulebook: Rulebook, person: str, ruleset_id: str, by_hand: dict[str, int]
) -> None:
    assessment = _assessed(rulebook, person, ruleset_id)
    assert {each.factor: each.points for each in assessment.factors} == by_hand
    assert assessment.total == TOTALS[person, ruleset_id]
    assert assessment.eligible


@pytest.mark.parametrize(("age", "eligible"), [(50, True), (51, False)])
def test_somebody_of_51_was_refused_by_the_first_test_alone(
    rulebook: Rulebook, age: int, *, eligible: bool
) -> None:
    file = json.loads((PEOPLE / "emma.json").read_text("utf-8"))
    file["applicant"]["date_of_birth"] = date(ON.year - age, 1, 1).isoformat()
    filed = application_from(file, ON)
    found = {
        name: assess(named(rulebook, name), filed, ON).eligible
        for name in ("gpt-2006", "gpt-2008", "gpt-2018", "gpt-2023")
    }
    assert found == {
        "gpt-2006": eligible,
        "gpt-2008": True,
        "gpt-2018": True,
        "gpt-2023": True,
    }
