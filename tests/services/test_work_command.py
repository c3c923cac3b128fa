"""`qmas work`: the same work at a terminal."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from domain.access import Role
from domain.data_access import AccessAsked
from domain.days import hong_kong_date
from domain.errors import (
    AccessGroundMismatch,
    DataAccessOpen,
    HeldByAnother,
    NothingWaits,
    NotTheHolder,
)
from services.cli.asking import operator
from services.cli.main import qmas as root
from services.wiring import Office
from services.work import work_at
from tests.services.seeing import recorded
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
    nothing = qmas("work", "next").exception
    assert isinstance(nothing, NothingWaits)
    assert str(nothing).startswith("no case waits for an officer: ")
    assert "`qmas work list`" in str(nothing)
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
    nothing = qmas(*asked).exception
    assert isinstance(nothing, NothingWaits)
    assert str(nothing).startswith("no case of this kind waits for an officer: ")
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


def test_data_are_asked_for_put_off_and_given(office: Office, qmas: Qmas) -> None:
    reference, other = file_case(office, "john"), file_case(office, "emma")
    empty = qmas("work", "data-open").output
    assert "0 to be answered" in empty
    headings = ["Reference", "Answer by", "Day is", "With"]
    (row,) = (line for line in empty.splitlines() if "Reference" in line)
    assert [each.strip() for each in row.strip("┃").split("┃")] == headings
    today = hong_kong_date(office.clock())
    came = ("--received-on", today.isoformat(), "--channel", "letter", "--asked-by", "John Carter")
    asked = qmas("work", "data-requested", reference, "-", *came, typed="All that you hold\n")
    assert asked.output == f"{reference}: with nobody\n"
    open_now = work_at(office, reference).access
    assert open_now is not None
    assert open_now.personal == AccessAsked(asked_by="John Carter", text="All that you hold")
    again = qmas("work", "data-requested", reference, "All", *came)
    assert isinstance(again.exception, DataAccessOpen)
    long_ago = (came[0], (today - timedelta(days=50)).isoformat(), *came[2:])
    qmas("work", "data-requested", other, "All", *long_ago)
    qmas("work", "take", other)
    later = (today + timedelta(days=90)).isoformat()
    qmas("work", "data-delayed", reference, later, "The files are in an archive")
    found = [line for line in qmas("work", "data-open").output.splitlines() if "QM-" in line]
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in found]
    was_due = (today - timedelta(days=10)).isoformat()
    assert rows == [
        [other, was_due, "over", operator(Role.OFFICER).name],
        [reference, later, "", "nobody"],
    ]
    assert sorted(recorded(office)[-1]["cases"]) == sorted([other, reference])
    bare = qmas("work", "data-answered", reference, "refused")
    assert isinstance(bare.exception, AccessGroundMismatch)
    said = ("--ground", "identity", "--reason", "It was not shown who asks")
    qmas("work", "data-answered", reference, "refused", *said)
    qmas("work", "data-answered", other, "in-full")
    assert "0 to be answered" in qmas("work", "data-open").output


def test_a_day_that_is_none_is_said(office: Office, qmas: Qmas) -> None:
    wrong = qmas("work", "data-delayed", file_case(office), "2019-02-30", "Later")
    assert wrong.exit_code == 2
    assert "'2019-02-30' is not a day such as 2019-05-01" in wrong.output


def test_the_history_shows_the_work_apart(office: Office, qmas: Qmas) -> None:
    reference = file_case(office, "john")
    assert "Work on" not in qmas("history", reference).output
    qmas("work", "take", reference)
    own, _, other = qmas("history", reference).output.partition(f"Work on {reference}")
    assert "application-submitted" in own
    assert "case-taken" not in own
    assert "case-taken" in other
    assert "Work on" not in qmas("history", reference, "--as-of", "2019-05-01").output
