"""The auditor's page: every event with all that was recorded, at any moment asked for."""

from datetime import datetime, timedelta

from domain import commands as c
from domain.days import HONG_KONG
from domain.work_commands import AddNote, TakeCase
from services import work
from services.cases import carry_out, case_at
from services.wiring import Office
from tests.services.asking import MAY_2019, asked
from tests.services.erasing import erase
from tests.services.visiting import TO_POOL, file_case, signed_in


def test_every_event_is_shown_with_all_that_was_recorded(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    page = signed_in(office, "auditor.ho", "audit").get(f"/audit/cases/{reference}")
    steps = page.root.all("li", **{"class": "step"})
    recorded = case_at(office, reference).events
    assert len(steps) == len(recorded) == 4
    for step, each in zip(steps, recorded, strict=True):
        for told in (each.event_id, each.command_id, each.correlation_id, each.actor, each.command):
            assert told in step.text
        for at in (each.effective_at, each.recorded_at, each.sequenced_at):
            assert at is not None
            assert at.astimezone(HONG_KONG).isoformat(" ", "milliseconds") in step.text
    assert str(getattr(recorded[-1].event, "digest", None)) in steps[-1].text
    assert "application-scored v2" in steps[-1].text


def test_every_assessment_is_made_again_beside_its_event(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    visitor = signed_in(office, "auditor.ho", "audit")
    page = visitor.get(f"/audit/cases/{reference}")
    steps = page.root.all("li", **{"class": "step"})
    again = "Identical: assessed anew from what was filed"
    assert [again in step.text for step in steps] == [False, False, True, True]
    erase(office.store, reference)
    erased = visitor.get(f"/audit/cases/{reference}")
    assert erased.root.text.count("What is left after the erasure agrees with the ruleset") == 2


def test_a_case_is_found_from_the_door_of_the_audit(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "auditor.ho", "audit")
    typed = reference.lower().replace("-", " ")
    page = visitor.get("/audit", query_string={"reference": typed})
    assert page.path == f"/audit/cases/{reference}"


def test_a_reference_that_is_none_is_told_beside_its_field(office: Office) -> None:
    visitor = signed_in(office, "auditor.ho", "audit")
    page = visitor.get("/audit?reference=QM-1")
    assert (page.status, len(page.problems)) == (422, 1)
    assert visitor.get("/audit?reference=").problems == ["Enter a case reference"]


def test_an_unknown_case_is_not_found(office: Office) -> None:
    visitor = signed_in(office, "auditor.ho", "audit")
    assert visitor.get("/audit/cases/QM-AQP2Y-Q46AS").status == 404
    assert visitor.get("/audit/cases/nonsense").status == 404


def test_as_of_leaves_out_what_had_not_taken_effect(office: Office) -> None:
    reference = file_case(office)
    later = MAY_2019 + timedelta(days=2)
    carry_out(office, reference, c.AcknowledgeApplication(), asked(at=later))
    visitor = signed_in(office, "auditor.ho", "audit")
    path = f"/audit/cases/{reference}"
    assert visitor.get(path).heading == "Acknowledged, version 2"
    assert visitor.get(path, query_string={"as_of": "2019-05-03T09:59"}).heading == (
        "Received, version 1"
    )
    assert visitor.get(path, query_string={"as_of": "2019-05-03T10:00"}).heading == (
        "Acknowledged, version 2"
    )


def test_a_day_is_looked_back_at_from_its_end_in_hong_kong(office: Office) -> None:
    reference = file_case(office)
    last = datetime(2019, 5, 3, 23, 59, 59, 999_999, tzinfo=HONG_KONG)
    carry_out(office, reference, c.AcknowledgeApplication(), asked(at=last))
    visitor = signed_in(office, "auditor.ho", "audit")
    path = f"/audit/cases/{reference}"
    assert visitor.get(f"{path}?as_of=2019-05-02").heading == "Received, version 1"
    assert visitor.get(f"{path}?as_of=2019-05-03").heading == "Acknowledged, version 2"
    assert visitor.get(f"{path}?believed_at=9999-12-31").heading == "Acknowledged, version 2"
    assert visitor.get(f"{path}?believed_at=2019-05-03").status == 422


def test_believed_at_leaves_out_what_was_not_visible_yet(office: Office) -> None:
    reference = file_case(office)
    office.store.sequence()
    between = case_at(office, reference).events[-1].sequenced_at
    carry_out(office, reference, c.AcknowledgeApplication(), asked())
    office.store.sequence()
    assert between is not None
    visitor = signed_in(office, "auditor.ho", "audit")
    asked_for = {"believed_at": between.isoformat(), "as_of": ""}
    page = visitor.get(f"/audit/cases/{reference}", query_string=asked_for)
    assert page.heading == "Received, version 1"


def test_a_moment_before_the_case_is_told_as_such(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "auditor.ho", "audit")
    page = visitor.get(f"/audit/cases/{reference}?as_of=2018-01-01")
    assert page.status == 422
    assert "at that time" in page.problems[0]


def test_a_moment_that_is_none_is_told_beside_its_field(office: Office) -> None:
    reference = file_case(office)
    visitor = signed_in(office, "auditor.ho", "audit")
    for moment in ("soon", "2019-13-01", "0001-01-01T00:00+23:59", "9999-12-31T23:59-12:00"):
        page = visitor.get(f"/audit/cases/{reference}", query_string={"believed_at": moment})
        assert page.status == 422, moment
        assert page.root.one("div", role="alert").one("a").given["href"] == "#believed_at"


def test_what_was_erased_is_told_as_erased(office: Office) -> None:
    reference = file_case(office)
    erase(office.store, reference)
    page = signed_in(office, "auditor.ho", "audit").get(f"/audit/cases/{reference}")
    assert "What concerned the person was erased." in page.text
    assert "Carter" not in page.html


def test_the_work_of_the_office_stands_apart_from_the_case(office: Office) -> None:
    reference = file_case(office, "john")
    work.carry_out(office, reference, TakeCase(), asked(at=None))
    work.carry_out(office, reference, AddNote(text="His wife is ill"), asked(at=None))
    path = f"/audit/cases/{reference}"
    visitor = signed_in(office, "auditor.ho", "audit")
    own, other = visitor.get(path).root.all("ol", **{"class": "steps"})
    assert [each.one("h2").text for each in own.all("li")] == ["Application submitted"]
    assert [each.one("h3").text for each in other.all("li")] == ["Taken", "Note added"]
    assert "His wife is ill" in other.text
    assert "work-" not in own.text
    # Before it was done, nothing of it is shown.
    assert len(visitor.get(f"{path}?as_of=2019-05-01").root.all("ol", **{"class": "steps"})) == 1
    erase(office.store, reference)
    erased = visitor.get(path).root.all("ol", **{"class": "steps"})[1]
    assert "His wife is ill" not in erased.text
    assert "What concerned the person was erased." in erased.text
