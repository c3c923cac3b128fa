"""A recorded assessment made again is identical, and each thing that is not is named."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import pytest

from domain import commands as c
from domain import events as e
from domain.application import Application
from domain.days import hong_kong_date
from domain.findings import application_scored, prerequisites_assessed
from domain.overrides import OverrideApplied, OverrideCode
from domain.record import Recorded
from domain.rederivation import Assessed, Extent, Rederived, rederive, rederived
from domain.rules.assess import assess
from domain.rules.choose import known, named
from domain.stages import InPool
from domain.upcasts import UPCASTS
from domain.wire import WIRE
from tests.domain.deciding import (
    NOON,
    REFERENCE,
    given,
    real_rulebook,
    with_a_list_known_later,
)
from tests.domain.histories import (
    ACKNOWLEDGED,
    EMMA,
    HISTORIES,
    JACKIE,
    JOHN,
    proposed,
    submitted,
)

RECORDED: Final = Path(__file__).parents[1] / "contract" / "recorded"
PEOPLE: Final = {"john": JOHN, "emma": EMMA, "jackie": JACKIE}
ON: Final = hong_kong_date(NOON)
DENIED: Final = OverrideApplied(
    rule="ten-years-five-senior",
    computed=40,
    decided=0,
    code=OverrideCode.CLAIM_NOT_PROVEN,
    proposed_by="an officer",
    confirmed_by="another officer",
)


def scored(
    filed: Application = EMMA,
    ruleset: str = "gpt-2018",
    overrides: tuple[OverrideApplied, ...] = (),
) -> e.ApplicationScored:
    """Return a score as it is recorded today."""
    decided = {each.rule: each.decided for each in overrides}
    found = assess(named(real_rulebook(), ruleset), filed, ON, decided)
    return application_scored(found, overrides)


def again(event: Assessed, filed: Application | None = EMMA) -> Rederived:
    return rederive(event, filed, real_rulebook(), date(2026, 11, 23))


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("kind", [e.PrerequisitesAssessed, e.ApplicationScored])
def test_what_was_recorded_when_reasons_were_prose_is_made_again_under_its_own_edition(
    person: str, kind: type[Assessed]
) -> None:
    name = WIRE[kind].name
    old: dict[str, Any] = msgspec.json.decode((RECORDED / f"{person}.{name}.1.json").read_bytes())
    event = cast("Assessed", msgspec.convert(UPCASTS[name, 1](old), kind))

    made = again(event, PEOPLE[person])

    assert (made.extent, made.differences) == (Extent.WHOLE, ())
    # It was recorded under the first edition, which has been corrected since.
    assert event.digest != named(real_rulebook(), event.ruleset).digest


@pytest.mark.parametrize("ruleset", ["gpt-2006", "gpt-2008", "gpt-2015", "gpt-2023", "gptq-2024"])
def test_a_score_of_today_is_made_again_under_every_test(ruleset: str) -> None:
    made = again(scored(ruleset=ruleset))
    assert (made.identical, made.extent, made.ruleset) == (True, Extent.WHOLE, ruleset)


def test_prerequisites_are_made_again() -> None:
    event = prerequisites_assessed(assess(named(real_rulebook(), "gpt-2018"), EMMA, ON))
    assert again(event).identical


def test_prerequisites_that_a_score_found_unmet_are_made_again_with_what_stood() -> None:
    decided = {DENIED.rule: DENIED.decided}
    event = prerequisites_assessed(assess(named(real_rulebook(), "gpt-2018"), EMMA, ON, decided))
    assert event.personal is not None
    assert event.personal.overrides != ()
    assert again(event).differences == ()


def test_an_override_is_made_again_as_it_was_decided() -> None:
    event = scored(overrides=(DENIED,))
    assert event.total == 110
    assert again(event).identical


def test_an_override_of_points_that_the_test_does_not_give_is_named() -> None:
    event = scored(overrides=(DENIED,))
    made = again(replace(event, overrides=(replace(DENIED, computed=0),)))
    assert made.differences == ("overrides[0].computed: recorded 0, made again 40",)


def test_a_skeleton_with_an_override_that_cannot_be_is_named() -> None:
    event = replace(scored(overrides=(DENIED,)), personal=None)
    assert again(event, None).identical
    made = again(replace(event, overrides=(replace(DENIED, computed=41),)), None)
    assert made.differences == ("overrides[0]: ten-years-five-senior cannot give 41 points",)


def test_points_that_were_not_computed_so_are_named() -> None:
    event = scored()
    factors = (replace(event.factors[0], points=25), *event.factors[1:])
    made = again(replace(event, factors=factors, total=115))
    assert made.differences == (
        "factors[0].points: recorded 25, made again 30",
        "total: recorded 115, made again 120",
    )
    assert not made.identical


def test_an_application_that_is_not_the_one_assessed_is_seen() -> None:
    poorer = replace(EMMA, employment=EMMA.employment[:1])
    assert "total: recorded 120, made again 80" in again(scored(), poorer).differences


def test_a_fact_of_a_reason_that_differs_is_named() -> None:
    event = scored()
    assert event.personal is not None
    factor = event.personal.factors[0]
    award = factor.awards[0]
    changed = replace(award, reason=replace(award.reason, facts={"age": 35}))
    factors = (replace(factor, awards=(changed,)), *event.personal.factors[1:])
    made = again(replace(event, personal=replace(event.personal, factors=factors)))
    assert made.differences == (
        "personal.factors[0].awards[0].reason.facts: recorded {'age': 35}, made again {'age': 34}",
    )


def test_a_digest_that_is_not_loaded_is_said() -> None:
    made = again(replace(scored(), digest="sha256:0"))
    assert made.extent is Extent.NOTHING
    assert made.differences == ("no edition of gpt-2018 has the digest sha256:0",)
    assert not made.identical


def test_a_list_that_became_known_later_changes_nothing_recorded_before() -> None:
    book = with_a_list_known_later(EMMA.applicant.nationality)
    (ruleset,) = (each for each in known(book, ON) if each.id == "gpt-2018")
    event = prerequisites_assessed(assess(ruleset, EMMA, ON))

    assert rederive(event, EMMA, book, ON).identical
    assert not rederive(event, EMMA, book, date(2025, 1, 1)).identical


def test_of_an_erased_person_the_skeleton_is_held_against_the_ruleset() -> None:
    made = again(replace(scored(), personal=None), None)
    assert (made.extent, made.identical) == (Extent.SKELETON, True)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"pass_mark": 70}, "pass_mark: recorded 70, by the ruleset 80"),
        ({"total": 121}, "total: recorded 121, by the ruleset 120"),
        ({"factors": ()}, "factors: recorded {}, by the ruleset {'age': 30"),
    ],
)
def test_a_skeleton_that_the_ruleset_does_not_bear_out_is_named(
    change: dict[str, Any], named: str
) -> None:
    made = again(replace(scored(), personal=None, **change), None)
    assert any(each.startswith(named) for each in made.differences), made.differences


def test_a_skeleton_with_points_that_a_rule_cannot_give_is_named() -> None:
    event = replace(scored(), personal=None)
    award = replace(event.factors[0].awards[0], points=31)
    factors = (replace(event.factors[0], points=31, awards=(award,)), *event.factors[1:])
    made = again(replace(event, factors=factors, total=121), None)
    assert "factors[0]: age-18-39 cannot give 31 points" in made.differences


def test_a_skeleton_of_criteria_is_counted_again() -> None:
    event = replace(scored(ruleset="gptq-2024"), personal=None)
    assert again(event, None).identical
    miscounted = again(replace(event, total=7), None)
    assert miscounted.differences == ("total: recorded 7, by the ruleset 6",)


def test_what_was_dated_back_is_made_again_with_the_lists_of_the_day_it_is_dated() -> None:
    book = with_a_list_known_later(EMMA.applicant.nationality)
    case = given(submitted(EMMA), ACKNOWLEDGED).under(book)
    (found,) = case.when(c.AssessPrerequisites()).facts
    history = [dated_back(1, submitted(EMMA)), dated_back(2, found)]
    ((_, made),) = rederived(history, book)
    assert (made.extent, made.differences) == (Extent.WHOLE, ())


def test_an_override_dated_back_reads_the_lists_of_the_day_it_is_dated() -> None:
    book = with_a_list_known_later(EMMA.applicant.nationality)
    first = (submitted(EMMA), ACKNOWLEDGED, *HISTORIES[InPool][2:], proposed())
    _, score = given(*first).under(book).when(c.ConfirmOverride(rule="resident-relative")).facts
    history = [dated_back(1, submitted(EMMA)), dated_back(2, score)]
    ((_, made),) = rederived(history, book)
    assert (made.extent, made.differences) == (Extent.WHOLE, ())


def dated_back(version: int, event: e.CaseEvent) -> Recorded[e.CaseEvent]:
    """Return an event that took effect at noon and was keyed seven years later."""
    return Recorded(
        event_id=f"event-{version}",
        stream=f"case-{REFERENCE}",
        version=version,
        event=event,
        effective_at=NOON,
        recorded_at=datetime(2026, 11, 23, tzinfo=UTC),
        actor="officer-1",
        role="officer",
        command="",
        command_id="",
        causation_id="",
        correlation_id="",
    )
