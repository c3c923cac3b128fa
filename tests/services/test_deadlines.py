"""What has come due is told once, whatever was down, whoever looks, however old the rows are."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import select

from domain import events as e
from domain import papers as p
from domain import stages as s
from domain import work_events as w
from domain.days import hong_kong_date
from domain.deadlines import (
    Deadline,
    DeadlineApproaching,
    DeadlineEvent,
    DeadlinePassed,
    StillInQueue,
)
from domain.outstanding import outstanding
from domain.particulars import ErasureDecided
from domain.projections.deadlines import DeadlineRow
from domain.record import Recorded
from domain.reminding import due, schedule
from services import deadlines
from services.fingerprints import own_command_id
from services.projections import runner
from services.projections.deadlines import days_due, due_cases
from services.projections.tables import deadlines as table
from services.projections.verify import verify
from services.store import Appended, Commit, Conflict
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.domain.histories import CANCELLED, HISTORIES, requested
from tests.domain.test_data_access import REQUESTED
from tests.integration.working import PROJECT, environment
from tests.services import poisoned
from tests.services.casebook import Casebook, history, reference

NOW: Final = datetime.now(UTC)
CASES: Final = 12
NOBODYS: Final = "QM-00000-00000"
# Tells of what is due, and dies as soon as the database has it.
DYING: Final = """
import os, signal, sys
from datetime import datetime
from services import deadlines
from services.fingerprints import own_command_id
from services.settings import Settings
from services.store import Store
from services.wiring import open_office

append = Store.append
def dies(store, commit):
    append(store, commit)
    os.kill(os.getpid(), signal.SIGKILL)
Store.append = dies
deadlines.fire(open_office(Settings.from_environment()), at=datetime.fromisoformat(sys.argv[1]))
"""


@pytest.fixture
def book(database: TestDatabase) -> Iterator[Casebook]:
    made = Casebook.opened(database.app_url, database.owner_url)
    yield made
    made.close()


def after(**passed: int) -> datetime:
    return NOW + timedelta(**passed)


def asked(days: int) -> p.DocumentsRequested:
    return replace(requested(), due_on=hong_kong_date(after(days=days)))


def file_in(book: Casebook, number: int, stage: type[s.CaseState], *more: e.CaseEvent) -> str:
    book.write(f"case-{reference(number)}", history(number, (*HISTORIES[stage], *more)))
    return reference(number)


def ask_for_data(book: Casebook, number: int, *, days: int) -> None:
    """A request for data came in that is to be answered in so many days."""
    due_on = hong_kong_date(after(days=days))
    book.write(f"work-{reference(number)}", (replace(REQUESTED, due_on=due_on),))


def told(office: Office, reference: str) -> list[DeadlineEvent]:
    found = office.store.read_stream(f"work-{reference}", personal=False)
    return [each.event for each in found if isinstance(each.event, DeadlineEvent)]


def recorded_of(office: Office, reference: str) -> tuple[Recorded[Any], ...]:
    return office.store.read_stream(f"work-{reference}", personal=False)


def rows_of(office: Office) -> list[DeadlineRow]:
    with office.models.reads.connect() as connection:
        found = connection.execute(select(table)).mappings()
        return [DeadlineRow(**each) for each in found]


def days(facts: list[DeadlineEvent]) -> list[int]:
    return [each.days for each in facts if isinstance(each, DeadlineApproaching)]


def test_a_day_that_nears_is_told_in_the_work_of_the_case(book: Casebook, office: Office) -> None:
    case = file_in(book, 1, s.InPool, asked(30))
    before = office.store.stream_version(f"case-{case}")
    assert deadlines.fire(office, at=after(days=15)) == 0
    assert deadlines.fire(office, at=after(days=16)) == 1
    (found,) = recorded_of(office, case)
    assert (found.actor, found.role, found.version) == ("system", "service", 1)
    expected = DeadlineApproaching(
        deadline=Deadline.DOCUMENTS,
        due_on=hong_kong_date(after(days=30)),
        opened=before,
        days=14,
    )
    assert found.event == expected
    assert office.store.stream_version(f"case-{case}") == before


def test_whoever_looks_again_tells_nothing_new(book: Casebook, office: Office) -> None:
    case = file_in(book, 1, s.InPool, asked(30))
    for day in range(40):
        for _ in range(2):
            deadlines.fire(office, at=after(days=day))
    facts = told(office, case)
    assert days(facts) == [14, 3]
    assert isinstance(facts[-1], DeadlinePassed)
    assert len(facts) == 3


def test_after_a_month_of_standing_still_one_thing_is_told(book: Casebook, office: Office) -> None:
    asked_for, waiting = file_in(book, 1, s.InPool, asked(30)), file_in(book, 2, s.InPool)
    assert deadlines.fire(office, at=after(weeks=30)) == 2
    assert [type(each) for each in told(office, asked_for)] == [DeadlinePassed]
    assert [type(each) for each in told(office, waiting)] == [StillInQueue]
    assert deadlines.fire(office, at=after(weeks=30)) == 0
    assert deadlines.fire(office, at=after(weeks=38)) == 1


def test_of_a_person_who_was_erased_while_they_wait_nothing_is_told(
    book: Casebook, office: Office
) -> None:
    case = file_in(book, 1, s.InPool, ErasureDecided())
    assert deadlines.fire(office, at=after(weeks=52)) == 0
    assert told(office, case) == []


def test_a_row_that_is_old_tells_nothing_of_an_answered_request(
    book: Casebook, office: Office, database: TestDatabase
) -> None:
    case = file_in(book, 1, s.InPool, asked(30), CANCELLED)
    runner.catch_up(office.store, office.models, "deadlines")
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "UPDATE deadlines SET deadline = 'documents', due_on = '2020-01-01', opened = 1, "
            "opened_on = '2019-01-01', quiet_since = '2019-01-01'"
        )
    at = after(days=16)
    found = due_cases(office.models, at, schedule(office.rulebook, at.date()), after="", limit=9)
    assert found == (case,)
    assert deadlines.fire(office, at=at) == 0
    assert told(office, case) == []


def test_a_read_model_that_is_filled_anew_tells_nothing_twice(
    book: Casebook, office: Office, database: TestDatabase
) -> None:
    cases = [file_in(book, number, s.InPool, asked(30)) for number in range(3)]
    assert deadlines.fire(office, at=after(days=16)) == 3
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("TRUNCATE deadlines, projection_checkpoints, projection_generations")
    assert deadlines.fire(office, at=after(days=17)) == 0
    assert [days(told(office, each)) for each in cases] == [[14]] * 3
    assert list(verify(office.store, office.models, "deadlines")) == []


def test_many_who_look_at_once_tell_each_thing_once(book: Casebook, office: Office) -> None:
    cases = [file_in(book, number, s.InPool, asked(30)) for number in range(CASES)]
    with ThreadPoolExecutor(4) as threads:
        counts = list(
            threads.map(lambda _: deadlines.fire(office, at=after(days=28), batch=5), range(4))
        )
    assert sum(counts) == CASES
    assert [days(told(office, each)) for each in cases] == [[3]] * CASES


def test_who_dies_right_after_the_append_has_told_it_for_good(
    book: Casebook, office: Office, database: TestDatabase, tmp_path: Path
) -> None:
    cases = [file_in(book, number, s.InPool, asked(30)) for number in range(3)]
    given = {**os.environ, **environment(tmp_path, database.app_url, "redis://127.0.0.1:9/0")}
    for _ in range(2):
        died = subprocess.run(
            [sys.executable, "-c", DYING, after(days=16).isoformat()],
            cwd=PROJECT,
            env=given,
            check=False,
        )
        assert died.returncode == -signal.SIGKILL
    assert sum(len(told(office, each)) for each in cases) == 2
    assert deadlines.fire(office, at=after(days=16)) == 1
    assert [days(told(office, each)) for each in cases] == [[14]] * 3


def test_what_is_worked_on_meanwhile_is_told_all_the_same(
    book: Casebook, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = file_in(book, 1, s.InPool, asked(30))
    append, met = office.store.append, []

    def append_late(commit: Any) -> Any:
        if not met:
            met.append(commit)
            book.write(f"work-{case}", [w.CaseTaken(officer="officer.lee")])
        return append(commit)

    monkeypatch.setattr(office.store, "append", append_late)
    assert deadlines.fire(office, at=after(days=16)) == 1
    assert days(told(office, case)) == [14]


def test_a_case_that_cannot_be_read_keeps_no_other_from_being_told(
    book: Casebook, office: Office, database: TestDatabase
) -> None:
    first, *others = sorted(file_in(book, number, s.InPool, asked(30)) for number in range(5))
    runner.catch_up(office.store, office.models, "deadlines")
    poisoned.of_a_later_kind(database.admin_url, f"case-{first}", 2)
    for _ in range(2):
        with pytest.raises(deadlines.DeadlinesUntold, match=f"in {first} could .* case-{first}@2"):
            deadlines.fire(office, at=after(days=16), batch=2)
        assert [days(told(office, each)) for each in others] == [[14]] * 4
    poisoned.of_a_kind_that_is_known(database.admin_url, f"case-{first}", 2)
    assert deadlines.fire(office, at=after(days=16)) == 1
    assert days(told(office, first)) == [14]


def test_an_id_that_is_taken_keeps_no_other_from_being_told(
    book: Casebook, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = sorted(file_in(book, number, s.InPool, asked(30)) for number in range(3))
    append = office.store.append

    def append_after_another(commit: Commit) -> Appended:
        (write,) = commit.writes
        if write.stream == f"work-{first}":
            elsewhere = replace(write, stream=f"work-{NOBODYS}", expected=0)
            with suppress(Conflict):
                append(replace(commit, fingerprint=b"of another", writes=(elsewhere,)))
        return append(commit)

    monkeypatch.setattr(office.store, "append", append_after_another)
    with pytest.raises(deadlines.DeadlinesUntold, match=f"in {first} could not be told"):
        deadlines.fire(office, at=after(days=16))
    assert [days(told(office, each)) for each in (first, *others)] == [[], [14], [14]]


def test_the_id_of_a_reminder_is_told_by_the_key_alone(office: Office) -> None:
    key = replace(office.settings, blind_index_key=bytes(32))
    of_another = own_command_id(replace(office, settings=key), "QM-1/visa/3/2019-05-01/passed")
    assert own_command_id(office, "QM-1/visa/3/2019-05-01/passed") != of_another


def test_a_case_that_cannot_be_folded_keeps_no_other_from_being_told(
    book: Casebook, office: Office, database: TestDatabase
) -> None:
    first, *others = sorted(file_in(book, number, s.InPool, asked(30)) for number in range(3))
    runner.catch_up(office.store, office.models, "deadlines")
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "UPDATE deadlines SET reference = %s WHERE reference = %s", (NOBODYS, others[0])
        )
    book.write(f"case-{NOBODYS}", [asked(30)])
    assert first > NOBODYS
    with pytest.raises(deadlines.DeadlinesUntold, match=f"{NOBODYS} .* deadlines stopped before"):
        deadlines.fire(office, at=after(days=16))
    assert [days(told(office, each)) for each in (first, others[1])] == [[14]] * 2


def test_a_window_that_has_closed_is_due_no_more(book: Casebook, office: Office) -> None:
    *before, refused = HISTORIES[s.Refused]
    assert isinstance(refused, e.ApplicationRefused)
    for number, day in ((1, -2), (2, 2)):
        until = hong_kong_date(after(days=day))
        book.write(
            f"case-{reference(number)}",
            history(number, (*before, replace(refused, reconsider_by=until))),
        )
    runner.catch_up(office.store, office.models, "deadlines")
    with office.models.reads.connect() as connection:
        assert set(days_due(connection, [reference(1), reference(2)])) == {reference(2)}


def file_in_every_stage(book: Casebook) -> list[str]:
    """Cases of every stage, with and without a request for documents and one for data."""
    number = 0
    for stage, events in HISTORIES.items():
        for more in ((), (asked(20),), (asked(9), CANCELLED)):
            if events:
                number += 1
                file_in(book, number, stage, *more)
                if number % 2:
                    ask_for_data(book, number, days=number)
    return [reference(each) for each in range(1, number + 1)]


def test_the_page_of_a_case_says_what_the_list_says(book: Casebook, office: Office) -> None:
    filed = file_in_every_stage(book)
    runner.catch_up(office.store, office.models, "deadlines")
    with office.models.reads.connect() as connection:
        listed = days_due(connection, filed)
    for each in filed:
        own = book.store.read_stream(f"case-{each}", personal=False)
        work = book.store.read_stream(f"work-{each}", personal=False)
        found = outstanding(own, work, hong_kong_date(office.clock()))
        said = [(due.deadline, due.due_on) for due in found[:1]]
        assert said == [(due.deadline, due.on) for due in (listed.get(each),) if due]
    assert len(listed) > len(filed) / 2


def test_the_rows_lead_to_exactly_what_is_due(book: Casebook, office: Office) -> None:
    file_in_every_stage(book)
    runner.catch_up(office.store, office.models, "deadlines")
    rows = rows_of(office)
    seen: set[str] = set()
    for weeks in (-700, -340, -330, -300, -290, -100, 0, 1, 2, 3, 4, 9, 60):
        at = after(weeks=weeks)
        told_when = schedule(office.rulebook, hong_kong_date(at))
        expected = sorted(row.reference for row in rows if due(row, at, told_when) is not None)
        found: list[str] = []
        while page := due_cases(
            office.models, at, told_when, after=found[-1] if found else "", limit=7
        ):
            found += page
        assert found == expected
        seen |= set(found)
    assert len(seen) > len(rows) / 2
