"""An erasure, decided by two: the key goes with the event, whatever breaks off meanwhile."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from domain import commands as c
from domain.decisions import Matter
from domain.errors import PreviewOutdated
from domain.particulars import ErasureDecided
from domain.work_commands import AddNote
from services.cases import carry_out, case_at, history
from services.privacy.kept import preview_digest
from services.privacy.preview import preview
from services.settings import Settings
from services.store import MasterKeyChanged, StoreUnreachable
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.services.asking import OFFICER, SECOND, asked
from tests.services.seeing import looking
from tests.services.test_data_access import ask
from tests.services.test_second_person import Stream
from tests.services.visiting import TO_POOL, file_case


def confirming(digest: str) -> c.ConfirmDecision:
    """Return the confirmation of the erasure of what a preview of that digest showed."""
    return c.ConfirmDecision(matter=Matter.ERASURE, preview=digest)


def confirm(office: Office, reference: str) -> c.ConfirmDecision:
    """Return the confirmation of the erasure as it would be now."""
    return confirming(preview_digest(office, reference))


@pytest.fixture
def ended(office: Office) -> str:
    """John's case, withdrawn, of which an officer proposed the erasure."""
    reference = file_case(office, "john", *TO_POOL)
    carry_out(office, reference, c.WithdrawApplication(reason="We are moving"), asked(OFFICER))
    carry_out(office, reference, c.ProposeErasure(), asked(OFFICER))
    return reference


def erasures(office: Office, reference: str) -> int:
    return sum(isinstance(each.event, ErasureDecided) for each in history(office, reference))


def personal_of(office: Office, reference: str) -> list[Any]:
    """Return what the events of a case still tell of its person."""
    said = [getattr(each.event, "personal", None) for each in history(office, reference)]
    return [each for each in said if each is not None]


def key_is_there(database: TestDatabase, reference: str) -> bool:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute(
            "SELECT wrapped IS NOT NULL FROM case_keys WHERE reference = %s", (reference,)
        ).fetchone()
    assert row is not None
    return bool(row[0])


def test_the_key_goes_with_the_event_and_a_repeat_is_told_the_same(
    office: Office, settings: Settings, database: TestDatabase, ended: str
) -> None:
    with closing(open_office(settings)) as other:
        # The other one has read, and so remembers what opens the case.
        assert personal_of(other, ended)
        request, command = asked(SECOND), confirm(office, ended)
        outcome = carry_out(office, ended, command, request)
        assert not key_is_there(database, ended)
        for each in (office, other):
            assert carry_out(each, ended, command, request) == replace(outcome, repeated=True)
            assert personal_of(each, ended) == []
    assert erasures(office, ended) == 1


def test_an_erasure_that_breaks_off_leaves_both_or_neither(
    office: Office, database: TestDatabase, ended: str
) -> None:
    request, command = asked(SECOND), confirm(office, ended)
    version = case_at(office, ended).version
    # Somebody is just writing the same version: the key is destroyed already and the event waits.
    with psycopg.connect(database.app_url) as slow, ThreadPoolExecutor(1) as pool:
        stream = Stream(slow, f"case-{ended}", version)
        stream.write({"type": "application-acknowledged"})
        erasing = pool.submit(carry_out, office, ended, command, request)
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            for _ in range(2):  # the store tries once more
                kill_who_waits(admin, slow.info.backend_pid)
        with pytest.raises(StoreUnreachable):
            erasing.result()
        slow.rollback()
    assert key_is_there(database, ended)
    assert erasures(office, ended) == 0
    # Asked again it is done, whole, and once.
    carry_out(office, ended, command, request)
    assert not key_is_there(database, ended)
    assert erasures(office, ended) == 1


def test_an_erasure_whose_connection_broke_is_done_by_the_next_attempt(
    office: Office, database: TestDatabase, ended: str
) -> None:
    version, command = case_at(office, ended).version, confirm(office, ended)
    with psycopg.connect(database.app_url) as slow, ThreadPoolExecutor(1) as pool:
        stream = Stream(slow, f"case-{ended}", version)
        stream.write({"type": "application-acknowledged"})
        erasing = pool.submit(carry_out, office, ended, command, asked(SECOND))
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            kill_who_waits(admin, slow.info.backend_pid)
        slow.rollback()
        assert erasing.result().version == version + 2
    assert not key_is_there(database, ended)
    assert erasures(office, ended) == 1


def test_a_process_that_was_told_another_master_key_erases_nobody(
    office: Office, settings: Settings, database: TestDatabase, ended: str
) -> None:
    with closing(open_office(replace(settings, master_key=os.urandom(32)))) as stranger:
        for named in ("", preview_digest(office, ended)):
            with pytest.raises(MasterKeyChanged):
                carry_out(stranger, ended, confirming(named), asked(SECOND))
    assert key_is_there(database, ended)
    assert erasures(office, ended) == 0


def test_what_comes_in_while_a_preview_is_put_together_makes_it_outdated(
    office: Office, database: TestDatabase, ended: str
) -> None:
    note = AddNote(text="Her brother has asked for the file")
    with psycopg.connect(database.owner_url) as slow, ThreadPoolExecutor(1) as pool:
        # The letters of a case are what a preview counts last.
        slow.execute("LOCK TABLE notifications IN ACCESS EXCLUSIVE MODE")
        looking_at_it = pool.submit(preview, office, looking(), ended)
        with psycopg.connect(database.admin_url, autocommit=True) as admin:
            while not waits_behind(admin, slow.info.backend_pid):
                pass
        ask(office, ended, note)
        slow.rollback()
        shown = looking_at_it.result()
    assert "note-added" not in shown.kept.events
    with pytest.raises(PreviewOutdated):
        carry_out(office, ended, confirming(shown.digest), asked(SECOND))


def waits_behind(admin: psycopg.Connection[Any], blocker: int) -> bool:
    """Say whether some connection waits for the blocking one."""
    query = "SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid))"
    return admin.execute(query, (blocker,)).fetchone() is not None


def kill_who_waits(admin: psycopg.Connection[Any], blocker: int) -> None:
    """The connection that waits for the blocking one is gone."""
    while True:
        row = admin.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE %s = ANY (pg_blocking_pids(pid))",
            (blocker,),
        ).fetchone()
        if row is not None:
            assert row[0]
            return
