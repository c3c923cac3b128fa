"""All that is held on a person is in their export, nothing of others is, and it is on record."""

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from click.testing import CliRunner

from domain import work_commands as c
from domain.access import Person, Role
from domain.application import Correspondence
from domain.data_access import AccessOutcome, KeptBack
from domain.errors import (
    ExportChanged,
    Forbidden,
    NoDataAccessOpen,
    NoSuchCase,
    PersonErased,
    RecusedFromCase,
)
from domain.exports import StaffNumbers
from domain.legal_holds import Authority, PlaceLegalHold
from domain.looks import What
from domain.rules.reasons import Message, Reason
from domain.told import recusals_told
from services.cases import carry_out, case_at
from services.cli.privacy import privacy
from services.documents.files import FileLost
from services.looking import case_seen
from services.notifications import codes, returns
from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.privacy.archive import archived
from services.privacy.telling import Teller, page
from services.settings import Settings
from services.store import Conflict
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.contract.pin import sorted_wire
from tests.contract.shapes import example
from tests.integration import marked as m
from tests.services import seeing
from tests.services.asking import AUDITOR, OFFICER, SUPERVISOR, asked
from tests.services.erasing import erase
from tests.services.exporting import archive_of, data_of, exported, exports_of
from tests.services.test_data_access import ask, came_in, environment
from tests.services.visiting import file_case

PEOPLE = ("officer.chan", "officer.lee", "supervisor.lee", "supervisor.wong", "cli.")


@pytest.fixture
def full(office: Office) -> str:
    """A case into which every door put words, of which the person asks for their data."""
    m.begin()
    marked = m.file_marked(office)
    m.fill(office, marked)
    ask(office, marked.reference, replace(came_in(office), asked_by=m.marker(), text=m.marker()))
    m.propose(office, marked.reference)
    plan(office)
    why = replace(seeing.looking(What.CASE, AUDITOR), stated=m.marker())
    case_seen(office, why, marked.reference)
    return marked.reference


def leaves(value: Any) -> Iterator[Any]:
    """Yield every single value in what is told."""
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from leaves(each)
    elif value is not None:
        yield value


def test_every_word_that_is_kept_is_in_the_export_but_why_an_officer_stepped_aside(
    office: Office, database: TestDatabase, full: str
) -> None:
    with psycopg.connect(database.owner_url) as owner:
        query = "SELECT wrapped FROM case_keys WHERE reference = %s"
        ((wrapped,),) = owner.execute(query, (full,)).fetchall()
    key = office.models.keys._secret(full, bytes(wrapped))  # what opens all of it at once
    kept = m.told_under([key], m.dumped(database.owner_url))
    assert kept == m.made() | m.SHARED
    (aside,) = recusals_told(case_at(office, full).events)
    kept -= m.told(str(aside.reason).encode())
    made = exported(office, full)
    assert m.told(b"".join(made.chunks())) == kept
    archive = archive_of(made)
    in_files = {
        word
        for name in archive.namelist()
        if name.startswith("documents/")
        for word in m.told(archive.read(name))
    }
    for name in ("index.html", "data.json"):
        assert m.told(archive.read(name)) | in_files == kept
    assert b"why somebody of the office stepped aside" in archive.read("index.html")


def with_reasons_to_say(value: Any) -> Any:
    """Return a value in which every reason is one that there are words for."""
    if isinstance(value, Reason):
        return Reason(message=next(each for each in Message if not each.facts), facts={})
    if isinstance(value, tuple):
        return tuple(map(with_reasons_to_say, value))
    if not is_dataclass(value) or isinstance(value, type):
        return value
    said = {each.name: with_reasons_to_say(getattr(value, each.name)) for each in fields(value)}
    return replace(value, **said)


@pytest.mark.parametrize("event", [each for each, _ in sorted_wire()], ids=lambda e: e.__name__)
def test_nothing_of_any_event_is_left_out_of_what_is_told(event: Any) -> None:
    teller = Teller(
        reference="QM-4K7RT-9XWPR", language=Correspondence.ENGLISH, staff=StaffNumbers()
    )
    made = with_reasons_to_say(example(event))
    personal = [*leaves(msgspec.to_builtins(getattr(made, "personal", None)))]
    told = [*leaves(teller.told(made))]
    for each in personal:
        assert each in told
    assert told.count("text 文字") >= personal.count("text 文字")


def test_documents_are_in_it_as_they_came_in(office: Office, full: str) -> None:
    archive = archive_of(exported(office, full))
    names = [each for each in archive.namelist() if each.startswith("documents/")]
    told = json.loads(archive.read("data.json"))["documents"]
    assert names == [each["file"] for each in told]
    assert len(names) == 2
    for name, each in zip(names, told, strict=True):
        content = archive.read(name)
        assert content.startswith(b"%PDF")
        assert len(content) == each["size"]


def test_letters_to_the_person_are_in_it_and_those_to_the_office_are_only_named(
    office: Office, full: str
) -> None:
    deliver(office)
    data = data_of(exported(office, full))
    written = [each for each in data["letters"] if "subject" in each]
    assert {each["to"] for each in written} >= {"applicant", "representative"}
    assert all(each["subject"] and each["text"] for each in written)
    # Planned once somebody else represented them: for whom it was is written to no more.
    unwritten = [each for each in data["letters"] if each not in written]
    assert {each["to"] for each in unwritten} == {"representative"}
    assert any(each["tried"] for each in data["letters"])
    assert all(set(each) == {"to", "by", "of", "planned_at", "tried"} for each in data["others"])


def test_a_code_that_was_asked_for_is_in_it(office: Office, full: str) -> None:
    asker = codes.Asked(reference=full, born=m.BORN, asker=b"x", browser=None)
    office.codes.ask(asker, office.clock())
    (code,) = data_of(exported(office, full))["codes"]
    assert (code["sent_at"], code["used_at"]) == (None, None)


def test_no_name_of_anybody_of_the_office_is_in_it(office: Office, full: str) -> None:
    seen = seeing.looking(What.HISTORY, SUPERVISOR)
    office.store.looks.named(seen, [full])
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    office.ledger.sent(claim)
    why = returns.problem("as full, by their server")
    returns.mark(office.ledger, claim.id, why, "officer.chan")
    assert office.ledger.retry("officer.chan", ids=[claim.id])
    (claim,) = office.ledger.claim(limit=1, lease=timedelta(minutes=1))
    office.ledger.fail(claim, "message 554")
    assert office.ledger.retry("officer.chan", reference=full)
    made = b"".join(exported(office, full).chunks())
    for each in PEOPLE:
        assert each.encode() not in made
    assert b"staff 2" in made
    assert b"returned as full, by their server, by staff " in made
    assert b"due again at any hour, by staff " in made
    assert b"due again, by staff " in made
    looks = data_of(exported(office, full))["looks"]
    assert {"role", "purpose", "what", "through", "at", "why"} == set(looks[0])
    assert "supervisor" in {each["role"] for each in looks}


def test_every_version_of_the_application_is_in_it_with_what_changed_it(
    office: Office, full: str
) -> None:
    versions = data_of(exported(office, full))["application"]
    assert [each["with"] for each in versions] == [
        "application-submitted",
        "contact-changed",
        "contact-changed",
        "application-corrected",
        "contact-changed",
        "contact-changed",
    ]
    names = [each["application"]["applicant"]["family_name"] for each in versions]
    assert len(set(names)) == 2


def test_an_export_is_on_record_as_a_look_and_as_a_fact(office: Office, full: str) -> None:
    before = len(seeing.told(office))
    made = exported(office, full, c.ExportData(keep_back=(KeptBack.NOTES,)))
    (fact,) = exports_of(office, full)
    assert (fact.request, fact.digest, fact.kept_back) == (2, made.digest, (KeptBack.NOTES,))
    look = seeing.recorded(office)[before]
    assert (look["purpose"], look["what"], look["cases"]) == ("data-access", "export", [full])
    assert look["who"] == OFFICER.name


def test_the_same_export_is_the_same_bytes_whatever_happened_since(
    office: Office, full: str
) -> None:
    request = asked(at=None)
    first = exported(office, full, request=request)
    content = b"".join(first.chunks())
    ask(office, full, c.AddNote(text="Given over the counter"))
    seeing.looking(What.CASE)
    office.store.looks.named(seeing.looking(What.CASE), [full])
    deliver(office)
    plan(office)
    again = exported(office, full, request=request)
    assert (first.repeated, again.repeated) == (False, True)
    assert b"".join(again.chunks()) == content == b"".join(first.chunks())
    assert len(exports_of(office, full)) == 1
    later = exported(office, full)
    assert b"".join(later.chunks()) != content


def test_what_cannot_be_made_again_is_not_given(
    office: Office, database: TestDatabase, full: str
) -> None:
    request = asked(at=None)
    exported(office, full, request=request)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "UPDATE notifications SET effect = 'shortlisted', sealed = NULL, state = 'withheld',"
            " settled_at = now() WHERE party = 'applicant'"
            " AND id = (SELECT min(id) FROM notifications)"
        )
    with pytest.raises(ExportChanged, match="make a new one"):
        exported(office, full, request=request)


@pytest.mark.parametrize(
    ("part", "events"),
    [
        (KeptBack.NOTES, {"note-added", "note-superseded"}),
        (KeptBack.INVESTIGATIONS, {"case-held", "hold-lifted"}),
        (KeptBack.LEGAL_HOLDS, {"legal-hold-placed", "legal-hold-lifted"}),
    ],
)
def test_what_is_kept_back_is_not_in_it_and_leaves_no_gap(
    office: Office, full: str, part: KeptBack, events: set[str]
) -> None:
    whole = data_of(exported(office, full))
    assert events <= {each["event"] for each in whole["events"]}
    data = data_of(exported(office, full, c.ExportData(keep_back=(part,))))
    told = {each["event"] for each in data["events"]}
    assert told & events == set()
    assert not any({"version", "position"} & set(each) for each in data["events"])
    assert any(each.get("why") for each in whole["looks"])
    why_kept = not any(each.get("why") for each in data["looks"])
    assert why_kept == (part is KeptBack.INVESTIGATIONS)
    assert "kept_back" not in json.dumps(data)


def test_nobody_learns_from_an_export_what_is_kept_back_of_it_or_was_before(
    office: Office, full: str
) -> None:
    """Whoever is told of a hold by name is told of at no export that keeps it back."""
    office.subscriptions.add("https://a.example/", ("case-held", "legal-hold-placed"), "test")
    carry_out(office, full, PlaceLegalHold(authority=Authority.COURT, reason="x"), asked(at=None))
    plan(office)
    whole = data_of(exported(office, full))
    assert [each["by"] for each in whole["others"]].count("webhook") == 1
    hidden = c.ExportData(keep_back=(KeptBack.INVESTIGATIONS, KeptBack.LEGAL_HOLDS))
    for _ in range(2):
        made = exported(office, full, hidden)
        assert "webhook" not in [each["by"] for each in data_of(made)["others"]]
    for name in ("index.html", "data.json"):
        said = archive_of(made).read(name)
        assert b"legal-hold" not in said
        assert b"investigations" not in said


def test_without_an_open_request_nothing_is_exported(office: Office, full: str) -> None:
    ask(office, full, c.AnswerDataAccess(outcome=AccessOutcome.IN_FULL))
    with pytest.raises(NoDataAccessOpen, match="record the request first"):
        exported(office, full)
    assert exports_of(office, full) == []


def test_who_may_not_gets_nothing(office: Office, full: str) -> None:
    with pytest.raises(Forbidden):
        exported(office, full, request=asked(AUDITOR, at=None))
    recused = Person(name="officer.lee", role=Role.OFFICER)
    with pytest.raises(RecusedFromCase):
        exported(office, full, request=asked(recused, at=None))
    assert exports_of(office, full) == []


def test_an_erased_person_has_no_export_and_an_unknown_case_none(office: Office, full: str) -> None:
    request = asked(at=None)
    exported(office, full, request=request)
    erase(office.store, full)
    for each in (None, request):
        with pytest.raises(PersonErased):
            exported(office, full, request=each)
    for reference in ("QM-4K7RT-9XWPR", "nonsense"):
        with pytest.raises(NoSuchCase):
            exported(office, reference)


def test_who_saw_another_version_of_the_work_is_told(office: Office, full: str) -> None:
    version = office.store.stream_version(f"work-{full}")
    with pytest.raises(Conflict):
        exported(office, full, request=asked(at=None, expected=version - 1))
    exported(office, full, request=asked(at=None, expected=version))


def test_a_lost_file_leaves_no_half_export(
    office: Office, database: TestDatabase, settings: Settings, full: str, tmp_path: Path
) -> None:
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE document_files DISABLE TRIGGER USER")
        owner.execute("DELETE FROM document_files WHERE reference = %s", (full,))
    with pytest.raises(FileLost):
        exported(office, full)
    assert exports_of(office, full) == []
    file = tmp_path / "data.zip"
    said = CliRunner().invoke(
        privacy, ["export", full, "--to", str(file)], env=environment(settings)
    )
    assert said.exit_code
    assert not file.exists()


def test_an_archive_asks_for_a_file_only_when_its_turn_has_come() -> None:
    asked_for: list[int] = []

    def entries() -> Iterator[tuple[str, bytes]]:
        for number in range(3):
            asked_for.append(number)
            yield f"{number}", b"x" * 1000

    chunks = archived(entries())
    seen = 0
    for chunk in chunks:
        seen += chunk.count(b"x" * 1000)
        assert len(asked_for) <= seen + 1


def test_the_page_says_what_is_held_in_the_language_of_the_applicant(office: Office) -> None:
    reference = file_case(office, "jackie")
    ask(office, reference, came_in(office))
    shown = archive_of(exported(office, reference)).read("index.html").decode()
    assert "<script" not in shown
    assert "Naidoo" in shown
    assert f"<h1>All that is held on you in case {reference}</h1>" in shown


def test_the_page_shows_what_was_typed_and_runs_none_of_it() -> None:
    shown = page(
        "T",
        Correspondence.ENGLISH,
        "",
        (("Notes", [{"text": "<script>x</script>", "none": None}]),),
    )
    assert "&lt;script&gt;x&lt;/script&gt;" in shown
    assert "None" not in shown
