"""A case moved to another ruleset, as each who deals with it comes to see it."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from domain import commands as c
from domain import exercise_commands as q
from domain.errors import Forbidden
from domain.moves import CaseMovedToRuleset, MoveCode, MoveReason
from domain.rules.rank import ranked
from domain.stages import Stage
from services import exercises
from services.cases import carry_out, case_at
from services.cli.explain import explain
from services.exercise_requests import events_of
from services.pool import pool_at
from services.projections import queries
from services.projections.runner import catch_up_all
from services.redrawing import redraw
from services.settings import Settings
from services.wiring import Office
from tests.services.asking import MAY_2019, OFFICER, SUPERVISOR, asked
from tests.services.coming_in import come_in
from tests.services.erasing import erase
from tests.services.exercising import select
from tests.services.seeing import looking
from tests.services.visiting import TO_POOL, Visitor, file_case, signed_in

TO_2015 = c.MoveToRuleset(
    ruleset="gpt-2015", code=MoveCode.REVIEW_OR_COURT, reason="As the tribunal ordered"
)
AGAIN = (c.AssessPrerequisites(), c.ScoreApplication())


def move(office: Office, reference: str, *then: c.CaseCommand) -> None:
    """Move a case to the rules of 2015, carry out what follows, and show it."""
    carry_out(office, reference, TO_2015, asked(SUPERVISOR))
    for command in then:
        carry_out(office, reference, command, asked())
    catch_up_all(office.store, office.models)


def test_a_moved_case_is_scored_anew_and_its_reason_is_read_back(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    move(office, reference, *AGAIN)
    (row,) = queries.case_list(office.models, looking(), queries.CaseFilter()).rows
    assert (row.stage, row.points, row.ruleset) == (Stage.IN_POOL, 145, "gpt-2015")
    moved = case_at(office, reference).events[4].event
    assert isinstance(moved, CaseMovedToRuleset)
    assert moved.personal == MoveReason(text="As the tribunal ordered")
    erase(office.store, reference)
    erased = case_at(office, reference).events[4].event
    assert erased == replace(moved, personal=None)


def test_an_officer_does_not_move_a_case(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    with pytest.raises(Forbidden, match=r"moving a case to other rules needs the role supervisor"):
        carry_out(office, reference, TO_2015, asked(OFFICER))


def test_a_case_moved_since_the_pool_was_frozen_waits_for_the_next_exercise(
    office: Office,
) -> None:
    references = [file_case(office, name, *TO_POOL) for name in ("john", "emma", "jackie")]
    opening = q.OpenExercise(exercise="first", title="First", places=3, shortlist_size=3)
    exercises.open_exercise(office, opening, asked(SUPERVISOR))
    waiting = pool_at(office, office.store.head(), MAY_2019).members
    assert [each.member.points for each in ranked(waiting)] == [225, 175, 120]

    move(office, references[0], *AGAIN)
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR))
    select(office, "first")

    stages = [case_at(office, each).stage for each in references]
    assert stages == [Stage.IN_POOL, Stage.SELECTED, Stage.SELECTED]
    drawn = events_of(office, "first")[1].event
    assert getattr(drawn, "departed", None) == (references[0],)
    assert redraw(office, "first").differences == ()


def test_a_case_moved_and_not_scored_yet_has_left_the_pool(office: Office) -> None:
    references = [file_case(office, name, *TO_POOL) for name in ("john", "emma")]
    opening = q.OpenExercise(exercise="first", title="First", places=2, shortlist_size=2)
    exercises.open_exercise(office, opening, asked(SUPERVISOR))
    move(office, references[0])
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR))
    stages = [case_at(office, each).stage for each in references]
    assert stages == [Stage.ACKNOWLEDGED, Stage.SHORTLISTED]


def test_the_supervisor_moves_a_case_by_its_form(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    action = f"/staff/cases/{reference}/move-to-ruleset"
    visitor = signed_in(office, "supervisor.wong")
    page = visitor.get(f"/staff/cases/{reference}")
    form = page.root.one("form", action=action)
    assert "gpt-2015, gpt-2018" in form.text
    assert "Why, in words that stay with the case" in form.text
    chosen = [each.given["value"] for each in form.one("select").all("option")]
    assert chosen == ["", *(each.value for each in MoveCode)]

    said = {"code": "relief", "reason": "As announced", "effective_at": "2019-05-02T09:00"}
    page = visitor.send(page, action, ruleset="gpt-2015", **said)
    assert "done. The case is now at version 5." in page.text
    assert page.facts["Stage"] == "Acknowledged"
    assert page.facts["Rules"] == "Moved to gpt-2015 from gpt-2018"
    assert "Points" not in page.facts
    assert page.root.all("section", **{"aria-labelledby": "assessment-title"}) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"ruleset": "gpt-2015", "reason": "Why"}, "This is needed; fill it in"),
        ({"ruleset": "gpt-2015", "reason": "Why", "code": "whim"}, "one of transition-policy"),
        ({"ruleset": "gpt-2018", "reason": "Why", "code": "relief"}, "under gpt-2018 already"),
        ({"ruleset": "apt-195", "reason": "Why", "code": "relief"}, "of the achievement route"),
        ({"ruleset": "gpt-1", "reason": "Why", "code": "relief"}, "known: apt-165"),
    ],
)
def test_a_form_that_cannot_be_followed_says_why_and_keeps_what_was_typed(
    office: Office, typed: dict[str, str], said: str
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    action = f"/staff/cases/{reference}/move-to-ruleset"
    visitor = signed_in(office, "supervisor.wong")
    page = visitor.get(f"/staff/cases/{reference}")
    page = visitor.send(page, action, effective_at="2019-05-02T09:00", **typed)
    assert page.status in {409, 422}
    assert said.lower() in page.problems[0].lower()
    assert page.form(action)["ruleset"] == typed["ruleset"]
    assert case_at(office, reference).version == 4


def test_an_officer_is_not_offered_the_form(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    page = signed_in(office, "officer.chan").get(f"/staff/cases/{reference}")
    assert f"/staff/cases/{reference}/move-to-ruleset" not in page.actions


def test_the_applicant_sees_the_rules_now_in_force(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    move(office, reference)
    page = come_in(Visitor(office), reference)
    assert page.heading == "Acknowledged"
    assert page.facts["Rules in force for your application"].endswith("gpt-2015")
    assert "tribunal" not in page.html


def test_the_command_line_tells_the_move_and_no_assessment_of_before_it(
    office: Office, settings: Settings
) -> None:
    environment = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }
    reference = file_case(office, "john", *TO_POOL)
    move(office, reference)
    said = CliRunner().invoke(explain, [reference], env=environment).output
    why = "moved from gpt-2018 to gpt-2015 (review-or-court): As the tribunal ordered"
    assert why in said
    assert "Talent List" not in said
    assert "  move-to-ruleset: supervisor" in said
    carry_out(office, reference, AGAIN[0], asked())
    said = CliRunner().invoke(explain, [reference], env=environment).output
    assert "Assessment: gpt-2015, general route, on 1 May 2019" in said
    erase(office.store, reference)
    said = CliRunner().invoke(explain, [reference], env=environment).output
    assert "moved from gpt-2018 to gpt-2015 (review-or-court): the reason was erased" in said
