"""Cases assessed by criteria, from filing to the pool or the refusal, as everybody sees them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from domain import commands as c
from domain import events as e
from domain import exercise_commands as q
from domain.application import Application
from domain.errors import NothingToSelect
from domain.rules.terms import AfterNoPlace, Archetype, Measure
from domain.stages import Stage
from services import exercises
from services.cases import carry_out, case_at, submit
from services.cli.assess import assess
from services.cli.explain import explain
from services.projections import queries, runner
from services.redrawing import redraw
from services.settings import Settings
from services.wiring import Office
from tests.services.asking import MAY_2019, SUPERVISOR, asked, asked_for, filed_by, together
from tests.services.coming_in import come_in
from tests.services.erasing import erase
from tests.services.exercising import select
from tests.services.filed import PEOPLE
from tests.services.visiting import TO_POOL, Page, Visitor, signed_in

IN_FORCE = datetime(2024, 12, 2, 2, 0, tzinfo=UTC)
HELD = datetime(2024, 12, 20, 2, 0, tzinfo=UTC)
JOHN, EMMA, JACKIE = filed_by("john"), filed_by("emma"), filed_by("jackie")
ONE_LANGUAGE = replace(EMMA, languages=EMMA.languages[1:2])


def _filed(
    office: Office,
    application: Application,
    *commands: c.CaseCommand,
    at: datetime = IN_FORCE,
) -> str:
    """Return the reference of a case that was filed and taken through `commands`."""
    reference = submit(office, c.SubmitApplication(application=application), asked(at=at)).reference
    for command in (*TO_POOL, *commands):
        carry_out(office, reference, command, asked_for(command, at=at))
    runner.catch_up_all(office.store, office.models)
    return reference


def _score(office: Office, reference: str) -> e.ApplicationScored:
    (score,) = [
        each.event
        for each in case_at(office, reference).events
        if isinstance(each.event, e.ApplicationScored)
    ]
    return score


def _open(office: Office, name: str) -> None:
    command = q.OpenExercise(exercise=name, title=name, places=1, shortlist_size=2)
    exercises.open_exercise(office, command, asked(SUPERVISOR, at=HELD))


def test_a_case_of_2024_waits_in_the_pool_with_the_criteria_it_met(office: Office) -> None:
    reference = _filed(office, JOHN)
    score = _score(office, reference)
    assert (score.ruleset, score.total, score.pass_mark) == ("gptq-2024", 10, 6)
    assert score.factors == ()
    assert [each.id for each in score.criteria if not each.met] == ["C11", "C12"]
    assert [each.edition for each in score.criteria[:3]] == [None, "universities-2024", None]
    row = queries.case_row(office.models, reference)
    assert row is not None
    assert (row.stage, row.points, row.ruleset) == (Stage.IN_POOL, 10, "gptq-2024")


def test_the_day_before_the_test_began_points_are_counted(office: Office) -> None:
    last_minute = datetime(2024, 10, 31, 15, 59, tzinfo=UTC)
    score = _score(office, _filed(office, JOHN, at=last_minute))
    assert score.ruleset != "gptq-2024"
    assert score.criteria == ()
    first_minute = datetime(2024, 10, 31, 16, 0, tzinfo=UTC)
    assert _score(office, _filed(office, EMMA, at=first_minute)).ruleset == "gptq-2024"


def test_an_exercise_ranks_points_and_says_how_many_cases_it_left_out(office: Office) -> None:
    by_points = _filed(office, JOHN, at=MAY_2019)
    by_criteria = _filed(office, EMMA)
    achievement = _filed(office, JACKIE)
    _open(office, "mixed")
    exercises.draw_shortlist(office, "mixed", asked(SUPERVISOR, at=HELD))
    again = redraw(office, "mixed")
    assert (again.pool, again.differences) == (2, ())
    stages = [case_at(office, each).stage for each in (by_points, by_criteria, achievement)]
    assert stages == [Stage.SHORTLISTED, Stage.IN_POOL, Stage.SHORTLISTED]
    runner.catch_up_all(office.store, office.models)
    (row,) = queries.exercises(office.models)
    assert (row.pool_size, row.left_out) == (2, 1)
    page = signed_in(office, "supervisor.wong").get("/staff/exercises/mixed")
    assert "1 more waited there that were assessed by criteria" in page.facts["Pool"]


def test_an_exercise_of_criteria_alone_is_refused(office: Office) -> None:
    _filed(office, EMMA)
    with pytest.raises(NothingToSelect, match="assessed by criteria, which are not ranked"):
        _open(office, "none")


def test_an_exercise_by_criteria_takes_all_at_its_threshold_and_ranks_nobody(
    office: Office, settings: Settings
) -> None:
    environment = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }
    by_points = _filed(office, JACKIE, at=MAY_2019)
    met_ten, met_fewer = _filed(office, JOHN), _filed(office, EMMA)
    command = q.OpenExercise(
        exercise="2024-1",
        title="First of the new test",
        archetype=Archetype.FIXED_THRESHOLD,
        measure=Measure.CRITERIA,
        threshold=10,
        after_no_place=AfterNoPlace.IS_REFUSED,
    )
    exercises.open_exercise(office, command, asked(SUPERVISOR, at=HELD))
    exercises.draw_shortlist(office, "2024-1", asked(SUPERVISOR, at=HELD))
    select(office, "2024-1", at=HELD)
    stages = [case_at(office, each).stage for each in (by_points, met_ten, met_fewer)]
    assert stages == [Stage.IN_POOL, Stage.SELECTED, Stage.IN_POOL]
    row = queries.case_row(office.models, met_ten)
    assert row is not None
    assert row.rank is None
    told = CliRunner().invoke(explain, [met_ten], env=environment).output
    assert "exercise 2024-1, not ranked" in told
    again = redraw(office, "2024-1")
    assert (again.pool, again.differences) == (2, ())


def test_five_criteria_are_refused_with_what_they_are_short_of(office: Office) -> None:
    reference = _filed(office, ONE_LANGUAGE, *together(c.ProposeRefusal()))
    page = _enquired(office, reference, ONE_LANGUAGE)
    assert "符合5項準則，須符合6項，尚差1項" in page.text  # Emma writes in Traditional Chinese
    assert "12 項準則中符合 5 項，須符合 6 項方獲考慮。" in page.text
    assert page.facts["C5: 符合"] == "英文的口語及書寫能力良好"
    assert "須再具備1種語言" in page.facts["C4: 不符合"]
    assert "總分" not in page.text


def _enquired(office: Office, reference: str, applicant: Application) -> Page:
    return come_in(Visitor(office), reference, applicant.applicant.date_of_birth)


def test_staff_see_each_criterion_with_its_reason(office: Office) -> None:
    reference = _filed(office, JOHN)
    page = signed_in(office, "officer.chan").get(f"/staff/cases/{reference}")
    assert page.facts["Criteria met"] == "10 (6 needed), under gptq-2024"
    assert "Criteria met: 10 of 12, where 6 are needed" in page.text
    assert "C2 Yes Holds a master's degree from Stanford University" in page.text
    assert "(universities-2024)" in page.text
    assert "C12 No Needs to own 10% of a listed company; owns none" in page.text


def test_of_an_erased_person_the_criteria_stay(office: Office) -> None:
    reference = _filed(office, JOHN)
    erase(office.store, reference)
    page = signed_in(office, "officer.chan").get(f"/staff/cases/{reference}")
    assert "C2 Yes erased (universities-2024)" in page.text
    assert "Stanford" not in page.html


def test_explain_tells_criteria_and_no_points(office: Office, settings: Settings) -> None:
    reference = _filed(office, JOHN)
    environment = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }
    said = CliRunner().invoke(explain, [reference], env=environment).output
    assert "10 of 12 criteria met under gptq-2024; 6 are needed" in said
    abroad = "Worked 7 years 338 days at graduate or specialist level outside the home jurisdiction"
    assert f"    met     C9  {abroad}" in said
    assert "points met" not in said


def test_a_file_is_assessed_by_criteria_line_by_line() -> None:
    options = ["--on", "2024-11-01"]
    said = CliRunner().invoke(assess, [str(PEOPLE / "emma.json"), *options]).output.splitlines()
    assert said[8] == "  Criteria"
    assert said[9] == "    met     C1  Aged 40 [S21 S22 S52]"
    assert said[10].startswith("    not met C2  Needs a master's degree or a doctorate from")
    assert said[10].endswith("[S18 S21 S22 S28 S52; universities-2024]")
    assert said[-3:-1] == ["  6 of 12 met; 6 are needed", "  Eligible"]


def test_too_few_criteria_are_counted_as_criteria() -> None:
    said = CliRunner().invoke(
        assess, [str(PEOPLE / "emma.json"), "--ruleset", "gptq-2024", "--on", "2014-03-01"]
    )
    # In March 2014 Emma had worked for seven and a half years, 883 days of it in Tokyo: C7 lacks.
    assert "    not met C7  Needs 212 days (about 7 months) more at graduate or" in said.output
    assert "  5 of 12 met; 6 are needed" in said.output
    assert "  Not eligible: too few criteria met" in said.output


def test_the_answer_of_a_test_of_criteria_has_its_keys_in_order() -> None:
    options = ["--on", "2024-11-01", "--json"]
    said = json.loads(CliRunner().invoke(assess, [str(PEOPLE / "john.json"), *options]).output)
    keys = "ruleset digest route reference_date prerequisites criteria total pass_mark eligible"
    assert list(said) == keys.split()
    assert list(said["criteria"][0]) == ["id", "met", "reason", "evidence", "source"]
    assert (said["total"], said["pass_mark"], said["eligible"]) == (10, 6, True)
