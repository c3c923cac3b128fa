"""Withdrawing and filing anew in one commit: linked, all or nothing, once, whoever races."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from random import Random
from threading import Event
from uuid import UUID, uuid4

import psycopg
import pytest

from domain import commands as c
from domain.access import Person, Role
from domain.errors import (
    AnotherPerson,
    DuplicateApplication,
    Forbidden,
    NotAllowedNow,
    RecusedFromCase,
    Refusal,
)
from domain.events import ApplicationSubmitted, ApplicationWithdrawn
from domain.interruptions import CaseHeld, InterruptionReason
from domain.stages import Stage
from domain.told import recusals_told
from domain.work_commands import TakeCase
from services import work
from services.cases import case_at, submit
from services.refiling import withdraw_and_refile
from services.store import CommandReused, Conflict, StoreFault
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import MAY_2019, asked, asked_for, filed_by, on_paper, together
from tests.services.exercising import carry_out

REFILINGS = 25
SHORTEST, LONGEST = 0.0005, 0.01
_KILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_COMMITS = """
SELECT count(*), count(DISTINCT commit_id) FROM events
WHERE body #>> '{payload,refiled_as}' IS NOT NULL OR body #>> '{payload,refiles}' IS NOT NULL
"""


def test_both_cases_are_linked_and_stand_in_one_commit(
    office: Office, database: TestDatabase
) -> None:
    old = submit(office, on_paper("john"), asked()).reference
    new = withdraw_and_refile(office, old, on_paper("john"), asked(expected=1))

    assert (new.version, new.stage, new.repeated) == (1, Stage.SUBMITTED, False)
    withdrawn, filed = case_at(office, old), case_at(office, new.reference)
    assert withdrawn.stage is Stage.WITHDRAWN
    ended, begun = withdrawn.events[-1], filed.events[0]
    assert ended.event == ApplicationWithdrawn(personal=None, refiled_as=new.reference)
    assert isinstance(begun.event, ApplicationSubmitted)
    assert begun.event.refiles == old
    assert ended.command_id == begun.command_id
    with psycopg.connect(database.admin_url) as connection:
        assert connection.execute(_COMMITS).fetchone() == (2, 1)


def test_the_one_live_application_passes_from_the_old_case_to_the_new(office: Office) -> None:
    old = submit(office, on_paper("john"), asked()).reference
    new = withdraw_and_refile(office, old, on_paper("john"), asked()).reference
    with pytest.raises(DuplicateApplication):
        submit(office, on_paper("john"), asked())
    carry_out(office, new, c.WithdrawApplication(), asked())
    submit(office, on_paper("john"), asked())


def test_a_repeat_gets_the_first_new_case_and_other_content_is_refused(office: Office) -> None:
    old = submit(office, on_paper("john"), asked()).reference
    request = asked(expected=1)
    first = withdraw_and_refile(office, old, on_paper("john"), request)
    again = withdraw_and_refile(office, old.lower(), on_paper("john"), request)
    assert again == replace(first, repeated=True)
    with pytest.raises(CommandReused):
        withdraw_and_refile(office, old, on_paper("emma"), request)
    assert office.store.sequence() == 3


def test_nothing_is_withdrawn_where_nothing_can_be_filed(office: Office) -> None:
    john = submit(office, on_paper("john"), asked()).reference
    emma = submit(office, on_paper("emma"), asked()).reference
    with pytest.raises(AnotherPerson):
        withdraw_and_refile(office, john, on_paper("emma"), asked())
    with pytest.raises(Conflict):
        withdraw_and_refile(office, john, on_paper("john"), asked(expected=7))
    assert {case_at(office, each).stage for each in (john, emma)} == {Stage.SUBMITTED}
    assert {case_at(office, each).version for each in (john, emma)} == {1}


def test_a_case_that_ended_or_was_approved_cannot_be_refiled(office: Office) -> None:
    reference = submit(office, on_paper("john"), asked()).reference
    refusal = together(c.ProposeRefusal(reasons=("No",)))
    selected = (c.ShortlistCase(exercise="1", rank=1), c.SelectCase(exercise="1", rank=1))
    scored = (c.AcknowledgeApplication(), c.AssessPrerequisites(), c.ScoreApplication())
    supervisor = Person(name="supervisor.wong", role=Role.SUPERVISOR)
    for command in (*scored, *selected, *refusal):
        carry_out(office, reference, command, asked_for(command, supervisor))
    with pytest.raises(NotAllowedNow):
        withdraw_and_refile(office, reference, on_paper("john"), asked())


def test_applicants_refile_their_own_case_only_and_auditors_none(office: Office) -> None:
    old = submit(office, on_paper("john"), asked()).reference
    for name, role in (("QM-AAAAA-AAAAA", Role.APPLICANT), ("auditor.ho", Role.AUDITOR)):
        request = asked(Person(name=name, role=role), at=None)
        with pytest.raises(Forbidden):
            withdraw_and_refile(office, old, on_paper("john"), request)
    own = asked(Person(name=old, role=Role.APPLICANT), at=None)
    online = c.SubmitApplication(application=filed_by("john"))
    assert withdraw_and_refile(office, old, online, own).reference != old


@pytest.mark.parametrize("differing", ["date_of_birth", "name and passport"])
def test_nobody_files_in_the_place_of_somebody_else(office: Office, differing: str) -> None:
    old, john = submit(office, on_paper("john"), asked()).reference, filed_by("john")
    document = replace(john.applicant.travel_document, number="X7654321")
    other = (
        replace(john.applicant, date_of_birth=date(1984, 2, 29))
        if differing == "date_of_birth"
        else replace(john.applicant, travel_document=document, given_names="James")
    )
    own = asked(Person(name=old, role=Role.APPLICANT), at=None)
    application = replace(john, applicant=other)
    with pytest.raises(AnotherPerson):
        withdraw_and_refile(office, old, c.SubmitApplication(application=application), own)
    assert case_at(office, old).version == 1


def test_an_investigation_goes_on_to_the_case_in_its_place(office: Office) -> None:
    old = submit(office, on_paper("john"), asked()).reference
    carry_out(office, old, c.HoldCase(reason="The diploma"), asked())
    own = asked(Person(name=old, role=Role.APPLICANT), at=None)
    online = c.SubmitApplication(application=filed_by("john"))
    new = case_at(office, withdraw_and_refile(office, old, online, own).reference)
    held = CaseHeld(personal=InterruptionReason(text="The diploma"))
    assert [each.event for each in new.events[1:]] == [held]


def test_whoever_stepped_aside_has_done_so_from_the_case_in_its_place(office: Office) -> None:
    old = submit(office, on_paper("john"), asked()).reference
    friend = Person(name="officer.friend", role=Role.OFFICER)
    carry_out(office, old, c.RecuseOfficer(reason="A friend"), asked(friend))
    carry_out(office, old, c.HoldCase(reason="The diploma"), asked())
    new = case_at(office, withdraw_and_refile(office, old, on_paper("john"), asked()).reference)
    (told,) = recusals_told(new.events)
    assert (told.officer, told.reason) == (friend.name, "A friend")
    for act in (c.AcknowledgeApplication(), c.LiftHold(reason="It is genuine")):
        with pytest.raises(RecusedFromCase):
            carry_out(office, new.reference, act, asked(friend))
    with pytest.raises(RecusedFromCase):
        work.carry_out(office, new.reference, TakeCase(), asked(friend))


def test_the_person_may_have_a_new_passport_in_the_new_application(office: Office) -> None:
    john = filed_by("john")
    document = replace(john.applicant.travel_document, number="X7654321")
    renewed = replace(john, applicant=replace(john.applicant, travel_document=document))
    old = submit(office, on_paper("john"), asked()).reference
    withdraw_and_refile(office, old, c.SubmitApplication(application=renewed), asked())
    submit(office, on_paper("john"), asked())  # the old passport's reservation was released
    with pytest.raises(DuplicateApplication):
        submit(office, c.SubmitApplication(application=renewed), asked())


def test_of_many_who_refile_a_case_at_once_one_does(office: Office) -> None:
    old = submit(office, on_paper("john"), asked()).reference

    def refile(number: int) -> bool:
        try:
            if number % 3 == 0:
                submit(office, on_paper("john"), asked())
            else:
                withdraw_and_refile(office, old, on_paper("john"), asked())
        except Refusal:
            return False
        return number % 3 != 0

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(refile, range(9))).count(True) == 1
    facts = [each.event for each in office.store.read_log(after=0, limit=100)]
    assert sum(isinstance(each, ApplicationSubmitted) for each in facts) == 2
    assert sum(isinstance(each, ApplicationWithdrawn) for each in facts) == 1


def _pause(broken: int, luck: float) -> float:
    """Return the seconds to the next kill: it may fall anywhere in an attempt, or behind it.

    The more attempts of a refiling were broken, the longer, so that one gets through on a machine
    of any speed.
    """
    return SHORTEST * (LONGEST / SHORTEST * (1 + broken / 10)) ** luck


def test_connections_that_are_killed_leave_no_half_of_it(
    office: Office, database: TestDatabase
) -> None:
    done = Event()
    broken = [0]  # so many attempts of each refiling

    def kill() -> None:
        chance = Random(REFILINGS)  # noqa: S311 - it must be the same again
        with psycopg.connect(database.admin_url, autocommit=True) as connection:
            while not done.wait(_pause(broken[-1], chance.random())):
                connection.execute(_KILL)

    def refile(reference: str, command_id: UUID) -> str:
        request = asked(command_id=command_id)
        broken.append(0)
        while True:
            try:
                return withdraw_and_refile(office, reference, on_paper("john"), request).reference
            except StoreFault:
                broken[-1] += 1

    reference = submit(office, on_paper("john"), asked(at=MAY_2019)).reference
    ids = [uuid4() for _ in range(REFILINGS)]
    passed = [reference]
    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(kill)
        try:
            for each in ids:
                passed.append(refile(passed[-1], each))
        finally:
            done.set()
        killing.result()
    assert sum(broken) >= REFILINGS
    assert len(set(passed)) == len(ids) + 1
    stages = [case_at(office, each).stage for each in passed]
    assert stages == [Stage.WITHDRAWN] * len(ids) + [Stage.SUBMITTED]
    with psycopg.connect(database.admin_url) as connection:
        assert connection.execute(_COMMITS).fetchone() == (2 * len(ids), len(ids))
