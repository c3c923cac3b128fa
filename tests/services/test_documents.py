"""Files of documents: sealed outside the log, named by it, and never lost, changed or mixed up."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from domain import commands as c
from domain import papers as p
from domain import stages as s
from domain.access import Person, Role
from domain.errors import (
    FileTooLarge,
    Forbidden,
    NoSuchCase,
    NoSuchDocument,
    NotADocument,
    NotAllowedNow,
    PersonErased,
)
from domain.looks import What
from services.cases import Outcome, carry_out, case_at, submit
from services.documents.files import FileLost
from services.documents.receiving import (
    Upload,
    documents_of,
    fetch,
    largest,
    read_at_most,
    receive,
)
from services.requests import Request
from services.settings import Settings
from services.store import CommandReused
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import AUDITOR, asked, on_paper
from tests.services.erasing import erase
from tests.services.sample_files import PROGRAM, SAMPLES, pdf, pdf_of
from tests.services.seeing import looking

WORK = p.DocumentKind.WORK
SECRET = b"Chan Tai Man, passport K1234567"


def upload(content: bytes = pdf(SECRET), name: str = "letter.pdf") -> Upload:
    return Upload(kind=WORK, name=name, content=content)


def add(office: Office, reference: str, given: Upload | None = None, **how: object) -> Outcome:
    return receive(office, reference, given or upload(), asked(**how))


def applicant(reference: str) -> Person:
    return Person(name=reference, role=Role.APPLICANT)


@pytest.fixture
def reference(office: Office) -> str:
    return submit(office, on_paper("john"), asked()).reference


def kept(database: TestDatabase) -> list[tuple[str, bytes, bytes]]:
    with psycopg.connect(database.owner_url) as connection:
        return connection.execute("SELECT reference, stored, sealed FROM document_files").fetchall()


def papers(office: Office, reference: str) -> p.Papers:
    state = case_at(office, reference).state
    assert not isinstance(state, s.Draft)
    return state.filed.papers


@pytest.mark.parametrize("name", SAMPLES)
def test_what_came_in_is_fetched_as_it_was(office: Office, reference: str, name: str) -> None:
    media_type, content = SAMPLES[name]
    outcome = add(office, reference, upload(content, "../Brief an die Behörde.doc"))
    assert (outcome.version, outcome.stage) == (2, s.Stage.SUBMITTED)
    case = case_at(office, reference)
    found = fetch(office, case, 1)
    assert (found.media_type, found.content) == (media_type, content)
    (document,) = documents_of(case)
    assert document.paper.received.personal == p.DocumentFile(
        name=found.name, sha256=sha256(content).hexdigest()
    )
    assert found.name.startswith("Brief an die Behörde")
    assert document.received_at == case.events[-1].effective_at


def test_what_is_kept_is_sealed_and_named_by_its_hash(
    office: Office, reference: str, database: TestDatabase
) -> None:
    add(office, reference)
    ((of, stored, sealed),) = kept(database)
    assert of == reference
    assert sha256(sealed).digest() == stored
    assert papers(office, reference).received[0].received.stored == stored.hex()
    with psycopg.connect(database.owner_url) as connection:
        tables = ("document_files", "events", "commits", "log", "case_status", "case_list")
        for table in tables:
            rows = connection.execute(f"SELECT {table}::text FROM {table}").fetchall()  # noqa: S608 - a table's name
            text = "\n".join(str(row[0]) for row in rows)
            assert SECRET.decode() not in text
            assert SECRET.hex() not in text
            assert "letter.pdf" not in text
            # Nor can anybody who has the file find out whose it is.
            assert sha256(pdf(SECRET)).hexdigest() not in text


def test_erased_with_its_person_a_file_can_be_read_by_nobody(
    office: Office, reference: str
) -> None:
    add(office, reference)
    erase(office.store, reference)
    case = case_at(office, reference)
    with pytest.raises(PersonErased, match="erased with its person"):
        fetch(office, case, 1)
    (document,) = documents_of(case)
    assert document.paper.received.personal is None
    assert (document.paper.received.kind, document.paper.received.size) == (WORK, len(pdf(SECRET)))
    # What is left still proves that nothing was changed.
    assert [each.fault for each in office.files.held(looking(What.DOCUMENTS))] == [None]
    with pytest.raises(PersonErased):
        add(office, reference)


def test_a_repeat_gets_the_first_result_after_the_person_was_erased(
    office: Office, reference: str
) -> None:
    request = asked()
    first = receive(office, reference, upload(), request)
    erase(office.store, reference)
    assert receive(office, reference, upload(), request) == replace(first, repeated=True)


def test_a_file_opens_in_its_own_case_only(
    office: Office, reference: str, database: TestDatabase
) -> None:
    add(office, reference)
    emma = submit(office, on_paper("emma"), asked()).reference
    stored = papers(office, reference).received[0].received.stored
    with pytest.raises(FileLost, match="missing"):
        office.files.open(emma, stored)


def test_five_megabytes_are_taken_and_not_a_byte_more(office: Office, reference: str) -> None:
    most = largest(office)
    assert most == 5 * 1024 * 1024
    assert read_at_most(BytesIO(b"x" * most), most) == b"x" * most
    with pytest.raises(FileTooLarge):
        read_at_most(BytesIO(b"x" * (most + 1)), most)
    whole = pdf_of(most)
    assert len(whole) == most
    add(office, reference, upload(whole))
    assert fetch(office, case_at(office, reference), 1).content == whole
    with pytest.raises(FileTooLarge):
        add(office, reference, upload(pdf_of(most + 1)))


def test_no_more_of_a_file_is_read_than_tells_that_it_is_too_large() -> None:
    source = BytesIO(b"x" * 1_000_000)
    with pytest.raises(FileTooLarge):
        read_at_most(source, 1000)
    assert source.tell() == 1001


@pytest.mark.parametrize("content", [b"", PROGRAM, pdf()[:-20], b"%PDF-1.7 hello"])
def test_what_is_no_document_leaves_nothing_behind(
    office: Office, reference: str, database: TestDatabase, content: bytes
) -> None:
    with pytest.raises(NotADocument):
        add(office, reference, upload(content, "letter.pdf"))
    assert kept(database) == []
    assert case_at(office, reference).version == 1


def test_what_is_refused_leaves_nothing_behind(
    office: Office, reference: str, database: TestDatabase
) -> None:
    carry_out(office, reference, c.WithdrawApplication(), asked())
    with pytest.raises(NotAllowedNow):
        add(office, reference)
    assert kept(database) == []


def test_the_same_command_again_gets_the_first_answer_and_keeps_nothing_more(
    office: Office, reference: str, database: TestDatabase
) -> None:
    number = uuid4()
    first = add(office, reference, command_id=number)
    again = add(office, reference, command_id=number)
    assert again == replace(first, repeated=True)
    assert len(kept(database)) == 1
    with pytest.raises(CommandReused):
        add(office, reference, upload(pdf(b"another")), command_id=number)


def test_documents_that_come_in_at_once_are_all_taken_with_numbers_of_their_own(
    office: Office, reference: str, database: TestDatabase
) -> None:
    contents = [pdf(b"letter %d" % number) for number in range(4)]
    together = threading.Barrier(len(contents))
    faults: list[Exception] = []

    def send(content: bytes) -> None:
        together.wait()
        try:
            add(office, reference, upload(content))
        except Exception as fault:  # noqa: BLE001 - told by the assertion below
            faults.append(fault)

    threads = [threading.Thread(target=send, args=(each,)) for each in contents]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not faults
    case = case_at(office, reference)
    numbers = [each.paper.number for each in documents_of(case)]
    assert numbers == [1, 2, 3, 4]
    assert {fetch(office, case, number).content for number in numbers} == set(contents)
    assert len(kept(database)) == len(contents)


def test_an_applicant_sends_to_their_own_case_and_learns_nothing_of_others(
    office: Office, reference: str, database: TestDatabase
) -> None:
    emma = submit(office, on_paper("emma"), asked()).reference
    receive(office, reference, upload(), _now(applicant(reference)))
    assert papers(office, reference).received[0].received.received_from == reference
    for other in (emma, "QM-AQP2Y-Q46AS"):
        with pytest.raises(Forbidden, match="own application only"):
            receive(office, other, upload(), _now(applicant(reference)))
    for nobody in (AUDITOR, Person(name="service.intake", role=Role.SERVICE)):
        with pytest.raises(Forbidden):
            receive(office, reference, upload(), _now(nobody))
    assert len(kept(database)) == 1


def _now(person: Person) -> Request:
    return asked(person, at=None)


def test_there_is_no_document_of_no_case(office: Office, reference: str) -> None:
    with pytest.raises(NoSuchCase):
        add(office, "QM-AQP2Y-Q46AS")
    with pytest.raises(NoSuchDocument, match="no document 1"):
        fetch(office, case_at(office, reference), 1)


@contextmanager
def no_events(database: TestDatabase) -> Iterator[None]:
    """Let nobody record an event meanwhile; everything can be read, and files can be kept."""
    with psycopg.connect(database.owner_url) as connection:
        connection.execute("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE")
        yield


def test_killed_between_the_file_and_its_event_nothing_is_lost_or_half_done(
    office: Office, settings: Settings, reference: str, database: TestDatabase
) -> None:
    file = settings.home / "letter.pdf"
    settings.home.mkdir(exist_ok=True)
    file.write_bytes(pdf(SECRET))
    told = {"QMAS_DATABASE_URL": settings.database_url, "QMAS_BROKER_URL": settings.broker_url}
    command = ["documents", "add", reference, str(file), "--kind", "work"]
    with no_events(database):
        program = subprocess.Popen(
            [Path(sys.executable).with_name("qmas"), *command],
            env={**os.environ, **told, "QMAS_HOME": str(settings.home)},
        )
        until = time.monotonic() + 60
        # It keeps the file first, and is at its event only a moment later.
        while not _waiting(database) and program.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        assert program.poll() is None
        assert len(kept(database)) == 1
        os.kill(program.pid, signal.SIGKILL)
        program.wait()
        _end_what_it_began(database)
    assert len(kept(database)) == 1
    assert papers(office, reference).received == ()
    assert list(office.files.held(looking(What.DOCUMENTS))) == []
    assert list(office.files.unnamed(looking(What.DOCUMENTS))) == []
    # Its sender sends it again, and all is as if nothing had been.
    add(office, reference)
    assert [each.fault for each in office.files.held(looking(What.DOCUMENTS))] == [None]
    assert fetch(office, case_at(office, reference), 1).content == pdf(SECRET)


_WAITING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def _waiting(database: TestDatabase) -> bool:
    with psycopg.connect(database.admin_url) as connection:
        return bool(connection.execute(f"SELECT pid {_WAITING}").fetchall())


def _end_what_it_began(database: TestDatabase) -> None:
    """End the statement that still waits in the server, as when the whole machine is lost."""
    with psycopg.connect(database.admin_url) as connection:
        ended = connection.execute(f"SELECT pg_terminate_backend(pid, 10000) {_WAITING}").fetchall()
    assert ended == [(True,)]


def test_a_file_that_is_missing_or_altered_is_named_and_never_given_out(
    office: Office, reference: str, database: TestDatabase
) -> None:
    for number in range(3):
        add(office, reference, upload(pdf(b"%d" % number)))
    stored = [each.received.stored for each in papers(office, reference).received]
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("ALTER TABLE document_files DISABLE TRIGGER ALL")
        connection.execute(
            "DELETE FROM document_files WHERE stored = %s", (bytes.fromhex(stored[0]),)
        )
        # As if a disk had changed it: the column that names it still says what it was.
        connection.execute("ALTER TABLE document_files ALTER COLUMN stored DROP EXPRESSION")
        connection.execute(
            "UPDATE document_files SET sealed = sealed || '\\x00' WHERE stored = %s",
            (bytes.fromhex(stored[1]),),
        )
    assert [(each.document, each.fault) for each in office.files.held(looking(What.DOCUMENTS))] == [
        (1, "missing"),
        (2, "altered"),
        (3, None),
    ]
    case = case_at(office, reference)
    with pytest.raises(FileLost, match="missing"):
        fetch(office, case, 1)
    with pytest.raises(FileLost, match="altered"):
        fetch(office, case, 2)
    assert fetch(office, case, 3).content == pdf(b"2")
