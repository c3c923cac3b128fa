"""Why a case is where it is, as the command line tells it."""

from dataclasses import replace
from datetime import date
from uuid import uuid4

import pytest
from click.testing import CliRunner

from domain import commands as c
from domain.application import Correspondence
from domain.events import ApplicationSubmitted
from domain.findings import application_scored
from domain.gradings import Grade
from domain.rules.assess import assess
from domain.rules.choose import named
from domain.rules.reasons import as_written
from services.cases import carry_out, case_at, submit
from services.cli.assess import lines
from services.cli.explain import explain
from services.refiling import withdraw_and_refile
from services.rules import load_rulebook
from services.settings import Settings
from services.store import Commit, NewEvent, StreamWrite
from services.wiring import Office
from tests.services import exercising
from tests.services.asking import SECOND, asked, asked_for, filed_by, on_paper, together
from tests.services.erasing import erase

TO_POOL = (c.AcknowledgeApplication(), c.AssessPrerequisites(), c.ScoreApplication())


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }


def test_a_case_in_the_pool_is_told_with_its_points_and_what_may_follow(
    office: Office, environment: dict[str, str]
) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    for command in TO_POOL:
        carry_out(office, reference, command, asked_for(command))

    said = CliRunner().invoke(explain, [reference], env=environment).output

    assert said.startswith(f"{reference} is in-pool, since 2019-05-01\n")
    assert "175 points under gpt-2018; the pass mark is 80" in said
    assert (
        "+15  Worked 2 years 121 days at graduate or specialist level outside the home jurisdiction"
        in said
    )
    assert "  withdraw-application: applicant, officer, supervisor" in said


@pytest.mark.parametrize(
    ("name", "told"), [("john", "exercise 2024-1, not ranked"), ("jackie", "by achievement")]
)
def test_who_has_no_rank_is_told_by_route(
    office: Office, environment: dict[str, str], name: str, told: str
) -> None:
    reference = submit(office, on_paper(name), asked()).reference
    for command in (*TO_POOL, c.ShortlistCase(exercise="2024-1", rank=None)):
        exercising.carry_out(office, reference, command, asked_for(command))
    assert told in CliRunner().invoke(explain, [reference], env=environment).output


def test_a_grade_is_told(office: Office, environment: dict[str, str]) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    graded = c.GradeCase(exercise="2019-1", grade=Grade.RECOMMENDED, remarks="Well argued")
    for command in (*TO_POOL, c.ShortlistCase(exercise="2019-1", rank=1)):
        exercising.carry_out(office, reference, command, asked_for(command))
    carry_out(office, reference, graded, asked(exercising.PANEL))
    assert (
        "recommended: Well argued"
        in CliRunner().invoke(explain, [reference], env=environment).output
    )


def test_an_erased_case_is_told_by_its_skeleton(
    office: Office, environment: dict[str, str]
) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    for command in TO_POOL:
        carry_out(office, reference, command, asked_for(command))
    erase(office.store, reference)

    said = CliRunner().invoke(explain, [reference], env=environment).output

    assert "175 points under gpt-2018" in said
    assert "Worked" not in said


def test_a_case_that_has_ended_says_so(office: Office, environment: dict[str, str]) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    carry_out(office, reference, c.WithdrawApplication(), asked())
    said = CliRunner().invoke(explain, [reference], env=environment).output
    follows = ("propose-erasure", "propose-contact-change", "place-legal-hold")
    told = "".join(f"  {each}: officer, supervisor\n" for each in follows)
    assert said.endswith(f"What may follow\n{told}")


def test_a_refusal_is_told_in_the_language_asked_for(
    office: Office, environment: dict[str, str]
) -> None:
    john = filed_by("john")
    unfit = replace(john, prerequisites=replace(john.prerequisites, can_support_household=False))
    filed = replace(on_paper("john"), application=unfit)
    reference = submit(office, filed, asked()).reference
    refusal = together(c.ProposeRefusal(reasons=("You may apply again.",)))
    for command in (*TO_POOL[:2], *refusal):
        carry_out(office, reference, command, asked_for(command))

    said = CliRunner().invoke(explain, [reference, "--language", "zh-Hant"], env=environment).output

    support = "未能在不依賴公共援助的情況下負擔本人及受養人的生活和住宿"
    assert f"R1: {support}; You may apply again." in said
    assert f"NOT MET support     {support}" in said


def test_every_assessment_is_made_again(office: Office, environment: dict[str, str]) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    for command in TO_POOL:
        carry_out(office, reference, command, asked_for(command))

    told = CliRunner().invoke(explain, [reference], env=environment)

    assert told.exit_code == 0
    assert "  version 3   prerequisites-assessed   gpt-2018  identical\n" in told.output
    assert "  version 4   application-scored       gpt-2018  identical\n" in told.output


def test_an_erased_assessment_is_held_against_its_ruleset(
    office: Office, environment: dict[str, str]
) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    for command in TO_POOL:
        carry_out(office, reference, command, asked_for(command))
    erase(office.store, reference)

    told = CliRunner().invoke(explain, [reference], env=environment)

    assert told.exit_code == 0
    assert told.output.count("what is left after the erasure agrees with the ruleset") == 2


def test_an_assessment_that_is_not_what_the_rules_give_is_told_and_fails(
    office: Office, environment: dict[str, str]
) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    for command in TO_POOL[:2]:
        carry_out(office, reference, command, asked_for(command))
    found = case_at(office, reference)
    filed = found.events[0].event
    assert isinstance(filed, ApplicationSubmitted)
    assert filed.personal is not None
    ruleset = named(office.rulebook, "gpt-2018")
    score = application_scored(assess(ruleset, filed.personal, date(2019, 5, 1)))
    command_id = uuid4()
    raised = NewEvent(event=replace(score, total=180), effective_at=found.since)
    office.store.append(
        Commit(
            command_id=command_id,
            fingerprint=command_id.bytes,
            writes=(StreamWrite(stream=f"case-{reference}", expected=3, events=(raised,)),),
            actor="officer.chan",
            role="officer",
            command="ScoreApplication",
            causation_id=str(command_id),
            correlation_id="test",
        )
    )

    told = CliRunner().invoke(explain, [reference], env=environment)

    assert told.exit_code == 1
    assert "application-scored       gpt-2018  NOT identical\n" in told.output
    assert "total: recorded 180, made again 175" in told.output


def test_an_award_that_was_recorded_without_its_sources_has_no_empty_brackets() -> None:
    rulebook = load_rulebook()
    found = assess(named(rulebook, "gpt-2018"), filed_by("john"), date(2019, 5, 1))
    first, *others = found.factors
    award = replace(first.awards[0], reason=as_written("Aged 31"), source=())
    recorded = replace(found, factors=(replace(first, awards=(award,)), *others))
    said = list(lines("Assessment", recorded, Correspondence.ENGLISH))
    assert "        +30  Aged 31" in said
    assert not [each for each in said if "[]" in each]


def test_what_is_awaited_is_told_with_who_may_not_decide_it(
    office: Office, environment: dict[str, str]
) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    carry_out(office, reference, c.WithdrawApplication(reason="Moving"), asked())
    carry_out(office, reference, c.ProposeErasure(), asked())

    said = CliRunner().invoke(explain, [reference], env=environment).output

    assert "Moving" in said
    assert "erasure, proposed by officer.chan; another officer decides" in said
    assert "the decision on erasure, of another officer than officer.chan" in said
    assert "confirm-decision: officer, supervisor; another than officer.chan" in said


def test_stops_people_and_links_are_told_in_words(
    office: Office, environment: dict[str, str]
) -> None:
    old = submit(office, on_paper("john"), asked()).reference
    carry_out(office, old, c.HoldCase(reason="Is it forged?"), asked())
    carry_out(office, old, c.RecuseOfficer(reason="A cousin"), asked(SECOND))
    said = CliRunner().invoke(explain, [old], env=environment).output
    assert "nothing is decided until the hold is lifted: Is it forged?" in said
    assert "the end of the hold by officer.chan, of any officer" in said
    assert "supervisor.lee takes no further part: A cousin" in said
    assert "lift-hold: officer, supervisor; another than supervisor.lee" in said
    new = withdraw_and_refile(office, old, on_paper("john"), asked()).reference
    assert f"filed anew as {new}" in CliRunner().invoke(explain, [old], env=environment).output
    assert f"in place of {old}" in CliRunner().invoke(explain, [new], env=environment).output
