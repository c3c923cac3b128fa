"""Applications by one person: found by each other, refused twice, and told to the office only."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid5

import pytest

from domain import commands as c
from domain.access import Person, Role
from domain.application import Application, Channel
from domain.errors import DuplicateApplication
from domain.looks import Door
from domain.work_commands import AddNote
from domain.work_events import CorrectionRefused, DuplicateRefused
from services import work
from services.api.app import create_api
from services.cases import carry_out, case_at, submit
from services.notifications.planning import plan
from services.projections import queries
from services.projections.queries import CaseFilter, Mark
from services.projections.runner import catch_up_all
from services.refiling import withdraw_and_refile
from services.requests import Request
from services.store import NewEvent, StreamWrite
from services.wiring import Office
from tests.services.api.calling import Caller
from tests.services.asking import (
    OFFICER,
    SUPERVISOR,
    asked,
    asked_for,
    filed_by,
    on_paper,
    seen,
    together,
)
from tests.services.seeing import looking, recorded
from tests.services.storing import commit_of
from tests.services.visiting import signed_in

_NAMELESS = Person(name="someone", role=Role.APPLICANT)


def _spelled(number: str, **also: str) -> Application:
    """John again, his passport's number written in another way."""
    john = filed_by("john")
    document = replace(john.applicant.travel_document, number=number)
    return replace(john, applicant=replace(john.applicant, travel_document=document, **also))


def _ended(office: Office) -> str:
    reference = submit(office, on_paper("john"), asked()).reference
    carry_out(office, reference, c.WithdrawApplication(), asked())
    return reference


def _linked(office: Office, reference: str) -> Iterator[str]:
    catch_up_all(office.store, office.models)
    return (each.reference for each in queries.linked(office.models, looking(), reference))


def test_the_other_cases_of_a_person_are_found_however_the_passport_is_written(
    office: Office,
) -> None:
    written = filed_by("john").applicant.travel_document.number
    again = c.SubmitApplication(application=_spelled(f" {written.lower()}-", family_name="Karter"))
    first = _ended(office)
    second = submit(office, again, asked()).reference
    submit(office, on_paper("emma"), asked())
    assert list(_linked(office, first)) == [second]
    assert list(_linked(office, second)) == [first]


def test_a_corrected_passport_leads_to_other_cases(office: Office) -> None:
    first = _ended(office)
    second = submit(office, on_paper("john"), asked()).reference
    typed = c.CorrectApplication(application=_spelled("Z0000001"), reason="Mistyped")
    carry_out(office, second, typed, asked())
    assert list(_linked(office, second)) == []
    assert list(_linked(office, first)) == []


def test_an_erased_person_is_found_by_nothing(office: Office) -> None:
    first = _ended(office)
    second = submit(office, on_paper("john"), asked()).reference
    for command in together(c.ProposeErasure()):
        carry_out(office, first, seen(office, first, command), asked_for(command))
    assert list(_linked(office, first)) == []
    assert list(_linked(office, second)) == []


def test_a_person_is_not_found_by_typing_what_tells_them_apart(office: Office) -> None:
    submit(office, on_paper("john"), asked())
    catch_up_all(office.store, office.models)
    who = filed_by("john").applicant
    for text in (who.travel_document.number, f"{who.travel_document.number} {who.date_of_birth}"):
        wanted = CaseFilter(name=queries.name_tokens(office.models, text))
        assert queries.case_list(office.models, looking(), wanted).rows == ()


def test_the_live_case_tells_of_each_refused_application_once(office: Office) -> None:
    live = submit(office, on_paper("john"), asked()).reference
    work.carry_out(office, live, AddNote(text="Seen"), asked(at=None))
    again = c.SubmitApplication(application=filed_by("john"), channel=Channel.ONLINE)
    request = asked(SUPERVISOR)
    for _ in range(2):
        with pytest.raises(DuplicateApplication, match=live):
            submit(office, again, request)

    (told,) = work.work_at(office, live).duplicates
    assert told.event.channel is Channel.ONLINE
    assert (told.actor, told.version) == (SUPERVISOR.name, 2)
    assert len(case_at(office, live).events) == 1
    catch_up_all(office.store, office.models)
    marked = queries.case_list(office.models, looking(), CaseFilter(mark=Mark.DUPLICATES))
    assert [each.reference for each in marked.rows] == [live]
    with pytest.raises(DuplicateApplication):
        submit(office, again, asked(OFFICER))
    assert len(work.work_at(office, live).duplicates) == 2


def test_other_content_under_the_id_of_a_refused_application_is_refused_in_the_same_way(
    office: Office,
) -> None:
    live = submit(office, on_paper("john"), asked()).reference
    request = asked(SUPERVISOR)
    written = filed_by("john").applicant.travel_document.number
    for name in ("Carter", "Karter"):
        again = c.SubmitApplication(application=_spelled(written, family_name=name))
        with pytest.raises(DuplicateApplication, match=live):
            submit(office, again, request)
    assert len(work.work_at(office, live).duplicates) == 1


def test_one_id_for_two_persons_is_told_beside_the_live_case_of_each(office: Office) -> None:
    request = asked(SUPERVISOR)
    for name in ("john", "emma"):
        live = submit(office, on_paper(name), asked()).reference
        for _ in range(2):
            with pytest.raises(DuplicateApplication, match=live):
                submit(office, on_paper(name), request)
        assert len(work.work_at(office, live).duplicates) == 1, name


def test_nobody_can_take_the_id_under_which_a_live_case_tells_of_another(office: Office) -> None:
    live = submit(office, on_paper("john"), asked()).reference
    request = asked()
    taken = replace(asked(at=None), command_id=uuid5(request.command_id, "duplicate-refused"))
    work.carry_out(office, live, AddNote(text="In its way"), taken)
    with pytest.raises(DuplicateApplication, match=live):
        submit(office, on_paper("john"), request)
    assert len(work.work_at(office, live).duplicates) == 1


def test_applicants_and_services_are_not_told_which_case_it_is(office: Office) -> None:
    live = submit(office, on_paper("john"), asked()).reference
    online = replace(on_paper("john"), channel=Channel.ONLINE)
    for person in (_NAMELESS, Person(name="service.intake", role=Role.SERVICE)):
        with pytest.raises(DuplicateApplication) as refused:
            submit(office, online, asked(person, at=None))
        assert refused.value.live is None
        assert live not in str(refused.value)
    assert recorded(office) == []
    assert len(work.work_at(office, live).duplicates) == 2


def test_refiling_as_somebody_with_a_live_case_is_told_there(office: Office) -> None:
    filed = on_paper("john")
    applicant = filed.application.applicant
    document = replace(applicant.travel_document, number="X7654321")
    renewed = replace(applicant, travel_document=document)
    other = replace(filed, application=replace(filed.application, applicant=renewed))
    john = submit(office, filed, asked()).reference
    live = submit(office, other, asked()).reference
    with pytest.raises(DuplicateApplication, match=live):
        withdraw_and_refile(office, john, other, asked())
    assert len(work.work_at(office, live).duplicates) == 1
    assert work.work_at(office, john).duplicates == ()


def _told_beside(office: Office) -> tuple[str, Callable[[Request], object], str | None]:
    """John has a live case, and who files for him again names it."""
    live = submit(office, on_paper("john"), asked()).reference
    return live, lambda request: submit(office, on_paper("john"), request), None


def _told_by_correcting(
    office: Office,
) -> tuple[str, Callable[[Request], object], str | None]:
    live = submit(office, on_paper("emma"), asked()).reference
    john = submit(office, on_paper("john"), asked()).reference
    who = replace(filed_by("emma").applicant, email=filed_by("john").applicant.email)
    told = replace(filed_by("john"), applicant=who)
    command = c.CorrectApplication(application=told, reason="Mixed up")
    return live, lambda request: carry_out(office, john, command, request), john


def _told_by_refiling(office: Office) -> tuple[str, Callable[[Request], object], str | None]:
    other = c.SubmitApplication(application=_spelled("X7654321"))
    john = submit(office, on_paper("john"), asked()).reference
    live = submit(office, other, asked()).reference
    return live, lambda request: withdraw_and_refile(office, john, other, request), john


@pytest.mark.parametrize("branch", [_told_beside, _told_by_correcting, _told_by_refiling])
def test_whoever_is_told_the_live_case_has_looked_at_it(
    office: Office, branch: Callable[[Office], tuple[str, Callable[[Request], object], str | None]]
) -> None:
    live, refused, own = branch(office)
    # Nobody reads the answer to what the program asks of itself, and then it names nothing.
    with pytest.raises(DuplicateApplication) as unread:
        refused(replace(asked(), door=None))
    assert (unread.value.live, recorded(office)) == (None, [])
    request = replace(asked(SUPERVISOR), door=Door.PAGE)
    with pytest.raises(DuplicateApplication, match=live):
        refused(request)
    look, *of_own = recorded(office)
    # The case that a command is on is looked at as well, by what it is refused for.
    assert [(each["what"], each["cases"]) for each in of_own] == (
        [("answer", [own])] if own else []
    )
    assert (look["who"], look["what"], look["door"]) == (SUPERVISOR.name, "linked", "page")
    assert (look["cases"], look["correlation_id"]) == ([live], request.correlation_id)


def test_a_correction_into_somebody_with_a_live_case_is_told_there_and_to_nobody_else(
    office: Office,
) -> None:
    emma, refused, _ = _told_by_correcting(office)
    request = asked(SUPERVISOR)
    for _ in range(2):
        with pytest.raises(DuplicateApplication, match=emma):
            refused(request)
    (told,) = work.work_at(office, emma).duplicates
    assert (told.event, told.actor) == (CorrectionRefused(), SUPERVISOR.name)
    catch_up_all(office.store, office.models)
    marked = queries.case_list(office.models, looking(), CaseFilter(mark=Mark.DUPLICATES))
    assert [each.reference for each in marked.rows] == [emma]
    # Her letters are of what she did; who mistyped another's passport is none of her business.
    plan(office)
    assert not {row.effect for row in office.ledger.rows(looking(), reference=emma)} & {
        "duplicate-refused"
    }
    shown = signed_in(office, OFFICER.name).get(f"/staff/cases/{emma}")
    assert "a correction of another case, which would have made it this person's" in shown.text
    caller = Caller(app=create_api(office), office=office)
    (item,) = caller.get(f"/cases/{emma}/work").json["duplicates"]
    assert (item["channel"], item["by"]) == (None, SUPERVISOR.name)


def test_what_a_former_version_told_of_a_duplicate_is_told_once_and_refused_as_ever(
    office: Office,
) -> None:
    live = submit(office, on_paper("john"), asked()).reference
    request = asked()
    told = uuid5(request.command_id, "duplicate-refused")
    event = NewEvent(event=DuplicateRefused(channel=Channel.PAPER), effective_at=office.clock())
    write = StreamWrite(stream=f"work-{live}", expected=0, events=(event,))
    # It was told of under a hash of what was refused.
    office.store.append(replace(commit_of(write), command_id=told, fingerprint=bytes(32)))
    with pytest.raises(DuplicateApplication, match=live):
        submit(office, on_paper("john"), request)
    assert len(work.work_at(office, live).duplicates) == 1


def test_held_cases_are_listed_by_their_mark(office: Office) -> None:
    submit(office, on_paper("emma"), asked())
    held = submit(office, on_paper("john"), asked()).reference
    carry_out(office, held, c.HoldCase(reason="Forged?"), asked())
    catch_up_all(office.store, office.models)
    marked = queries.case_list(office.models, looking(), CaseFilter(mark=Mark.HELD))
    assert [each.reference for each in marked.rows] == [held]
