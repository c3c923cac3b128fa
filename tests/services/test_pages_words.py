"""The words of the pages: none missing in any language, and facts as people read them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from typing import get_args

import pytest

from domain import commands as c
from domain import exercise_commands as q
from domain import papers as p
from domain.application import (
    AchievementKind,
    Correspondence,
    Level,
    Relative,
    Route,
    Sector,
    Skill,
)
from domain.clocks import StopCause
from domain.events import (
    ApplicationScored,
    Channel,
    FactorPoints,
    PrerequisiteResult,
    RefusalClass,
    RulePoints,
)
from domain.gradings import DepartureCode, Direction, Grade
from domain.moves import MoveCode
from domain.overrides import OverrideCode
from domain.projections.exercises import ExerciseStage
from domain.projections.status import AWAITED, DOCUMENTS_AWAITED
from domain.rules.reasons import as_written
from domain.rules.terms import AfterNoPlace, Archetype, Leftover, Measure, Order
from domain.rules.types import Award, CriterionFinding, PrerequisiteFinding, Shortfall
from domain.stages import Stage
from domain.wire import WIRE
from services.catalogue import Catalogue, load_catalogue
from services.pages import desk, shown
from services.pages.exercises import ACTS
from services.pages.forms import COMMANDS, inputs_of, slug
from services.results import FIGURES
from services.work import Whose
from tests.domain.histories import JOHN

VOCABULARIES = (
    p.DocumentKind,
    p.CheckOutcome,
    p.DocumentForm,
    p.Finding,
    Grade,
    Direction,
    DepartureCode,
    Archetype,
    Measure,
    Order,
    Leftover,
    AfterNoPlace,
)
OF_ANYBODY = ("enquiry", "code", "archetype", "order", "funnel", "results", "rules", "problem")
CHINESE = [each.value for each in Correspondence if each is not Correspondence.ENGLISH]
PUBLIC = ("results.html", "result.html", "rules.html", "ruleset.html")
OF_APPLICANTS = (
    "status.html",
    "documents.html",
    "parts.html",
    "layout.html",
    "enquiry.html",
    "code.html",
    "problem_of_anybody.html",
    *PUBLIC,
)
"""The templates of the pages that applicants read in their own language."""


def named_in(templates: Iterable[str]) -> set[str]:
    """The keys that templates name whole, but for the listing of documents, which is staff's."""
    folder = resources.files("services.pages").joinpath("templates")
    texts = (folder.joinpath(each).read_text("utf-8") for each in templates)
    return {key for text in texts for key in re.findall(r'\bt\("([a-z_.-]+[a-z])"', text)}


@pytest.mark.parametrize("language", CHINESE)
def test_what_applicants_read_has_words_in_their_language(language: str) -> None:
    english, entries = load_catalogue().entries, load_catalogue(language).entries
    wanted = named_in(OF_APPLICANTS)
    open_sets = ("stage", "step", "party", "decision", "refusal-class", "document-kind")
    for each in (*open_sets, "voided-because", "lapsed-because", *OF_ANYBODY):
        wanted |= {key for key in english if key.startswith(f"{each}.")}
    wanted |= {f"route.{each}" for each in Route}
    assert wanted - entries.keys() == set()
    assert all(entries.values())
    for key in entries.keys() & english.keys():
        assert set(re.findall(r"{[a-z]+}", entries[key])) <= set(
            re.findall(r"{[a-z]+}", english[key])
        ), key


def test_everything_that_can_happen_has_words() -> None:
    entries = load_catalogue().entries
    wanted = {f"stage.{each}.{part}" for each in Stage for part in ("label", "tells")}
    wanted |= {f"event.{wire.name}" for wire in WIRE.values()}
    wanted |= {f"command.{slug(each.__name__)}.title" for each in get_args(c.CaseCommand)}
    wanted |= {f"command.{name}.{part}" for name in desk.COMMANDS for part in ("title", "does")}
    wanted |= {f"whose.{each}" for each in Whose}
    wanted |= {
        f"field.{field.name}" for each in desk.COMMANDS.values() for field in inputs_of(each)
    }
    wanted |= {f"field.{field.name}" for each in COMMANDS.values() for field in inputs_of(each)}
    wanted |= {f"field.{field.name}" for field in inputs_of(q.OpenExercise)}
    wanted |= {f"field.{field.name}" for act in ACTS for field in inputs_of(act.command)}
    wanted |= {
        f"{slug(vocabulary.__name__)}.{word}"
        for vocabulary in (MoveCode, OverrideCode, StopCause, *VOCABULARIES)
        for word in vocabulary
    }
    wanted |= {f"route.{each}" for each in Route} | {f"channel.{each}" for each in Channel}
    wanted |= {f"refusal-class.{each}" for each in RefusalClass}
    wanted |= {f"exercise.{each}" for each in ExerciseStage}
    wanted |= {f"funnel.{each}" for each in FIGURES}
    wanted |= {f"step.{each.step}" for each in (*AWAITED.values(), DOCUMENTS_AWAITED)}
    assert wanted <= entries.keys()
    assert all(entries.values())


def test_every_key_that_a_template_names_has_words() -> None:
    templates = resources.files("services.pages").joinpath("templates")
    named = named_in(each.name for each in templates.iterdir())
    assert len(named) > 40
    assert named <= load_catalogue().entries.keys()


def test_words_that_are_missing_are_named() -> None:
    with pytest.raises(KeyError, match=r"no words for stage\.lost in en"):
        Catalogue(language="en", entries={})("stage.lost")


def test_an_instant_is_shown_on_hong_kongs_clock() -> None:
    at = datetime(2019, 4, 30, 16, 30, tzinfo=UTC)
    assert shown.clock_time(at) == "1 May 2019, 00:30"
    assert shown.day(at) == "1 May 2019"
    assert shown.clock_time(at, "zh-Hant") == "2019年5月1日 00:30"
    assert shown.second_time(at) == "1 May 2019, 00:30:00"
    assert shown.second_time(at.replace(microsecond=120_000)) == "1 May 2019, 00:30:00.12"
    assert (shown.number(1299), shown.number(None)) == ("1,299", "–")
    assert shown.exact_time(at) == "2019-05-01 00:30:00.000+08:00"


def test_money_is_shown_in_thousands() -> None:
    assert shown.money(1300) == "HK$1,300"


def test_any_dataclass_is_shown_with_labels_and_its_personal_member_is_not() -> None:
    @dataclass(frozen=True)
    class Part:
        name: str
        points: int

    @dataclass(frozen=True)
    class Whole:
        paid_on: date
        fee_hkd: int | None
        agreed: bool
        parts: tuple[Part, ...]
        years: tuple[int, ...]
        personal: str

    whole = Whole(
        paid_on=date(2019, 5, 1),
        fee_hkd=1300,
        agreed=False,
        parts=(Part("age", 30), Part("family", 0)),
        years=(2, 3),
        personal="secret",
    )
    entries = shown.outline(load_catalogue(), whole)
    assert [(each.label, each.text) for each in entries] == [
        ("Paid on", "1 May 2019"),
        ("Fee hkd", "HK$1,300"),
        ("Agreed", "No"),
        ("Parts", ""),
        ("Years", "2, 3"),
    ]
    assert [(each.label, each.text) for each in entries[3].entries] == [
        ("age", "Points: 30"),
        ("family", "Points: 0"),
    ]


def test_what_was_filed_is_shown_in_words() -> None:
    entries = {each.label: each for each in shown.outline(load_catalogue(), JOHN)}
    assert entries["Route"].text == "General Points Test"
    assert entries["Qualifications"].entries[-1].label == "A master's degree"
    languages = [each.text for each in entries["Languages"].entries]
    assert "Spoken: Good; Written: Fair" in languages
    for vocabulary in (Route, Correspondence, Level, Sector, Skill, Relative, AchievementKind):
        for each in vocabulary:
            assert shown.plain(load_catalogue(), each) != each


def test_points_are_a_list_of_factors_with_their_most() -> None:
    scored = ApplicationScored(
        ruleset="gpt-2018",
        digest="sha256:0",
        reference_date=date(2019, 5, 1),
        factors=(
            FactorPoints(
                factor="talent_list",
                points=30,
                max=30,
                awards=(RulePoints(rule="listed", points=30, edition="talent-list-2018"),),
            ),
            FactorPoints(factor="family", points=0, max=20),
        ),
        total=30,
        pass_mark=80,
        personal=None,
    )
    factors = shown.outline(load_catalogue(), scored)[3].entries
    assert [(each.label, each.text) for each in factors] == [
        ("Talent list", "30 of 30 points"),
        ("Family", "0 of 20 points"),
    ]
    award = shown.Entry(label="30 points", text="(list: talent-list-2018)", code="listed")
    assert [each.entries for each in factors] == [(award,), ()]


def test_findings_are_told_with_their_reason_and_what_it_rests_on() -> None:
    @dataclass(frozen=True)
    class Found:
        results: tuple[object, ...]

    found = Found(
        results=(
            PrerequisiteResult(id="age", met=True),
            PrerequisiteFinding(
                id="record",
                met=False,
                reason=as_written("Has one"),
                evidence=("a", "b"),
                source=("S2",),
            ),
            CriterionFinding(
                id="work", met=True, reason=as_written("Works"), evidence=(), source=()
            ),
            Award(
                rule="r",
                points=1,
                reason=as_written("Aged 31"),
                evidence=("born",),
                source=("S4", "S5"),
            ),
            Shortfall(
                rule="s",
                points=5,
                reason=as_written("Needs a spouse"),
                evidence=("family",),
                source=("S4",),
            ),
        )
    )
    (told,) = shown.outline(load_catalogue(), found)
    assert [(each.label, each.text, each.code) for each in told.entries] == [
        ("Age", "Met", ""),
        ("Record", "Not met: Has one (evidence: a, b; source: S2)", ""),
        ("Work", "Met: Works", ""),
        ("1 point", "Aged 31 (evidence: born; source: S4, S5)", "r"),
        ("5 points not given", "Needs a spouse (evidence: family; source: S4)", "s"),
    ]
