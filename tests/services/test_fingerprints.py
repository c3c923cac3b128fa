"""What tells two commands of one id apart goes with the person; a repeat is told the same."""

from dataclasses import replace
from datetime import date
from importlib import import_module

import psycopg
import pytest
from psycopg import errors

from domain import commands as c
from domain import exercise_commands as q
from domain import work_commands as w
from domain.decisions import Matter
from domain.errors import DuplicateApplication
from domain.gradings import DepartureCode, Direction, Grade
from domain.particulars import Relation
from domain.work_commands import WorkCommand
from services import exercises, work
from services.cases import carry_out
from services.fingerprints import fingerprint
from services.privacy.kept import preview_digest
from services.store import CommandReused
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import OFFICER, SECOND, SUPERVISOR, asked, filed_by
from tests.services.erasing import erase as erase_as_decided
from tests.services.exercising import PANEL
from tests.services.visiting import TO_POOL, file_case

SPOUSE = c.AddDependant(
    relation=Relation.SPOUSE,
    family_name="Carter",
    given_names="Joan",
    date_of_birth=date(1971, 3, 8),
    nationality="USA",
)
NOTE = w.AddNote(text="Joan Carter has called")


def kept(database: TestDatabase) -> set[bytes]:
    with psycopg.connect(database.owner_url) as owner:
        return {bytes(each) for (each,) in owner.execute("SELECT fingerprint FROM commits")}


def guess(office: Office, reference: str, command: c.CaseCommand | WorkCommand) -> bytes:
    """Return the hash by which whoever has the keys asks whether somebody said just this."""
    return fingerprint(office, reference, command, None)


def erase(office: Office, reference: str) -> None:
    carry_out(office, reference, c.WithdrawApplication(reason="We are moving"), asked(at=None))
    carry_out(office, reference, c.ProposeErasure(), asked(at=None))
    confirmed = c.ConfirmDecision(matter=Matter.ERASURE, preview=preview_digest(office, reference))
    carry_out(office, reference, confirmed, asked(SECOND, at=None))


def test_of_who_was_erased_no_guess_can_be_held_against_what_was_typed(
    office: Office, database: TestDatabase
) -> None:
    mine, other = file_case(office, "john", *TO_POOL), file_case(office, "emma", *TO_POOL)
    for reference in (mine, other):
        carry_out(office, reference, SPOUSE, asked(at=None))
        work.carry_out(office, reference, NOTE, asked(at=None))
    told = {guess(office, mine, each) for each in (SPOUSE, NOTE)}
    others = {guess(office, other, each) for each in (SPOUSE, NOTE)}
    assert told | others <= kept(database)

    erase(office, mine)

    assert not told & kept(database)
    assert others <= kept(database)


def test_nor_can_it_where_it_was_refused_beside_the_live_case_of_somebody_else(
    office: Office, database: TestDatabase
) -> None:
    emma, mine = file_case(office, "emma"), file_case(office, "john")
    who = replace(filed_by("emma").applicant, email=filed_by("john").applicant.email)
    mistyped = replace(filed_by("john"), applicant=who)
    correction = c.CorrectApplication(application=mistyped, reason="Mixed up")
    with pytest.raises(DuplicateApplication):
        carry_out(office, mine, correction, asked(at=None))
    assert len(work.work_at(office, emma).duplicates) == 1

    erase(office, mine)

    assert guess(office, mine, correction) not in kept(database)


def test_a_repeat_is_told_the_same_after_the_erasure_and_before_it_another_is_refused(
    office: Office,
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    request = asked(OFFICER, at=None)
    first = work.carry_out(office, reference, NOTE, request)
    with pytest.raises(CommandReused):
        work.carry_out(office, reference, w.AddNote(text="Nobody has called"), request)

    erase(office, reference)

    assert work.carry_out(office, reference, NOTE, request) == replace(first, repeated=True)


def test_another_command_is_not_answered_as_one_on_a_case_that_was_erased(office: Office) -> None:
    mine, other = file_case(office, "john", *TO_POOL), file_case(office, "emma", *TO_POOL)
    noted, handled = asked(OFFICER, at=None), asked(OFFICER, at=None)
    work.carry_out(office, mine, NOTE, noted)
    carry_out(office, mine, SPOUSE, handled)
    erase(office, mine)
    with pytest.raises(CommandReused):
        work.carry_out(office, other, NOTE, noted)
    with pytest.raises(CommandReused):
        carry_out(office, other, SPOUSE, handled)
    with pytest.raises(CommandReused):
        carry_out(office, mine, SPOUSE, noted)
    with pytest.raises(CommandReused):
        work.carry_out(office, mine, NOTE, handled)
    assert carry_out(office, mine, SPOUSE, handled).repeated


def test_nor_is_one_on_another_exercise(office: Office) -> None:
    reference = file_case(office, "john", *TO_POOL)
    opening = q.OpenExercise(exercise="first", title="First", places=1)
    exercises.open_exercise(office, opening, asked(SUPERVISOR))
    exercises.draw_shortlist(office, "first", asked(SUPERVISOR))
    carry_out(
        office, reference, c.GradeCase(exercise="first", grade=Grade.OUTSTANDING), asked(PANEL)
    )
    departure = q.DepartFromRank(
        reference=reference,
        direction=Direction.PLACE,
        code=DepartureCode.NEEDS,
        reason="The only one of the trade",
    )
    request = asked(SUPERVISOR, at=None)
    first = exercises.depart_from_rank(office, "first", departure, request)
    erase_as_decided(office.store, reference)
    with pytest.raises(CommandReused):
        exercises.publish_result(office, "second", request)
    again = exercises.depart_from_rank(office, "first", departure, request)
    assert again == replace(first, repeated=True)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE commits SET fingerprint = '\\x00'",
        "UPDATE commits SET result = '{}', fingerprint = '\\x00'",
        "SELECT forget_fingerprints_of('QM-4K7RT-9XWPR')",
    ],
)
def test_the_application_takes_no_fingerprint(
    office: Office, database: TestDatabase, change: str
) -> None:
    file_case(office, "john")
    with (
        psycopg.connect(database.app_url) as application,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        application.execute(change)


def test_nobody_takes_that_of_a_living_case_or_anything_else(
    office: Office, database: TestDatabase
) -> None:
    living, erased = file_case(office, "john"), file_case(office, "emma")
    erase(office, erased)
    of_erased = """
        UPDATE commits SET fingerprint = {}, result = {} WHERE commit_id IN (
            SELECT commit_id FROM events WHERE stream = %(stream)s
        )
    """
    for change in (
        "SELECT forget_fingerprints_of(%(living)s)",
        "UPDATE commits SET fingerprint = '\\x00'",
        of_erased.format("'\\x01'", "result"),
        of_erased.format("'\\x00'", "'{}'"),
    ):
        with psycopg.connect(database.admin_url) as admin:
            admin.execute("SET qmas.forgets = 'fingerprints'")
            with pytest.raises(errors.RestrictViolation, match="only an erasure takes"):
                admin.execute(change, {"living": living, "stream": f"case-{erased}"})


def test_those_of_who_was_erased_before_go_with_the_migration(
    office: Office, database: TestDatabase
) -> None:
    reference = file_case(office, "john", *TO_POOL)
    carry_out(office, reference, SPOUSE, asked(at=None))
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("ALTER TABLE case_keys DISABLE TRIGGER case_keys_fingerprints_go")
    erase(office, reference)
    assert guess(office, reference, SPOUSE) in kept(database)

    migration = import_module("migrations.versions.0057_fingerprints_go")
    with psycopg.connect(database.owner_url) as owner:
        last, gone = owner.execute(migration._SOME, {"after": ""}).fetchone() or ()
        assert (last, gone > 0) == (reference, True)
        assert owner.execute(migration._SOME, {"after": last}).fetchone() == (None, None)

    assert guess(office, reference, SPOUSE) not in kept(database)
