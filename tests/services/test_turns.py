"""Nobody is given a case from which they have just stepped aside, however the two meet."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import uuid4

import psycopg
import pytest

from domain import commands as cc
from domain import work_commands as c
from domain.access import Person
from domain.errors import NothingWaits, RecusedFromCase, Refusal
from domain.work_events import CaseReleased
from services import cases, work
from services.projections.runner import catch_up_all
from services.requests import Request
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.services.asking import OFFICER, SUPERVISOR, asked
from tests.services.test_work import LEE, ask, file_one

_WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE datname = current_database() AND NOT granted
"""
_ASIDE = cc.RecuseOfficer(reason="A cousin of mine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """A way in which an officer gets a case, by whom, and what happened to the case before."""

    command: c.WorkCommand | c.TakeNext
    by: Person
    before: tuple[tuple[c.WorkCommand, Person], ...] = ()

    def prepare(self, office: Office, number: int = 1) -> str:
        """Return the reference of a case that is to be given so."""
        reference = file_one(office, number)
        for command, person in self.before:
            ask(office, reference, command, person)
        catch_up_all(office.store, office.models)
        return reference

    def carry_out(
        self, office: Office, reference: str, request: Request | None = None
    ) -> work.WorkOutcome:
        """Carry it out."""
        request = request or asked(self.by, at=None)
        if isinstance(self.command, c.TakeNext):
            return work.take_next(office, self.command, request)
        return work.carry_out(office, reference, self.command, request)


GIVINGS = (
    Giving(command=c.AssignCase(officer=OFFICER.name), by=SUPERVISOR),
    Giving(command=c.TakeCase(), by=OFFICER),
    Giving(command=c.TakeNext(), by=OFFICER),
    Giving(command=c.HandOverCase(officer=OFFICER.name), by=LEE, before=((c.TakeCase(), LEE),)),
    Giving(
        command=c.ReturnCase(reason="It is yours"),
        by=LEE,
        before=((c.TakeCase(), OFFICER), (c.HandOverCase(officer=LEE.name), OFFICER)),
    ),
)
every_giving = pytest.mark.parametrize(
    "giving", GIVINGS, ids=lambda each: type(each.command).__name__
)


def step_aside(office: Office, reference: str, request: Request | None = None) -> cases.Outcome:
    return cases.carry_out(office, reference, _ASIDE, request or asked(at=None))


@contextmanager
def nothing_is_written(database: TestDatabase) -> Iterator[Callable[[int], None]]:
    """No commit gets through meanwhile; what is given waits until so many wait for anything."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("LOCK TABLE commits IN SHARE MODE")

        def waits(count: int) -> None:
            until = time.monotonic() + 30
            while owner.execute(_WAITING).fetchone() != (count,):
                assert time.monotonic() < until, "nobody came so far"
                time.sleep(0.01)

        yield waits


def _met(
    office: Office, database: TestDatabase, *two: Callable[[], object]
) -> list[Future[object]]:
    """Return what became of two who both had looked before either had written, the first first."""
    with ThreadPoolExecutor(2) as threads:
        with nothing_is_written(database) as waits:
            found = []
            for number, each in enumerate(two, start=1):
                found.append(threads.submit(each))
                waits(number)
        return found


@every_giving
def test_who_is_given_a_case_and_then_steps_aside_from_it_has_it_no_more(
    office: Office, database: TestDatabase, giving: Giving
) -> None:
    reference = giving.prepare(office)
    given, aside = _met(
        office,
        database,
        lambda: giving.carry_out(office, reference),
        lambda: step_aside(office, reference),
    )
    assert (given.exception(), aside.exception()) == (None, None)
    found = work.work_at(office, reference)
    assert (found.holder, found.events[-1].event) == (None, CaseReleased(officer=OFFICER.name))


@every_giving
def test_who_stepped_aside_first_is_not_given_the_case(
    office: Office, database: TestDatabase, giving: Giving
) -> None:
    reference = giving.prepare(office)
    aside, given = _met(
        office,
        database,
        lambda: step_aside(office, reference),
        lambda: giving.carry_out(office, reference),
    )
    assert aside.exception() is None
    match giving.command:
        case c.ReturnCase():
            assert given.exception() is None, "it goes back to nobody"
        case c.TakeNext():
            assert isinstance(given.exception(), NothingWaits)
        case _:
            assert isinstance(given.exception(), RecusedFromCase)
    assert work.work_at(office, reference).holder != OFFICER.name


def test_however_often_they_race_nobody_keeps_what_they_stepped_aside_from(office: Office) -> None:
    def at_once(attempt: Callable[[], object], start: threading.Barrier) -> bool:
        start.wait(30)
        try:
            attempt()
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(3) as threads:
        for number in range(12):
            giving = GIVINGS[number % 3]
            reference, start = giving.prepare(office, number), threading.Barrier(3)
            tried = [
                threads.submit(at_once, attempt, start)
                for attempt in (
                    partial(step_aside, office, reference),
                    partial(giving.carry_out, office, reference),
                    partial(GIVINGS[0].carry_out, office, reference),
                )
            ]
            assert tried[0].result(60), "whoever steps aside is never refused for that"
            assert [each.result(60) for each in tried]
            assert work.work_at(office, reference).holder is None


@every_giving
def test_a_repeat_gets_the_first_answer_after_somebody_stepped_aside(
    office: Office, giving: Giving
) -> None:
    reference = giving.prepare(office)
    request, aside = asked(giving.by, at=None, command_id=uuid4()), asked(at=None)
    first = giving.carry_out(office, reference, request)
    stepped = step_aside(office, reference, aside)
    again, stepped_again = (
        giving.carry_out(office, reference, request),
        step_aside(office, reference, aside),
    )
    assert (first.holder, again.holder) == (OFFICER.name, OFFICER.name)
    assert (first.repeated, again.repeated) == (False, True)
    assert (stepped.repeated, stepped_again.repeated) == (False, True)
    assert stepped_again.version == stepped.version
