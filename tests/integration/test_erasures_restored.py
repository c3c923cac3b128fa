"""A backup from before an erasure is restored: who was erased is so before anybody is served."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from domain import commands as c
from domain import legal_holds as h
from domain.particulars import ErasureDecided
from domain.stages import Stage
from services.cases import carry_out, case_at, history, submit
from services.facts import fact_told
from services.privacy import again
from services.privacy.places import ErasuresAway, Places
from services.privacy.remembering import remember
from services.projections.runner import catch_up_all
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.integration.restoring import dump, restore
from tests.services.asking import OFFICER, SECOND, SUPERVISOR, asked
from tests.services.by_hand import Stream, connected
from tests.services.visiting import signed_in


@contextmanager
def restored(office: Office, file: Path, into: TestDatabase) -> Iterator[Office]:
    """Yield an office on the restored backup, beside the same folder and the same Redis."""
    restore(file, into.admin_url)
    told = replace(office.settings, database_url=into.app_url, owner_database_url=into.owner_url)
    with closing(open_office(told)) as opened:
        yield opened


@pytest.fixture
def backed_up(office: Office, database: TestDatabase, tmp_path: Path) -> tuple[Path, m.Marked]:
    """A backup in which a case is in the pool, whose person was erased after it was taken."""
    marked = m.file_marked(office)
    catch_up_all(office.store, office.models)
    dump(database.owner_url, tmp_path / "dump")
    m.fill(office, marked)
    m.propose(office, marked.reference)
    m.confirm(office, marked.reference)
    return tmp_path / "dump", marked


def key_is_there(database: TestDatabase, reference: str) -> bool:
    with psycopg.connect(database.owner_url) as owner:
        query = "SELECT wrapped IS NOT NULL FROM case_keys WHERE reference = %s"
        row = owner.execute(query, (reference,)).fetchone()
    assert row is not None
    return bool(row[0])


def without_redis(office: Office) -> Office:
    settings = office.settings
    return replace(office, erasures=Places(settings.fence_folder, None, settings.blind_index_key))


def test_who_was_erased_is_so_in_a_restored_backup_before_the_first_page(
    office: Office, empty_database: TestDatabase, backed_up: tuple[Path, m.Marked]
) -> None:
    file, marked = backed_up
    with restored(office, file, empty_database) as old:
        assert key_is_there(empty_database, marked.reference)
        page = signed_in(old, OFFICER.name).get(f"/staff/cases/{marked.reference}")
        assert not key_is_there(empty_database, marked.reference)
        assert m.told(page.html.encode()) == set()

        *_, last = history(old, marked.reference)
        assert isinstance(last.event, ErasureDecided)
        assert last.event.again is not None
        two = last.event.again.proposed_by, last.event.again.confirmed_by
        assert two == (OFFICER.name, SECOND.name)
        assert "officer.chan and supervisor.lee decided it on" in " ".join(fact_told(last.event))
        assert case_at(old, marked.reference).stage is Stage.IN_POOL
        catch_up_all(old.store, old.models)
        left = m.dumped(empty_database.owner_url)
        assert m.kept_tokens(m.tokens(old, marked), left) == set()
        # What their live application reserved is free, and a second look does nothing more.
        submit(old, c.SubmitApplication(application=marked.filed), asked())
        assert again.keep_watch(old) == 0


def test_the_folder_alone_is_enough_and_so_is_redis_alone(
    office: Office, empty_database: TestDatabase, backed_up: tuple[Path, m.Marked]
) -> None:
    file, marked = backed_up
    kept = office.settings.fence_folder / "erasures"
    assert again.apply_again(without_redis(office)) == ()
    assert set(without_redis(office).erasures.found().erasures) == {marked.reference}
    kept.unlink()
    with restored(office, file, empty_database) as old:
        assert again.apply_again(old) == (marked.reference,)
        # The folder has what it had lost again, from the database.
        assert remember(old) == 1
        assert set(without_redis(old).erasures.found().erasures) == {marked.reference}


def test_what_a_killed_process_did_not_keep_is_kept_by_the_next_look(
    office: Office, backed_up: tuple[Path, m.Marked]
) -> None:
    _, marked = backed_up
    alone = without_redis(office)
    kept = office.settings.fence_folder / "erasures"
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    found = alone.erasures.found()
    assert (dict(found.erasures), found.broken) == ({}, (str(kept),))
    again.keep_watch(alone)
    assert set(alone.erasures.found().erasures) == {marked.reference}


def test_a_line_that_somebody_else_wrote_erases_nobody(office: Office) -> None:
    marked = m.file_marked(office)
    kept = office.settings.fence_folder / "erasures"
    kept.parent.mkdir(parents=True, exist_ok=True)
    line = f'["{marked.reference}", "one", "two", "2019-05-01T00:00:00+00:00", "{"0" * 64}"]'
    kept.write_text(line + "\n")
    assert again.apply_again(office) == ()
    assert office.store.readable((marked.reference,)) == (marked.reference,)


def test_while_no_place_can_be_asked_nobody_is_served(office: Office) -> None:
    marked = m.file_marked(office)
    office.settings.fence_folder.write_text("in the way")
    closed = without_redis(office)
    with pytest.raises(ErasuresAway):
        again.settled(closed)
    office.settings.fence_folder.unlink()
    again.settled(closed)
    assert case_at(closed, marked.reference).stage is Stage.IN_POOL


def test_an_erasure_is_done_though_it_can_be_kept_nowhere(
    office: Office, database: TestDatabase
) -> None:
    marked = m.file_marked(office)
    office.settings.fence_folder.write_text("in the way")
    closed = without_redis(office)
    carry_out(closed, marked.reference, c.WithdrawApplication(), asked(at=None))
    carry_out(closed, marked.reference, c.ProposeErasure(), asked(at=None))
    m.confirm(closed, marked.reference)
    assert not key_is_there(database, marked.reference)
    office.settings.fence_folder.unlink()
    again.keep_watch(closed)
    assert set(closed.erasures.found().erasures) == {marked.reference}


def test_a_legal_hold_of_the_backup_keeps_nobody_who_was_erased_after_it_was_lifted(
    office: Office, database: TestDatabase, empty_database: TestDatabase, tmp_path: Path
) -> None:
    reference = m.file_marked(office).reference
    place = h.PlaceLegalHold(authority=h.Authority.AUDIT, reason="Report 66")
    carry_out(office, reference, place, asked(at=None))
    dump(database.owner_url, tmp_path / "dump")
    lift = h.LiftLegalHold(hold=1, reason="It is out")
    carry_out(office, reference, lift, asked(SUPERVISOR, at=None))
    carry_out(office, reference, c.WithdrawApplication(), asked(at=None))
    carry_out(office, reference, c.ProposeErasure(), asked(at=None))
    m.confirm(office, reference)
    with restored(office, tmp_path / "dump", empty_database) as old:
        assert again.apply_again(old) == (reference,)
    assert not key_is_there(empty_database, reference)


@pytest.mark.parametrize("role", ["application", "owner", "superuser", "replica"])
def test_without_two_people_who_decided_it_nothing_is_erased_again(
    database: TestDatabase, role: str
) -> None:
    with connected(database, role) as connection:
        stream = Stream(connection)
        for two in ({}, {"again": {"proposed_by": "a", "confirmed_by": "a"}}):
            stream.refuses("events_confirmed", {"type": "erasure-decided", **two})
