"""What a command that was refused, or came again, is told of its case is a look at it."""

from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result

from domain import commands as c
from domain import exercise_commands as q
from domain import work_commands as w
from domain.access import ACTION_OF, PERMITTED, Person, Role
from domain.errors import (
    Forbidden,
    NoSuchCase,
    NoSuchExercise,
    NotAllowedNow,
    NothingProposed,
    NotTheHolder,
    Reportable,
)
from domain.gradings import DepartureCode, Direction
from domain.looks import Door
from domain.papers import DocumentKind
from domain.slugs import slug
from services import exercises, refiling, work
from services.api.app import create_api
from services.cases import carry_out, submit
from services.cli.main import qmas as root
from services.documents.receiving import Upload, receive
from services.requests import Request
from services.store import Conflict, EventUnreadable, MigrationFault
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.domain.examples import COMMANDS
from tests.services.api.calling import SERVICE, Caller
from tests.services.asking import OFFICER, SUPERVISOR, asked, on_paper
from tests.services.exercising import SECOND, confirm
from tests.services.poisoned import of_a_kind_that_is_known, of_a_later_kind
from tests.services.sample_files import pdf
from tests.services.seeing import recorded
from tests.services.test_pages_exercises import open_one
from tests.services.visiting import TO_POOL, act, file_case, signed_in

UNKNOWN = "QM-4K7RT-9XWPR"
DEPART = q.DepartFromRank(
    reference=UNKNOWN,
    direction=Direction.PLACE,
    code=DepartureCode.NEEDS,
    reason="Nobody else has this trade",
)
ON_A_CASE = tuple(
    each for each in COMMANDS if not isinstance(each, (c.SubmitApplication, *c.BY_EXERCISE))
)


def answers(office: Office) -> list[tuple[str, str, list[str], str]]:
    """Return who was told what of which cases, and through which door, in order."""
    return [
        (each["who"], each["filters"]["asked"], each["cases"], each["door"])
        for each in recorded(office)
        if each["what"] == "answer"
    ]


def terminal(office: Office, *words: str) -> Result:
    settings = office.settings
    env = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }
    return CliRunner(env=env).invoke(root, words)


def refused(office: Office, reference: str, command: c.CaseCommand, request: Request) -> None:
    with pytest.raises(Reportable):
        carry_out(office, reference, command, request)


def test_whatever_a_command_on_a_case_is_refused_for_is_a_look(office: Office) -> None:
    reference = file_case(office)
    for command in ON_A_CASE:
        role = max(PERMITTED[ACTION_OF[type(command)]])
        person = Person(name="somebody", role=role)
        if role is Role.APPLICANT:
            person = replace(person, name=reference)
        stale = asked(person, at=None, expected=99)
        with pytest.raises((Conflict, NoSuchCase)):
            carry_out(office, reference, command, stale)
    told = [(asked, cases) for _, asked, cases, _ in answers(office)]
    assert told == [(slug(type(each).__name__), [reference]) for each in ON_A_CASE]


def test_a_command_that_is_carried_out_is_none(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    work.carry_out(office, reference, w.TakeCase(), asked(at=None))
    assert recorded(office) == []


def test_it_is_recorded_as_whose_it_was_and_what_for(office: Office) -> None:
    reference = file_case(office)
    refused(office, reference.lower(), c.ConfirmDecision(matter="refusal"), asked())
    (look,) = recorded(office)
    assert look["cases"] == [reference]
    assert (look["who"], look["role"], look["purpose"]) == (OFFICER.name, "officer", "casework")


def test_whoever_is_told_nothing_of_a_case_did_not_look(office: Office) -> None:
    reference = file_case(office)
    with pytest.raises(Forbidden):
        carry_out(office, reference, c.GradeCase(exercise="2019-1", grade="outstanding"), asked())
    nobody = replace(asked(), door=None)
    with pytest.raises(NothingProposed):
        carry_out(office, reference, c.ConfirmDecision(matter="refusal"), nobody)
    with pytest.raises(NoSuchCase):
        carry_out(office, "Chan Tai Man", c.ScoreApplication(), asked())
    assert recorded(office) == []


def test_a_case_that_there_is_not_is_one_that_was_asked_for(office: Office) -> None:
    refused(office, UNKNOWN, c.ScoreApplication(), asked())
    with pytest.raises(NoSuchCase):
        work.carry_out(office, UNKNOWN, w.TakeCase(), asked(at=None))
    assert [cases for _, _, cases, _ in answers(office)] == [[UNKNOWN], [UNKNOWN]]


def test_what_the_work_on_a_case_is_refused_for_is_a_look(office: Office) -> None:
    reference = file_case(office)
    with pytest.raises(NotTheHolder):
        work.carry_out(office, reference, w.ReleaseCase(), asked(at=None))
    assert answers(office) == [(OFFICER.name, "release-case", [reference], "cli")]


def test_a_first_answer_that_is_given_again_is_a_look(office: Office) -> None:
    request, other, third = (asked(at=None) for _ in range(3))
    reference = submit(office, on_paper("john"), asked()).reference
    carry_out(office, reference, c.AcknowledgeApplication(), request)
    work.carry_out(office, reference, w.AddNote(text="Seen"), other)
    upload = Upload(kind=DocumentKind.WORK, name="work.pdf", content=pdf())
    receive(office, reference, upload, third)
    assert recorded(office) == []
    by_another = replace(request, person=SUPERVISOR)
    assert carry_out(office, reference, c.AcknowledgeApplication(), by_another).repeated
    assert work.carry_out(office, reference, w.AddNote(text="Seen"), other).repeated
    assert receive(office, reference, upload, third).repeated
    assert answers(office) == [
        (SUPERVISOR.name, "acknowledge-application", [reference], "cli"),
        (OFFICER.name, "add-note", [reference], "cli"),
        (OFFICER.name, "receive-document", [reference], "cli"),
    ]


def test_so_is_that_of_what_named_no_case(office: Office) -> None:
    filing, taking = asked(), asked(at=None)
    reference = submit(office, on_paper("john"), filing).reference
    carry_out(office, reference, c.AcknowledgeApplication(), asked())
    assert work.take_next(office, w.TakeNext(), taking).reference == reference
    assert submit(office, on_paper("john"), filing).repeated
    assert work.take_next(office, w.TakeNext(), taking).repeated
    assert [(asked, cases) for _, asked, cases, _ in answers(office)] == [
        ("submit-application", [reference]),
        ("take-next", [reference]),
    ]


def test_a_case_that_is_filed_anew_and_is_not_was_looked_at(office: Office) -> None:
    reference, request = file_case(office), asked(expected=7)
    with pytest.raises(Conflict):
        refiling.withdraw_and_refile(office, reference, on_paper("john"), request)
    again = asked()
    new = refiling.withdraw_and_refile(office, reference, on_paper("john"), again).reference
    assert refiling.withdraw_and_refile(office, reference, on_paper("john"), again).repeated
    assert [(asked, cases) for _, asked, cases, _ in answers(office)] == [
        ("withdraw-application", [reference]),
        ("submit-application", [new]),
    ]


def test_a_case_that_is_not_on_a_shortlist_was_looked_at(office: Office) -> None:
    reference = file_case(office, "emma", *TO_POOL)
    open_one(signed_in(office, SUPERVISOR.name))
    exercises.draw_shortlist(office, "2019-q2", asked(SUPERVISOR, at=None))
    for each in (DEPART, replace(DEPART, reference=reference)):
        with pytest.raises(Reportable):
            exercises.depart_from_rank(office, "2019-q2", each, asked(SUPERVISOR, at=None))
    assert [(asked, cases) for _, asked, cases, _ in answers(office)] == [
        ("depart-from-rank", [UNKNOWN]),
        ("depart-from-rank", [reference]),
    ]


def test_who_departs_from_a_rank_is_told_of_no_case_by_what_an_exercise_refuses(
    office: Office,
) -> None:
    depart = replace(DEPART, reference=file_case(office, "emma", *TO_POOL))
    open_one(signed_in(office, SUPERVISOR.name))
    for exercise, request, refusal in (
        ("2019-q2", asked(SUPERVISOR, at=None), NotAllowedNow),
        ("2019-q2", asked(SUPERVISOR, at=None, expected=7), Conflict),
        ("2019-q3", asked(SUPERVISOR, at=None), NotAllowedNow),
        ("No name", asked(SUPERVISOR, at=None), NoSuchExercise),
    ):
        with pytest.raises(refusal):
            exercises.depart_from_rank(office, exercise, depart, request)
    assert answers(office) == []


def test_a_case_that_keeps_an_exercise_from_its_step_was_looked_at(
    office: Office, database: TestDatabase
) -> None:
    reference = file_case(office, "emma", *TO_POOL)
    open_one(signed_in(office, SUPERVISOR.name))
    carry_out(office, reference, c.HoldCase(reason="An inquiry"), asked(at=None))
    last = office.store.stream_version(f"case-{reference}")
    of_a_later_kind(database.owner_url, f"case-{reference}", last)
    with pytest.raises(EventUnreadable, match=reference):
        exercises.draw_shortlist(office, "2019-q2", asked(SUPERVISOR, at=None))
    of_a_kind_that_is_known(database.owner_url, f"case-{reference}", last)
    carry_out(office, reference, c.LiftHold(), asked(at=None))
    exercises.draw_shortlist(office, "2019-q2", asked(SUPERVISOR, at=None))
    exercises.propose_selection(office, "2019-q2", asked(SUPERVISOR, at=None))
    of_a_later_kind(database.owner_url, f"case-{reference}", last)
    with pytest.raises(EventUnreadable, match=reference):
        confirm(office, "2019-q2", asked(SECOND, at=None))
    assert [(asked, cases) for _, asked, cases, _ in answers(office)] == [
        ("draw-shortlist", [reference]),
        ("make-selection", [reference]),
    ]


def test_every_door_records_it(office: Office) -> None:
    reference, caller = file_case(office), Caller(app=create_api(office), office=office)
    missing = caller.command(f"/cases/{reference}/score")
    assert (missing.status_code, missing.json["current_version"]) == (428, 1)
    paid = caller.command(
        f"/cases/{reference}/pay-visa-fee", {"amount_hkd": 1}, version=1, by=SERVICE
    )
    assert (paid.status_code, paid.json["detail"]) == (
        409,
        "pay-visa-fee is not possible now",
    )
    assert not {"stage", "possible"} & paid.json.keys()
    done = terminal(office, "work", "release", reference)
    assert isinstance(done.exception, NotTheHolder)
    page = act(signed_in(office, OFFICER.name), reference, "acknowledge-application",
               expected="9")  # fmt: skip
    assert page.status == 409
    assert [(asked, cases, door) for _, asked, cases, door in answers(office)] == [
        ("score-application", [reference], Door.API),
        ("pay-visa-fee", [reference], Door.API),
        ("release-case", [reference], Door.CLI),
        ("acknowledge-application", [reference], Door.PAGE),
    ]


def test_nobody_is_told_why_while_it_cannot_be_recorded(
    office: Office, database: TestDatabase
) -> None:
    reference, request = file_case(office), asked(at=None)
    work.carry_out(office, reference, w.AddNote(text="Seen"), request)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("REVOKE INSERT ON reads FROM qmas_app")
    with pytest.raises(MigrationFault):
        carry_out(office, reference, c.ScoreApplication(), asked(expected=99))
    with pytest.raises(MigrationFault):
        work.carry_out(office, reference, w.AddNote(text="Seen"), request)
    caller = Caller(app=create_api(office), office=office)
    answer = caller.command(f"/cases/{reference}/score", key=str(uuid4()))
    assert answer.status_code == 503
    assert "version" not in answer.text


def test_a_fault_at_a_terminal_that_names_a_case_is_a_look_at_it(
    office: Office, database: TestDatabase
) -> None:
    reference = file_case(office)
    carry_out(office, reference, c.AcknowledgeApplication(), asked())
    of_a_later_kind(database.owner_url, f"case-{reference}", 2)
    for words in ("work list", "work next", "statistics", "notifications fence --confirm send"):
        before = len(recorded(office))
        done = terminal(office, *words.split())
        assert reference in str(done.exception), words
        (look,) = recorded(office)[before:]
        assert (look["what"], look["cases"]) == ("answer", [reference])
        assert (look["purpose"], look["door"]) == ("operation", "cli")
