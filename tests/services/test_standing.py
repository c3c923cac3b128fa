"""A case corrected from the shortlist on: what exercises, pages, the API and explain make of it."""

from dataclasses import replace

import pytest

from domain import commands as c
from domain import exercise_commands as q
from domain.application import Application, Relative
from domain.errors import AssessmentStale, Forbidden, SelectionChanged
from domain.stages import Stage
from domain.standing import SetAssessmentAside, UpholdAssessment
from services import exercises
from services.cases import carry_out, case_at
from services.projections.runner import catch_up_all
from services.redrawing import redraw
from services.wiring import Office
from tests.services.asking import MAY_2019, OFFICER, SUPERVISOR, asked, asked_for, filed_by
from tests.services.exercising import SECOND, confirm, select
from tests.services.visiting import TO_POOL, file_case, signed_in

UPHOLD = UpholdAssessment(reason="The sister was on file already")


@pytest.fixture
def cases(office: Office) -> dict[str, str]:
    """John with 175 points, Emma with 120, both on the shortlist for one place."""
    filed = {name: file_case(office, name, *TO_POOL) for name in ("john", "emma")}
    command = q.OpenExercise(exercise="first", title="First", places=1)
    exercises.open_exercise(office, command, asked(SUPERVISOR))
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR))
    return filed


def with_a_sister(name: str) -> Application:
    filed = filed_by(name)
    family = replace(filed.family, permanent_resident_relative=Relative.SIBLING)
    return replace(filed, family=family)


def correct(office: Office, reference: str) -> None:
    command = c.CorrectApplication(application=with_a_sister("john"), reason="A sister came up")
    carry_out(office, reference, command, asked_for(command))


def test_a_stale_case_gets_no_place_and_is_assessed_anew(
    office: Office, cases: dict[str, str]
) -> None:
    exercises.propose_selection(office, "first", asked(SUPERVISOR))
    correct(office, cases["john"])
    # What was proposed would have taken John.
    with pytest.raises(SelectionChanged, match=cases["john"]):
        confirm(office, "first", asked(SECOND))
    select(office, "first")
    assert case_at(office, cases["emma"]).stage is Stage.SELECTED
    assert case_at(office, cases["john"]).stage is Stage.ACKNOWLEDGED
    assert redraw(office, "first").differences == ()
    for command in (c.AssessPrerequisites(), c.ScoreApplication()):
        carry_out(office, cases["john"], command, asked_for(command))
    assert case_at(office, cases["john"]).stage is Stage.IN_POOL


def test_an_upheld_case_keeps_its_rank(office: Office, cases: dict[str, str]) -> None:
    correct(office, cases["john"])
    with pytest.raises(Forbidden, match="supervisor"):
        carry_out(office, cases["john"], UPHOLD, asked(OFFICER))
    carry_out(office, cases["john"], UPHOLD, asked(SUPERVISOR))
    select(office, "first")
    assert case_at(office, cases["john"]).stage is Stage.SELECTED


def test_a_selected_case_that_is_stale_is_not_approved_before_somebody_looked(
    office: Office, cases: dict[str, str]
) -> None:
    select(office, "first")
    correct(office, cases["john"])
    with pytest.raises(AssessmentStale, match="a supervisor"):
        carry_out(office, cases["john"], c.ProposeApprovalInPrinciple(), asked(OFFICER))
    aside = SetAssessmentAside(reason="The rank was another")
    carry_out(office, cases["john"], aside, asked(SUPERVISOR))
    assert case_at(office, cases["john"]).stage is Stage.ACKNOWLEDGED


def test_the_page_of_a_case_says_that_its_assessment_is_stale(
    office: Office, cases: dict[str, str]
) -> None:
    path = f"/staff/cases/{cases['john']}"
    correct(office, cases["john"])
    catch_up_all(office.store, office.models)
    page = signed_in(office, SUPERVISOR.name).get(path)
    (banner,) = page.root.all("div", role="status")
    listed = signed_in(office, OFFICER.name).get("/staff?mark=stale").root.one("tbody").text
    assert "assessment stale" in listed
    assert cases["emma"] not in listed
    assert banner.text.startswith("The assessment is stale")
    both = ("uphold-assessment", "set-assessment-aside")
    assert [each for each in page.actions if each.endswith(both)]
    officer = signed_in(office, OFFICER.name).get(path)
    assert not [each for each in officer.actions if each.endswith(both)]
    carry_out(office, cases["john"], UPHOLD, asked(SUPERVISOR, at=MAY_2019))
    catch_up_all(office.store, office.models)
    page = signed_in(office, SUPERVISOR.name).get(path)
    assert not page.root.all("div", role="status")
