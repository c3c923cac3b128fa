"""A request for data from its day in the list to its answer: letters, reminders, page, explain."""

from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from domain import commands as cc
from domain import papers as p
from domain import work_commands as c
from domain.access import Person
from domain.data_access import AccessChannel, AccessGround, AccessOutcome
from domain.days import hong_kong_date, written_out
from domain.deadlines import PASSED
from domain.errors import Forbidden, PersonErased
from domain.record import Recorded
from services import deadlines, work
from services.cases import carry_out
from services.cli.explain import explain
from services.notifications.entries import State
from services.notifications.planning import plan
from services.projections.deadlines import days_due
from services.projections.runner import catch_up_all
from services.projections.verify import verify
from services.settings import Settings
from services.wiring import Office
from tests.services.asking import AUDITOR, OFFICER, asked
from tests.services.erasing import erase
from tests.services.seeing import looking
from tests.services.test_deadline_letters import letters
from tests.services.test_pages_work import act
from tests.services.visiting import file_case, signed_in


def came_in(office: Office, days_ago: int = 0) -> c.RecordDataAccessRequest:
    return c.RecordDataAccessRequest(
        received_on=hong_kong_date(office.clock()) - timedelta(days=days_ago),
        channel=AccessChannel.E_MAIL,
        asked_by="John Carter",
        text="Every note on me",
    )


def ask(office: Office, reference: str, command: c.WorkCommand, by: Person = OFFICER) -> None:
    work.carry_out(office, reference, command, asked(by, at=None))
    catch_up_all(office.store, office.models)


def environment(settings: Settings) -> dict[str, str]:
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }


def events(office: Office, reference: str) -> list[Recorded[object]]:
    return office.store.read_stream(f"work-{reference}")


def effects(office: Office) -> list[tuple[str, str]]:
    plan(office)
    rows = sorted(
        office.ledger.rows(looking()), key=lambda each: (each.position, each.effect, each.party)
    )
    return [(each.effect, each.party) for each in rows]


def test_a_request_is_possible_after_the_case_has_ended(office: Office) -> None:
    reference = file_case(office, "john")
    carry_out(office, reference, cc.WithdrawApplication(), asked(at=None))
    ask(office, reference, came_in(office))
    with office.models.reads.connect() as connection:
        due = days_due(connection, [reference])[reference]
    assert (due.on - hong_kong_date(office.clock())).days == 40
    assert verify(office.store, office.models, "deadlines") == ()


def test_the_person_is_told_of_the_request_and_of_its_answer(office: Office) -> None:
    reference = file_case(office, "john")
    plan(office)
    letters(office)
    ask(office, reference, came_in(office))
    plan(office)
    received = letters(office)
    due_on = written_out(hong_kong_date(office.clock()) + timedelta(days=40))
    assert f"We answer it by {due_on}" in " ".join(received["data-access-received"].split())
    answer = c.AnswerDataAccess(
        outcome=AccessOutcome.IN_PART,
        ground=AccessGround.ANOTHER_PERSON,
        reason="A letter of your sponsor is kept back.",
    )
    ask(office, reference, answer)
    plan(office)
    answered = " ".join(letters(office)["data-access-answered"].split())
    for said in ("A part of it is given", "somebody else", "your sponsor", "Commissioner"):
        assert said in answered


def test_the_office_is_reminded_once_of_each_day_and_the_applicant_never(office: Office) -> None:
    reference = file_case(office, "john")
    ask(office, reference, c.TakeCase())
    ask(office, reference, came_in(office))
    before = effects(office)
    ahead = office.clock()
    for days in range(45):
        deadlines.fire(office, at=ahead + timedelta(days=days))
        assert deadlines.fire(office, at=ahead + timedelta(days=days)) == 0
    told = [getattr(each.event, "days", PASSED) for each in events(office, reference)[2:]]
    assert told == [14, 3, PASSED]
    catch_up_all(office.store, office.models)
    added = effects(office)[len(before) :]
    assert {effect for effect, _ in added} == {"data-access-is-near", "data-access-is-over"}
    assert {party.partition(":")[0] for _, party in added} == {"officer", "supervisor"}
    visitor = signed_in(office, OFFICER.name)
    listed = visitor.get("/staff?mark=overdue").root.one("tbody").all("tr")
    assert ["answer to a request for data" in row.text for row in listed] == [True]


def test_two_days_of_one_case_are_told_in_one_look(office: Office) -> None:
    reference = file_case(office, "john")
    due_on = hong_kong_date(office.clock()) + timedelta(days=40)
    wanted = p.RequestDocuments(kinds=(p.DocumentKind.WORK,), due_on=due_on)
    carry_out(office, reference, wanted, asked(at=None))
    ask(office, reference, came_in(office))
    assert deadlines.fire(office, at=office.clock() + timedelta(days=38)) == 2
    assert deadlines.fire(office, at=office.clock() + timedelta(days=38)) == 0


def test_the_page_and_explain_say_what_is_due_of_whom(office: Office, settings: Settings) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, OFFICER.name)
    received = came_in(office, days_ago=50)
    page = act(
        visitor,
        reference,
        "record-data-access-request",
        received_on=received.received_on.isoformat(),
        channel="letter",
        asked_by="John Carter",
        text="Every note on me",
    )
    due_on = written_out(received.received_on + timedelta(days=40))
    assert f"was due by {due_on}" in page.facts["Due"]
    assert "of the office" in page.facts["Due"]
    assert "By John Carter: Every note on me" in page.facts["Data asked for"]
    said = CliRunner().invoke(explain, [reference], env=environment(settings)).output
    assert f"  data-access by {due_on}, of the office" in said
    assert said.partition("Due\n")[2].splitlines()[0].endswith("; over")
    page = act(visitor, reference, "answer-data-access", outcome="refused")
    assert page.status == 422
    assert "name the ground" in page.problems[0]
    page = act(visitor, reference, "answer-data-access", outcome="in-full")
    assert "Due" not in page.facts


def test_a_wrong_day_is_said_at_its_field(office: Office) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, OFFICER.name)
    typed = {"channel": "letter", "asked_by": "John", "text": "All"}
    slug = "record-data-access-request"
    page = act(visitor, reference, slug, received_on="1 May", **typed)
    assert page.problems == ["Day on which it reached the office: Enter a date such as 2019-05-01"]
    tomorrow = hong_kong_date(office.clock()) + timedelta(days=2)
    page = act(visitor, reference, slug, received_on=tomorrow.isoformat(), **typed)
    assert (page.status, "is after today" in page.problems[0]) == (422, True)
    page = act(visitor, reference, slug, received_on=date(1990, 1, 1).isoformat(), **typed)
    assert (page.status, "1 January 1990" in page.problems[0]) == (422, True)


def test_who_only_reads_records_nothing(office: Office) -> None:
    reference = file_case(office, "john")
    with pytest.raises(Forbidden):
        ask(office, reference, came_in(office), AUDITOR)


def test_an_erasure_ends_the_request_wherever_it_is_shown(
    office: Office, settings: Settings
) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, OFFICER.name)
    ask(office, reference, c.TakeCase())
    ask(office, reference, came_in(office))
    at = f"/staff/cases/{reference}"
    answer, record = f"{at}/work/answer-data-access", f"{at}/work/record-data-access-request"
    page = visitor.get(at)
    assert {"Due", "Data asked for"} <= page.facts.keys()
    assert (answer in page.actions, record in page.actions) == (True, False)
    erase(office.store, reference)
    catch_up_all(office.store, office.models)
    page = visitor.get(at)
    assert page.facts.keys().isdisjoint({"Due", "Data asked for"})
    assert (answer in page.actions, record in page.actions) == (False, False)
    assert work.work_at(office, reference).access is None
    with office.models.reads.connect() as connection:
        assert days_due(connection, [reference]) == {}
    said = CliRunner().invoke(explain, [reference], env=environment(settings)).output
    assert "data-access" not in said
    for command in (came_in(office), c.AnswerDataAccess(outcome=AccessOutcome.IN_FULL)):
        with pytest.raises(PersonErased):
            ask(office, reference, command)
    assert deadlines.fire(office, at=office.clock() + timedelta(days=41)) == 0


def test_the_work_on_a_case_is_read_as_it_is_at_one_moment(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = file_case(office, "john")
    ask(office, reference, came_in(office))
    before, erased = office.store.read_streams, []

    def erased_right_after(*given: Any, **more: Any) -> Any:
        found = before(*given, **more)
        if not erased:
            erased.append(reference)
            erase(office.store, reference)
        return found

    monkeypatch.setattr(office.store, "read_streams", erased_right_after)
    found = work.work_at(office, reference)
    assert found.access is not None
    assert (found.access.personal is not None, erased) == (True, [reference])
    assert work.work_at(office, reference).access is None


@pytest.mark.parametrize("ending", [c.AnswerDataAccess(outcome=AccessOutcome.IN_FULL), None])
def test_no_reminder_is_mailed_once_the_request_has_ended(
    office: Office, ending: c.WorkCommand | None
) -> None:
    reference = file_case(office, "john")
    ask(office, reference, c.TakeCase())
    ask(office, reference, came_in(office))
    plan(office)
    assert deadlines.fire(office, at=office.clock() + timedelta(days=39)) == 1
    # Nobody plans meanwhile what is to be mailed.
    if ending is None:
        erase(office.store, reference)
    else:
        ask(office, reference, ending)
    plan(office)
    rows = [each for each in office.ledger.rows(looking()) if each.effect == "data-access-is-near"]
    assert [each.state for each in rows] == [State.WITHHELD] * len(rows)
    assert rows


def test_nothing_of_who_asked_is_left_once_the_person_is_erased(office: Office) -> None:
    reference = file_case(office, "john")
    ask(office, reference, came_in(office))
    erase(office.store, reference)
    (recorded,) = events(office, reference)
    assert getattr(recorded.event, "personal", "") is None
