"""The work on a case, carried out: in a stream of its own, once, and on what was looked at."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from domain import commands as cc
from domain import work_commands as c
from domain.access import Person, Role
from domain.application import Route
from domain.errors import (
    Forbidden,
    HeldByAnother,
    NoSuchCase,
    NoSuchOfficer,
    NothingWaits,
    NotTheHolder,
    RecusedFromCase,
)
from domain.looks import What
from domain.stages import Stage
from domain.work import Held, Unheld
from domain.work_events import CaseReleased, NoteAdded, NoteSuperseded, NoteText
from services import cases, work
from services.counts import Count
from services.projections import queue
from services.projections.runner import catch_up, catch_up_all
from services.store import CommandReused, Conflict, KeyDestroyed
from services.wiring import Office
from tests.services.asking import (
    APPLICANT,
    AUDITOR,
    MAY_2019,
    OFFICER,
    SUPERVISOR,
    asked,
    filed_by,
    on_paper,
)
from tests.services.erasing import erase
from tests.services.issuing import Issuer, provided
from tests.services.seeing import looking

LEE = Person(name="officer.lee", role=Role.OFFICER)
NOWHERE = "http://127.0.0.1:9"


def file_one(office: Office, number: int, name: str = "john", *steps: cc.CaseCommand) -> str:
    """Return the reference of the case of somebody else for each number."""
    filed = filed_by(name)
    document = replace(filed.applicant.travel_document, number=f"W{number:07}")
    applicant = replace(filed.applicant, travel_document=document)
    command = replace(on_paper(name), application=replace(filed, applicant=applicant))
    at = MAY_2019 - timedelta(minutes=60 - number)
    reference = cases.submit(office, command, asked(at=at)).reference
    for step in steps:
        cases.carry_out(office, reference, step, asked(at=at))
    return reference


def ask(office: Office, reference: str, command: c.WorkCommand, by: Person = OFFICER) -> None:
    work.carry_out(office, reference, command, asked(by, at=None))


def take_next(office: Office, by: Person = OFFICER, **wanted: object) -> str:
    found = work.take_next(office, c.TakeNext(**wanted), asked(by, at=None))  # type: ignore[arg-type]  # whatever a test wants
    assert found.holder == by.name
    return found.reference


def test_work_leaves_the_case_at_its_version(office: Office) -> None:
    reference = file_one(office, 1)
    before = cases.case_at(office, reference)
    ask(office, reference, c.TakeCase())
    ask(office, reference, c.AddNote(text="Ask for the diploma"))
    after = cases.case_at(office, reference)
    assert (after.version, after.events) == (before.version, before.events)
    found = work.work_at(office, reference)
    assert (found.version, len(found.events)) == (2, 2)
    assert isinstance(found.state, Held)
    # So what was decided on by somebody who saw version 1 is still carried out.
    acknowledge = cc.AcknowledgeApplication()
    cases.carry_out(office, reference, acknowledge, asked(expected=before.version))


def test_a_command_is_carried_out_once(office: Office) -> None:
    reference = file_one(office, 1)
    request = asked(at=None)
    first = work.carry_out(office, reference, c.AddNote(text="Seen"), request)
    ask(office, reference, c.TakeCase(), LEE)
    again = work.carry_out(office, reference.lower(), c.AddNote(text="Seen"), request)
    assert again == replace(first, repeated=True)
    assert work.work_at(office, reference).version == 2
    with pytest.raises(CommandReused):
        work.carry_out(office, reference, c.AddNote(text="Not seen"), request)


def test_the_same_id_for_a_case_and_for_its_work_is_refused(office: Office) -> None:
    reference = file_one(office, 1)
    request = asked(at=None)
    work.carry_out(office, reference, c.TakeCase(), request)
    with pytest.raises(CommandReused):
        cases.carry_out(office, reference, cc.AcknowledgeApplication(), request)


def test_who_saw_another_version_is_told_so(office: Office) -> None:
    reference = file_one(office, 1)
    ask(office, reference, c.TakeCase(), LEE)
    ask(office, reference, c.ReleaseCase(), LEE)
    with pytest.raises(Conflict) as stale:
        work.carry_out(office, reference, c.TakeCase(), asked(at=None, expected=0))
    assert (stale.value.expected, stale.value.actual) == (0, 2)
    work.carry_out(office, reference, c.TakeCase(), asked(at=None, expected=2))


def test_notes_written_at_once_are_all_there(office: Office) -> None:
    reference = file_one(office, 1)
    texts = [f"note of thread {number}" for number in range(12)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda text: ask(office, reference, c.AddNote(text=text)), texts))
    noted = [each.event for each in work.work_at(office, reference).events]
    assert [each.note for each in noted if isinstance(each, NoteAdded)] == list(range(1, 13))
    said = [each.personal.text for each in noted if isinstance(each, NoteAdded) and each.personal]
    assert sorted(said) == sorted(texts)


def test_a_corrected_note_can_still_be_read(office: Office) -> None:
    reference = file_one(office, 1)
    ask(office, reference, c.AddNote(text="Born in 1980"))
    ask(office, reference, c.SupersedeNote(note=1, text="Born in 1981"), LEE)
    first, second = (each.event for each in work.work_at(office, reference).events)
    assert first == NoteAdded(note=1, author=OFFICER.name, personal=NoteText(text="Born in 1980"))
    assert second == NoteSuperseded(
        note=2, supersedes=1, author=LEE.name, personal=NoteText(text="Born in 1981")
    )


def test_erasing_the_person_leaves_who_noted_and_not_what(office: Office) -> None:
    reference = file_one(office, 1)
    ask(office, reference, c.TakeCase())
    ask(office, reference, c.AddNote(text="His wife is ill"))
    erase(office.store, reference)
    _, noted = (each.event for each in work.work_at(office, reference).events)
    assert noted == NoteAdded(note=1, author=OFFICER.name, personal=None)
    with pytest.raises(KeyDestroyed):
        ask(office, reference, c.AddNote(text="More"))
    ask(office, reference, c.ReleaseCase())


def test_a_case_that_there_is_not_is_named(office: Office) -> None:
    for reference in ("QM-4K7RT-9XWPR", "nonsense"):
        with pytest.raises(NoSuchCase):
            ask(office, reference, c.AddNote(text="Lost"))
        with pytest.raises(NoSuchCase):
            work.work_at(office, reference)


def test_a_case_is_given_to_people_of_the_office_only(office: Office) -> None:
    reference = file_one(office, 1)
    for name in ("officer.chung", AUDITOR.name, "service.intake"):
        with pytest.raises(NoSuchOfficer, match=r"officer\.chan, officer\.lee"):
            ask(office, reference, c.AssignCase(officer=name), SUPERVISOR)
    ask(office, reference, c.AssignCase(officer=LEE.name), SUPERVISOR)


@pytest.mark.parametrize("person", [APPLICANT, AUDITOR])
def test_only_officers_work_on_cases(office: Office, person: Person) -> None:
    reference = file_one(office, 1)
    for command in (c.TakeCase(), c.AddNote(text="Seen"), c.AssignCase(officer=LEE.name)):
        with pytest.raises(Forbidden):
            ask(office, reference, command, person)
    with pytest.raises(Forbidden):
        take_next(office, person)


def test_assigning_is_for_supervisors(office: Office) -> None:
    reference = file_one(office, 1)
    with pytest.raises(Forbidden):
        ask(office, reference, c.AssignCase(officer=LEE.name))
    ask(office, reference, c.AssignCase(officer=LEE.name), SUPERVISOR)
    with pytest.raises(HeldByAnother):
        ask(office, reference, c.TakeCase())
    with pytest.raises(NotTheHolder):
        ask(office, reference, c.ReleaseCase(), SUPERVISOR)


def test_the_case_that_waits_longest_is_next(office: Office) -> None:
    second, first, third = (file_one(office, minute) for minute in (20, 10, 30))
    assert [take_next(office), take_next(office, LEE), take_next(office)] == [first, second, third]
    with pytest.raises(NothingWaits):
        take_next(office, LEE)
    assert isinstance(work.work_at(office, first).state, Held)


def test_next_is_of_the_stage_and_route_that_are_asked_for(office: Office) -> None:
    john = file_one(office, 1)
    jackie = file_one(office, 2, "jackie")
    emma = file_one(office, 3, "emma", cc.AcknowledgeApplication())
    assert take_next(office, route=Route.ACHIEVEMENT) == jackie
    assert take_next(office, stage=Stage.ACKNOWLEDGED) == emma
    for nothing in ({"route": Route.ACHIEVEMENT}, {"stage": Stage.REFUSED}):
        with pytest.raises(NothingWaits):
            take_next(office, **nothing)
    assert take_next(office) == john


def test_what_waits_for_others_than_officers_is_next_only_if_asked_for(office: Office) -> None:
    to_pool = (cc.AcknowledgeApplication(), cc.AssessPrerequisites(), cc.ScoreApplication())
    in_pool = file_one(office, 1, "john", *to_pool)
    file_one(office, 2, "emma", cc.WithdrawApplication())
    with pytest.raises(NothingWaits):
        take_next(office)
    assert take_next(office, stage=Stage.IN_POOL) == in_pool


def test_a_held_case_is_nobodys_next_until_it_is_released(office: Office) -> None:
    held, other = file_one(office, 1), file_one(office, 2)
    hold = cc.HoldCase(reason="Is it forged?")
    cases.carry_out(office, held, hold, asked(at=None))
    catch_up_all(office.store, office.models)
    assert queue.waiting(office.models, (Stage.SUBMITTED,)).number == 1
    assert queue.waiting(office.models, (Stage.SUBMITTED,), on_hold=True).number == 1
    assert take_next(office) == other
    with pytest.raises(NothingWaits):
        take_next(office, stage=Stage.SUBMITTED)
    cases.carry_out(office, held, cc.LiftHold(), asked(at=None))
    # The rows do not know of it yet.
    assert take_next(office) == held


def test_a_hold_that_the_rows_do_not_know_of_yet_is_respected(office: Office) -> None:
    held, other = file_one(office, 1), file_one(office, 2)
    catch_up_all(office.store, office.models)
    cases.carry_out(office, held, cc.HoldCase(reason="Is it forged?"), asked(at=None))
    assert take_next(office) == other


def test_next_is_right_with_read_models_that_stand_still(office: Office) -> None:
    first, second, third = (file_one(office, minute) for minute in (1, 2, 3))
    catch_up(office.store, office.models, "case-list")
    # None of these is in the read models: taken by hand, decided, and filed since.
    ask(office, first, c.TakeCase(), LEE)
    cases.carry_out(office, second, cc.WithdrawApplication(), asked())
    fourth = file_one(office, 4)
    assert take_next(office) == third
    assert take_next(office) == fourth
    with pytest.raises(NothingWaits):
        take_next(office)
    ask(office, third, c.ReleaseCase())
    assert take_next(office, LEE) == third


def test_an_officer_who_is_recused_gets_the_case_in_no_way(office: Office) -> None:
    first, second = file_one(office, 1), file_one(office, 2)
    cases.carry_out(office, first, cc.RecuseOfficer(reason="A cousin of mine"), asked(at=None))
    with pytest.raises(RecusedFromCase):
        ask(office, first, c.TakeCase())
    with pytest.raises(RecusedFromCase):
        ask(office, first, c.AssignCase(officer=OFFICER.name), SUPERVISOR)
    assert take_next(office) == second
    with pytest.raises(NothingWaits):
        take_next(office)
    assert take_next(office, LEE) == first
    with pytest.raises(RecusedFromCase):
        ask(office, first, c.HandOverCase(officer=OFFICER.name), LEE)


def test_an_officer_is_one_person_however_their_name_is_typed(office: Office) -> None:
    told = provided(office.settings, Issuer(NOWHERE), QMAS_OIDC_ACCOUNT="preferred_username")
    typed = replace(office, settings=told)
    reference = file_one(typed, 1)
    lee = Person(name="lee@x.example", role=Role.OFFICER)
    given = asked(SUPERVISOR, command_id=uuid4())
    outcome = work.carry_out(typed, reference, c.AssignCase(officer="Lee@X.example"), given)
    assert outcome.holder == lee.name
    again = work.carry_out(typed, reference, c.AssignCase(officer="lee@x.example"), given)
    assert again.repeated
    chan = c.HandOverCase(officer="Chan@X.example")
    assert work.carry_out(typed, reference, chan, asked(lee)).holder == "chan@x.example"
    cases.carry_out(typed, reference, cc.RecuseOfficer(reason="A cousin"), asked(lee))
    with pytest.raises(RecusedFromCase):
        work.carry_out(typed, reference, c.AssignCase(officer="LEE@x.example"), asked(SUPERVISOR))


def test_who_steps_aside_no_longer_has_the_case_from_the_same_commit_on(office: Office) -> None:
    mine, lees = file_one(office, 1), file_one(office, 2)
    ask(office, mine, c.TakeCase())
    ask(office, lees, c.TakeCase(), LEE)
    for reference in (mine, lees):
        version = cases.case_at(office, reference).version
        aside = cc.RecuseOfficer(reason="A cousin of mine")
        told = cases.carry_out(office, reference, aside, asked(at=None, expected=version))
        assert told.version == version + 1
    found = work.work_at(office, mine)
    assert (found.holder, found.events[-1].event) == (None, CaseReleased(officer=OFFICER.name))
    recusal = cases.case_at(office, mine).events[-1]
    assert recusal.correlation_id == found.events[-1].correlation_id
    assert work.work_at(office, lees).holder == LEE.name
    with pytest.raises(RecusedFromCase):
        ask(office, mine, c.AddNote(text="He is reliable"))


def test_the_same_request_for_the_next_case_gives_the_same_case(office: Office) -> None:
    references = [file_one(office, minute) for minute in (1, 2, 3)]
    request = asked(at=None, command_id=uuid4())
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: work.take_next(office, c.TakeNext(), request), range(8)))
    (reference,) = {each.reference for each in found}
    assert reference in references
    assert sum(not each.repeated for each in found) == 1
    assert [work.work_at(office, each).version for each in references].count(1) == 1
    with pytest.raises(CommandReused):
        work.take_next(office, c.TakeNext(route=Route.GENERAL), request)


def test_a_case_that_somebody_is_just_taking_is_not_given_to_another(office: Office) -> None:
    first, second = file_one(office, 1), file_one(office, 2)
    catch_up_all(office.store, office.models)
    wanted = ((Stage.SUBMITTED,), tuple(Route))
    with queue.longest_waiting(office.models, *wanted, ()) as one:
        assert one == first
        assert take_next(office) == second
        # All that is left is being taken, and may not be in the end: so it is not "nothing".
        assert take_next(office, LEE) == first


def test_who_has_what_is_in_the_read_model(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    references = [file_one(office, minute) for minute in (1, 2, 3)]
    for each in references[:2]:
        ask(office, each, c.TakeCase())
    ask(office, references[2], c.AssignCase(officer=LEE.name), SUPERVISOR)
    ask(office, references[0], c.AddNote(text="One"))
    ask(office, references[0], c.SupersedeNote(note=1, text="Two"))
    ask(office, references[1], c.ReturnCase(reason="Reads French"))
    catch_up_all(office.store, office.models)
    (mine,) = queue.held_by(office.models, looking(What.WORK), OFFICER.name)
    assert (mine.work.reference, mine.stage) == (references[0], Stage.SUBMITTED)
    assert (mine.work.notes, mine.work.version, mine.work.returned) == (1, 3, False)
    assert [(each.officer, each.cases) for each in queue.workloads(office.models)] == [
        (OFFICER.name, 1),
        (LEE.name, 1),
    ]
    assert queue.waiting(office.models, tuple(Stage)) == Count(number=1)
    monkeypatch.setattr(queue, "MOST", 1)
    assert queue.waiting(office.models, tuple(Stage)) == Count(number=1, or_more=True)
    assert isinstance(work.work_at(office, references[1]).state, Unheld)
