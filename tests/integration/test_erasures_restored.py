"""A backup from before an erasure is restored: who was erased is so before anybody is served."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from redis import Redis
from sqlalchemy import text

from domain import commands as c
from domain import legal_holds as h
from domain.particulars import ErasureDecided
from domain.stages import Stage
from services.api.app import create_api
from services.cases import carry_out, case_at, history, submit
from services.facts import fact_told
from services.privacy import again
from services.privacy.places import ErasuresAway, Found, Places
from services.privacy.remembering import remember
from services.projections.runner import catch_up_all
from services.stack.secrecy import erasures
from services.store import StoreUnreachable
from services.store.sameness import Sameness
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.integration.restoring import dump, restore
from tests.services.api.calling import Caller
from tests.services.asking import OFFICER, SECOND, SUPERVISOR, asked
from tests.services.by_hand import Stream, connected
from tests.services.visiting import file_case, signed_in


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


def redis_away(office: Office) -> Office:
    """Return the office of a process of its own, for which Redis is not up."""
    settings = office.settings
    nobody = Redis(port=1, socket_connect_timeout=1)
    places = Places(settings.fence_folder, nobody, settings.blind_index_key)
    return replace(office, erasures=places, same=Sameness())


def asks_for(office: Office, marked: m.Marked) -> tuple[int, set[str]]:
    """Return how an officer who asks for the case is answered, and what is told of its person."""
    api = create_api(office)
    token = Caller(app=api, office=office).token(OFFICER.name)
    answer = api.test_client().get(f"/api/v1/cases/{marked.reference}", headers=token)
    return answer.status_code, m.told(answer.data)


def emptied(database: TestDatabase) -> None:
    """The database was dropped beneath everybody, and an empty one has its name."""
    server = psycopg.conninfo.make_conninfo(database.admin_url, dbname="postgres")
    name = sql.Identifier(database.name)
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER qmas_owner").format(name))


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
    assert set(without_redis(office).erasures.look().erasures) == {marked.reference}
    kept.unlink()
    with restored(office, file, empty_database) as old:
        assert again.apply_again(old) == (marked.reference,)
        # The folder has what it had lost again, from the database.
        assert remember(old) == 1
        assert set(without_redis(old).erasures.look().erasures) == {marked.reference}


def test_half_a_line_is_an_answer_only_beside_a_place_that_is_whole(
    office: Office, backed_up: tuple[Path, m.Marked]
) -> None:
    _, marked = backed_up
    file_case(office)
    kept = office.settings.fence_folder / "erasures"
    kept.write_bytes(kept.read_bytes()[:-20])
    found = redis_away(office).erasures.look()
    assert (dict(found.erasures), found.broken, found.away) == ({}, ("folder",), ("Redis",))
    with pytest.raises(ErasuresAway, match="folder holds lines that cannot be read"):
        again.settled(redis_away(office))
    # Redis makes it good, and then it stands alone.
    again.keep_watch(office)
    assert set(redis_away(office).erasures.look().erasures) == {marked.reference}
    again.settled(redis_away(office))


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


def test_a_place_that_stands_alone_and_holds_nothing_is_begun_by_a_person_only(
    office: Office,
) -> None:
    alone = without_redis(office)
    (office.settings.fence_folder / "erasures").unlink()
    # Where nothing can be opened nobody can be shown.
    again.settled(replace(alone, same=Sameness()))
    file_case(office)
    with pytest.raises(ErasuresAway, match="folder holds nothing"):
        again.settled(alone)
    assert alone.erasures.mend(anew=False) == ()
    assert alone.erasures.mend(anew=True) == ("folder",)
    again.settled(alone)


def test_a_place_that_is_made_anew_has_all_that_the_other_has_before_it_counts(
    office: Office, backed_up: tuple[Path, m.Marked]
) -> None:
    _, marked = backed_up
    (office.settings.fence_folder / "erasures").unlink()
    # Something is kept there before anybody noticed that it had been lost.
    other = replace(office.erasures.look().erasures[marked.reference], reference="QM-0000000000")
    office.erasures.keep([other])
    assert not redis_away(office).erasures.look().is_enough
    again.keep_watch(office)
    found = redis_away(office).erasures.look()
    assert found.is_enough
    assert set(found.erasures) == {marked.reference, other.reference}


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


def test_one_dead_place_is_told_by_the_log_the_doctor_and_the_figures(
    office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    kept = office.settings.fence_folder / "erasures"
    kept.unlink()
    kept.mkdir()
    office.erasures.look()
    assert "erasures_places" in capfd.readouterr().out
    found = erasures(office.settings)
    assert (found.is_well, found.warns) == (True, True)
    assert f"{kept} does not answer" in found.says
    figures = create_api(office).test_client().get("/metrics").text
    assert 'qmas_erasures_place_whole{place="folder"} 0.0' in figures
    assert 'qmas_erasures_place_whole{place="Redis"} 1.0' in figures


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
    client = create_api(office).test_client()
    office.store.dispose()
    office.same.holds("another", for_good=True, seconds=1e9)
    assert client.get("/readyz").status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert client.get("/livez").status_code == HTTPStatus.OK
    assert office.same.is_lost
    assert client.get("/readyz").status_code == HTTPStatus.OK


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
    kept = office.settings.fence_folder
    kept.rename(kept.with_name("elsewhere"))
    kept.write_text("in the way")
    closed = without_redis(office)
    with pytest.raises(ErasuresAway):
        again.settled(closed)
    kept.unlink()
    kept.with_name("elsewhere").rename(kept)
    again.settled(closed)
    assert case_at(closed, marked.reference).stage is Stage.IN_POOL


def test_an_erasure_is_done_though_it_can_be_kept_nowhere(
    office: Office, database: TestDatabase
) -> None:
    marked = m.file_marked(office)
    kept = office.settings.fence_folder / "erasures"
    kept.rename(kept.with_name("elsewhere"))
    kept.mkdir()
    closed = without_redis(office)
    carry_out(closed, marked.reference, c.WithdrawApplication(), asked(at=None))
    carry_out(closed, marked.reference, c.ProposeErasure(), asked(at=None))
    m.confirm(closed, marked.reference)
    assert not key_is_there(database, marked.reference)
    kept.rmdir()
    kept.with_name("elsewhere").rename(kept)
    again.keep_watch(closed)
    assert set(closed.erasures.look().erasures) == {marked.reference}


class Failing(Places):
    """Places that cannot even be looked at, for a reason that nobody thought of."""

    def look(self) -> Found:
        raise RuntimeError("nobody thought of this")


def test_no_fault_behind_an_erasure_says_that_it_was_not_done(
    office: Office, database: TestDatabase, capfd: pytest.CaptureFixture[str]
) -> None:
    marked = m.file_marked(office)
    settings = office.settings
    failing = Failing(settings.fence_folder, None, settings.blind_index_key)
    carry_out(office, marked.reference, c.WithdrawApplication(), asked(at=None))
    carry_out(office, marked.reference, c.ProposeErasure(), asked(at=None))
    m.confirm(replace(office, erasures=failing), marked.reference)
    assert not key_is_there(database, marked.reference)
    assert "nobody thought of this" in capfd.readouterr().out
    again.keep_watch(office)
    assert set(office.erasures.look().erasures) == {marked.reference}


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
