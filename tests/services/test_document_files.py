"""What the database itself keeps anybody from doing to a file, and what it lets go."""

from contextlib import suppress

import psycopg
import pytest
from psycopg import errors

from domain.looks import What
from services.cases import submit
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import asked, on_paper
from tests.services.sample_files import pdf
from tests.services.seeing import looking
from tests.services.test_documents import SECRET, add, kept


@pytest.fixture
def reference(office: Office) -> str:
    return submit(office, on_paper("john"), asked()).reference


def keep_unnamed(office: Office, database: TestDatabase, reference: str, age: str) -> str:
    """Keep a file that no event names, as if it had been kept so long ago; return its hash."""
    file = office.files.seal(reference, pdf(SECRET))
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(
            "INSERT INTO document_files (reference, sealed, kept_at) "
            "VALUES (%s, %s, now() - %s::interval)",
            (reference, file.sealed, age),
        )
    return file.stored


def test_only_what_no_event_names_a_day_later_is_found_and_removed(
    office: Office, reference: str, database: TestDatabase
) -> None:
    add(office, reference)
    keep_unnamed(office, database, reference, "23 hours")
    old = {keep_unnamed(office, database, reference, "25 hours") for _ in range(3)}
    found = list(office.files.unnamed(looking(What.DOCUMENTS)))
    assert {each.stored for each in found} == old
    for each in found:
        office.files.remove(each)
    assert list(office.files.unnamed(looking(What.DOCUMENTS))) == []
    assert len(kept(database)) == 2


@pytest.mark.parametrize("role", ["app", "owner", "admin", "replica"])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE document_files SET sealed = sealed || '\\x00'",
        "UPDATE document_files SET kept_at = kept_at - interval '2 days'",
        "DELETE FROM document_files",
        "TRUNCATE document_files",
    ],
)
def test_nobody_changes_a_file_or_removes_one_that_is_named_or_young(
    office: Office, reference: str, database: TestDatabase, role: str, change: str
) -> None:
    keep_unnamed(office, database, reference, "1 hour")
    _refused_to(role, change, database)


@pytest.mark.parametrize("role", ["app", "owner", "admin", "replica"])
def test_nobody_removes_an_old_file_that_an_event_names(
    office: Office, reference: str, database: TestDatabase, role: str
) -> None:
    _name_an_old_one(office, database, reference)
    _refused_to(role, "DELETE FROM document_files", database)


def _refused_to(role: str, change: str, database: TestDatabase) -> None:
    before = kept(database)
    url = {"app": database.app_url, "owner": database.owner_url}.get(role, database.admin_url)
    with psycopg.connect(url) as connection:
        if role == "replica":
            connection.execute("SET session_replication_role = replica")
        with pytest.raises((errors.RestrictViolation, errors.InsufficientPrivilege)):
            connection.execute(change)
    assert kept(database) == before


def _name_an_old_one(office: Office, database: TestDatabase, reference: str) -> None:
    """Have a file named by an event that was kept two days ago."""
    add(office, reference)
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("ALTER TABLE document_files DISABLE TRIGGER ALL")
        connection.execute("UPDATE document_files SET kept_at = now() - interval '2 days'")
        connection.execute("ALTER TABLE document_files ENABLE ALWAYS TRIGGER document_files_kept")
        connection.execute(
            "ALTER TABLE document_files ENABLE ALWAYS TRIGGER document_files_unchanged"
        )
    assert list(office.files.unnamed(looking(What.DOCUMENTS))) == []


def test_the_application_can_name_a_file_only_by_its_own_hash(
    office: Office, reference: str, database: TestDatabase
) -> None:
    with psycopg.connect(database.app_url) as connection, suppress(errors.Error):
        connection.execute(
            "INSERT INTO document_files (reference, sealed, stored) VALUES (%s, %s, %s)",
            (reference, b"x" * 40, b"y" * 32),
        )
    assert kept(database) == []
