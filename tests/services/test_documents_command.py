"""`qmas documents` at the terminal: list, add, fetch, check, and what no event names."""

import stat
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from domain import papers as p
from services.cases import carry_out, submit
from services.cli.documents import documents
from services.cli.explain import explain
from services.settings import Settings
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import asked, on_paper
from tests.services.sample_files import PROGRAM, pdf


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }


@pytest.fixture
def reference(office: Office) -> str:
    return submit(office, on_paper("john"), asked()).reference


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    file = tmp_path / "letter.pdf"
    file.write_bytes(pdf())
    return file


def run(environment: dict[str, str], *given: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(documents, list(map(str, given)), env=environment, input=stdin)


def test_a_document_is_added_listed_fetched_and_checked(
    environment: dict[str, str], reference: str, letter: Path, tmp_path: Path
) -> None:
    added = run(environment, "add", reference, letter, "--kind", "work")
    assert (added.exit_code, added.output) == (0, f"{reference} document 1\n")
    again = run(environment, "add", reference, "-", "--kind", "work", stdin=pdf(b"second"))
    assert again.output == f"{reference} document 2\n"
    listed = run(environment, "list", reference).output
    assert "letter.pdf" in listed
    assert "work.pdf" in listed
    target = tmp_path / "fetched.pdf"
    assert run(environment, "fetch", reference, 1, "--to", target).exit_code == 0
    assert target.read_bytes() == pdf()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    there = run(environment, "fetch", reference, 2, "--to", target)
    assert (there.exit_code, target.read_bytes()) == (1, pdf())
    assert "is there already; name a new file" in there.output
    assert run(environment, "fetch", reference, 2, "--to", "-").stdout_bytes == pdf(b"second")
    checked = run(environment, "check")
    assert (checked.exit_code, checked.output) == (0, "2 documents, 0 of them missing or altered\n")


def test_a_file_that_is_no_document_is_refused(
    environment: dict[str, str], reference: str, letter: Path
) -> None:
    letter.write_bytes(PROGRAM)
    refused = run(environment, "add", reference, letter, "--kind", "work")
    assert refused.exit_code != 0
    assert "none of PDF, JPEG, PNG, GIF and TIFF" in str(refused.exception)
    assert run(environment, "check").output == "0 documents, 0 of them missing or altered\n"


def test_check_names_each_file_that_is_missing_or_altered(
    environment: dict[str, str], reference: str, letter: Path, database: TestDatabase
) -> None:
    run(environment, "add", reference, letter, "--kind", "work")
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("ALTER TABLE document_files DISABLE TRIGGER ALL")
        connection.execute("DELETE FROM document_files")
    checked = run(environment, "check")
    assert checked.exit_code == 1
    assert checked.output == (
        f"{reference} document 1: missing\n1 documents, 1 of them missing or altered\n"
    )


def test_files_that_no_event_names_are_told_and_removed_when_told_so(
    office: Office, environment: dict[str, str], reference: str, database: TestDatabase
) -> None:
    file = office.files.seal(reference, pdf())
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(
            "INSERT INTO document_files (reference, sealed, kept_at) "
            "VALUES (%s, %s, now() - interval '2 days')",
            (reference, file.sealed),
        )
    told = run(environment, "unnamed").output
    assert told.startswith(f"{reference} {file.stored} ")
    assert told.endswith("\n1 found\n")
    assert run(environment, "unnamed", "--remove").output.endswith("\n1 removed\n")
    assert run(environment, "unnamed").output == "0 found\n"


def test_explain_tells_what_came_in_and_what_is_awaited_by_when(
    office: Office, environment: dict[str, str], reference: str, letter: Path
) -> None:
    run(environment, "add", reference, letter, "--kind", "work")
    due = office.clock().date() + timedelta(days=30)
    ask = p.RequestDocuments(kinds=(p.DocumentKind.WORK,), due_on=due, text="The last two years")
    carry_out(office, reference, ask, asked(at=None))
    said = CliRunner().invoke(explain, [reference], env=environment).output
    assert "document 1, work: letter.pdf" in said
    assert f"  documents by {due.day} {due:%B %Y}: work, as officer.chan asked" in said
    assert "    The last two years" in said
    listed = run(environment, "list", reference).output
    assert f"Awaited by {due.day} {due:%B %Y}: work" in listed
