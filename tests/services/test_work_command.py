"""`qmas work`: the same work at a terminal."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from domain.access import Role
from domain.errors import HeldByAnother, NothingWaits, NotTheHolder
from services.cli.asking import operator
from services.cli.main import qmas as root
from services.wiring import Office
from services.work import work_at
from tests.services.visiting import file_case

Qmas = Callable[..., Result]


@pytest.fixture
def qmas(office: Office) -> Qmas:
    settings = office.settings
    environ = {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_BROKER_URL": settings.broker_url,
    }

    def run(*words: str, typed: str | None = None) -> Result:
        return CliRunner(env=environ).invoke(root, words, input=typed)

    return run


def test_the_next_case_is_taken_listed_and_put_back(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john")
    assert qmas("work", "next").output == f"{reference}: with {operator(Role.OFFICER).name}\n"
    assert isinstance(qmas("work", "next").exception, NothingWaits)
    listed = qmas("work", "list").output
    assert reference in listed
    assert "0 wait for an officer" in listed
    assert reference not in qmas("work", "list", "--of", "officer.lee").output
    assert qmas("work", "release", reference).output == f"{reference}: with nobody\n"
    assert "1 waits for an officer; nobody has it" in qmas("work", "list").output


def test_what_each_officer_has_is_shown_beside_what_nobody_has(office: Office, qmas: Qmas) -> None:
    file_case(office, "john")
    file_case(office, "emma")
    qmas("work", "next")
    shown = qmas("work", "load").output
    (row,) = (line for line in shown.splitlines() if operator(Role.OFFICER).name in line)
    assert [each.strip() for each in row.split("│")][2] == "1"
    assert "1 wait with nobody, the longest since 2019-05-" in shown


def test_the_next_case_is_of_the_kind_asked_for(office: Office, qmas: Qmas) -> None:
    file_case(office, "john")
    asked = ("work", "next", "--route", "achievement")
    assert isinstance(qmas(*asked).exception, NothingWaits)
    jackie = file_case(office, "jackie")
    assert jackie in qmas(*asked, "--stage", "submitted").output


def test_a_case_is_passed_on(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john")
    qmas("work", "take", reference)
    over = qmas("work", "hand-over", reference, "officer.lee")
    assert over.output == f"{reference}: with officer.lee\n"
    assert isinstance(qmas("work", "return", reference, "Ill").exception, NotTheHolder)
    assert isinstance(qmas("work", "take", reference).exception, HeldByAnother)
    assigned = qmas("work", "assign", reference, "officer.chan")
    assert assigned.output == f"{reference}: with officer.chan\n"


def test_a_case_is_returned_with_a_reason(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john")
    qmas("work", "take", reference)
    returned = qmas("work", "return", reference, "I know the family")
    assert returned.output == f"{reference}: with nobody\n"
    assert work_at(office, reference).way.reason == "I know the family"


def test_notes_are_written_corrected_and_kept(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john")
    qmas("work", "note", reference, "Born in 1980")
    qmas("work", "note", reference, "-", "--supersedes", "1", typed="Born in 1981\n")
    notes = work_at(office, reference).notes
    assert [(each.text, each.superseded_by) for each in notes] == [
        ("Born in 1980", 2),
        ("Born in 1981", None),
    ]


def test_the_history_shows_the_work_apart(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john")
    assert "Work on" not in qmas("history", reference).output
    qmas("work", "take", reference)
    own, _, other = qmas("history", reference).output.partition(f"Work on {reference}")
    assert "application-submitted" in own
    assert "case-taken" not in own
    assert "case-taken" in other
    assert "Work on" not in qmas("history", reference, "--as-of", "2019-05-01").output
