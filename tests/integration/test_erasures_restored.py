"""A backup from before an erasure is restored: who was erased is so before anybody is served."""

from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from domain import commands as c
from domain import legal_holds as h
from domain.errors import PersonErased
from domain.looks import What
from domain.particulars import ErasureDecided
from domain.stages import Stage
from services.api.app import create_api
from services.cases import carry_out, case_at, history, submit
from services.facts import fact_told
from services.privacy import again
from services.privacy import receipt as receipts
from services.projections.runner import catch_up_all
from services.stack.secrecy import keys_left
from services.store import StoreUnreachable
from services.store.errors import EventUnreadable
from services.store.sameness import Sameness
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.integration.going_back import (
    altered,
    asks_for,
    emptied,
    key_is_there,
    redis_away,
    restored,
)
from tests.integration.restoring import dump, restore
from tests.services.asking import OFFICER, SECOND, SUPERVISOR, asked
from tests.services.by_hand import Stream, connected
from tests.services.poisoned import of_a_later_kind
from tests.services.seeing import looking
from tests.services.test_looks_answers import terminal
from tests.services.visiting import file_case, signed_in

LOOK = looking(What.PROOF)


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


def test_a_receipt_from_before_a_restore_is_told_of_the_erasure_done_again(
    office: Office, empty_database: TestDatabase, backed_up: tuple[Path, m.Marked]
) -> None:
    file, marked = backed_up
    made = receipts.receipt(office, looking(), marked.reference)
    with restored(office, file, empty_database) as old:
        again.apply_again(old)
        assert list(receipts.faults(made)) == []
        (said,) = receipts.differences(old, LOOK, made)
        later = receipts.receipt(old, looking(), marked.reference)
        assert f"done again at position {later.position}" in said
        assert [
            *receipts.faults(later),
            *receipts.differences(old, LOOK, later),
        ] == []
    assert list(receipts.differences(office, LOOK, made)) == []


@pytest.mark.parametrize("harm", ["gone", "cut off", "deep"])
def test_a_harmed_folder_while_redis_is_not_up_yet_shows_nobody_who_was_erased(
    office: Office, empty_database: TestDatabase, backed_up: tuple[Path, m.Marked], harm: str
) -> None:
    file, marked = backed_up
    kept = office.settings.fence_folder / "erasures"
    whole = kept.read_bytes()
    kept.unlink()
    if harm != "gone":
        kept.write_bytes(whole[:-20] if harm == "cut off" else whole + b"[" * 200_000 + b"\n")
    with restored(office, file, empty_database) as old:
        closed = asks_for(redis_away(old), marked)
        assert closed == (HTTPStatus.SERVICE_UNAVAILABLE, set())
        assert key_is_there(empty_database, marked.reference)
        # Redis is there: whoever was erased is so before the first answer.
        assert asks_for(old, marked) == (HTTPStatus.OK, set())
        assert not key_is_there(empty_database, marked.reference)


def test_a_place_that_was_away_is_asked_again_until_it_answers(
    office: Office, empty_database: TestDatabase, backed_up: tuple[Path, m.Marked]
) -> None:
    file, marked = backed_up
    # The folder is of the same day as the backup, so that Redis alone knows of the erasure.
    kept = office.settings.fence_folder / "erasures"
    kept.write_bytes(kept.read_bytes().splitlines(keepends=True)[0])
    now = [0.0]
    with restored(office, file, empty_database) as old:
        apart = replace(redis_away(old), same=Sameness(clock=lambda: now[0]))
        again.settled(apart)
        assert key_is_there(empty_database, marked.reference)
        apart = replace(apart, erasures=old.erasures)
        again.settled(apart)
        assert key_is_there(empty_database, marked.reference)
        now[0] += again.LOOKS_EVERY_SECONDS
        again.settled(apart)
        assert not key_is_there(empty_database, marked.reference)


def test_a_restore_beneath_a_running_process_is_noticed_before_anything_is_shown(
    office: Office, database: TestDatabase, backed_up: tuple[Path, m.Marked]
) -> None:
    file, marked = backed_up
    assert asks_for(office, marked) == (HTTPStatus.OK, set())
    emptied(database)
    restore(file, database.admin_url)
    # Who first meets the other database is told to try again, and then sees what is left.
    assert asks_for(office, marked) == (HTTPStatus.SERVICE_UNAVAILABLE, set())
    assert asks_for(office, marked) == (HTTPStatus.OK, set())
    assert not key_is_there(database, marked.reference)


def test_a_message_is_marked_as_sent_in_a_database_that_nobody_looked_over(
    office: Office, database: TestDatabase
) -> None:
    again.settled(office)
    office.same.holds("another", for_good=True, seconds=1e9)
    with office.same.unmet(), office.ledger.engine.connect() as connection:
        connection.execute(text("SELECT"))
    with pytest.raises(StoreUnreachable, match="another than before"):
        office.models.engine.connect()
    again.settled(office)
    office.models.engine.connect().close()


def test_a_server_that_met_another_database_can_say_that_it_is_ready_again(
    office: Office,
) -> None:
    def asked_for(path: str) -> int:
        # Anew each time, for what was found is told again for a while.
        return create_api(office).test_client().get(path).status_code

    office.store.dispose()
    office.same.holds("another", for_good=True, seconds=1e9)
    assert asked_for("/readyz") == HTTPStatus.SERVICE_UNAVAILABLE
    assert asked_for("/livez") == HTTPStatus.OK
    assert office.same.is_lost
    assert asked_for("/readyz") == HTTPStatus.OK


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


def test_an_event_that_does_not_open_closes_no_office_after_a_restore(
    office: Office, empty_database: TestDatabase, backed_up: tuple[Path, m.Marked]
) -> None:
    file, marked = backed_up
    with restored(office, file, empty_database) as old:
        altered(empty_database, marked.reference)
        assert asks_for(old, marked)[0] == HTTPStatus.OK
        assert not key_is_there(empty_database, marked.reference)
        # What they reserved is free, though nothing of them opened.
        submit(old, c.SubmitApplication(application=marked.filed), asked())


def test_an_event_of_a_kind_that_nobody_knows_closes_no_office_after_a_restore(
    office: Office, empty_database: TestDatabase, backed_up: tuple[Path, m.Marked]
) -> None:
    file, marked = backed_up
    with restored(office, file, empty_database) as old:
        of_a_later_kind(empty_database.admin_url, f"case-{marked.reference}", 2)
        assert asks_for(old, marked)[1] == set()
        assert not key_is_there(empty_database, marked.reference)
        other = submit(old, c.SubmitApplication(application=marked.filed), asked()).reference
        assert signed_in(old, OFFICER.name).get(f"/staff/cases/{other}").status == HTTPStatus.OK
        assert terminal(old, "statistics").exception is None


def test_who_has_an_event_that_does_not_open_is_erased_all_the_same(
    office: Office, database: TestDatabase
) -> None:
    marked = m.file_marked(office)
    carry_out(office, marked.reference, c.WithdrawApplication(), asked(at=None))
    altered(database, marked.reference)
    place = h.PlaceLegalHold(authority=h.Authority.AUDIT, reason="Report 66")
    with pytest.raises(EventUnreadable):
        carry_out(office, marked.reference, place, asked(at=None))
    carry_out(office, marked.reference, c.ProposeErasure(), asked(at=None))
    m.confirm(office, marked.reference)
    assert not key_is_there(database, marked.reference)
    with pytest.raises(PersonErased):
        carry_out(office, marked.reference, c.ProposeErasure(), asked(at=None))


def test_the_doctor_tells_of_an_erasure_whose_key_is_there(
    office: Office, database: TestDatabase
) -> None:
    reference = file_case(office)
    assert [*keys_left(office.settings)] == []
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE events DISABLE TRIGGER ALL")
        stream = Stream(admin, f"case-{reference}", case_at(office, reference).version)
        stream.write({"type": "erasure-decided"}, keeping_key=True)
    (found,) = keys_left(office.settings)
    assert not found.is_well
    assert reference in found.says


@pytest.mark.parametrize("role", ["application", "owner", "superuser", "replica"])
def test_without_two_people_who_decided_it_nothing_is_erased_again(
    database: TestDatabase, role: str
) -> None:
    with connected(database, role) as connection:
        stream = Stream(connection)
        for two in ({}, {"again": {"proposed_by": "a", "confirmed_by": "a"}}):
            stream.refuses("events_confirmed", {"type": "erasure-decided", **two})
