"""After a change of the master key nobody goes on with the former one, and no key stops others."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace

import psycopg
import pytest
from click.testing import CliRunner

from domain import commands as c
from services.api.app import create_api
from services.cases import case_at, submit
from services.cli.keys import keys
from services.stack.secrecy import keys_of
from services.store import CaseKeys, MasterKeyChanged, rewrapping
from services.store.rewrapping import Rewrapped, StillHeld, counts, rewrap
from services.store.sealing import name_of
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.integration.test_master_keys import NEW, environment, nobody, turned
from tests.services.api.calling import RECEIVED, Caller, filed_by, is_problem
from tests.services.asking import OFFICER, asked, on_paper
from tests.services.seeing import recorded
from tests.services.test_projection_changes import await_one_who_waits
from tests.services.visiting import file_case, signed_in

THIRD = hashlib.sha256(b"third").digest()


@pytest.fixture
def other(office: Office) -> Iterator[Office]:
    """A process that was started again, and knows both keys."""
    with closing(open_office(turned(office.settings))) as opened:
        yield opened


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for keys does not wait long between two tries, nor often."""
    monkeypatch.setattr(rewrapping, "_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(rewrapping, "_TRIES", 3)


def turn(office: Office, database: TestDatabase, *, batch: int = 500) -> Rewrapped:
    return rewrap(database.owner_url, keys_of(office.settings), nobody, batch=batch)


def names(database: TestDatabase) -> set[str | None]:
    return set(counts(database.app_url))


@contextmanager
def held(database: TestDatabase, reference: str) -> Iterator[psycopg.Connection]:
    """Hold the key of a case, as the rebuild of a read model does."""
    with psycopg.connect(database.app_url) as rebuild:
        query = "SELECT FROM case_keys WHERE reference = %s FOR SHARE"
        rebuild.execute(query, (reference,))
        yield rebuild


def break_key(database: TestDatabase, reference: str) -> None:
    """The wrapped key of a case opens to nobody."""
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("ALTER TABLE case_keys DISABLE TRIGGER USER")
        admin.execute(
            "UPDATE case_keys SET wrapped = set_byte(wrapped, 40, get_byte(wrapped, 40) # 1)"
            " WHERE reference = %s",
            (reference,),
        )
        admin.execute("ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_unchanged")


def test_a_process_that_was_not_started_again_wraps_nothing_more(
    office: Office, database: TestDatabase, other: Office
) -> None:
    reference = file_case(office, "john")
    visitor = signed_in(office, OFFICER.name)
    turn(other, database)
    with pytest.raises(MasterKeyChanged, match="start it again"):
        submit(office, on_paper("emma"), asked())
    with pytest.raises(MasterKeyChanged, match="start it again"):
        office.subscriptions.add("https://example.com/hook", ("application-submitted",), "test")
    # Whoever meets it is told that nothing is lost, and to try again: others serve.
    caller = Caller(app=create_api(office), office=office)
    body = {"application": filed_by("emma"), "channel": "paper", "received_at": RECEIVED}
    is_problem(caller.command("/applications", body), 503, "unavailable")
    is_problem(caller.get(f"/cases/{reference}"), 503, "unavailable")
    page = visitor.get(f"/staff/cases/{reference}")
    assert page.status == 503
    assert "Nothing is lost" in page.text
    assert submit(other, on_paper("emma"), asked())
    other.subscriptions.add("https://example.com/hook", ("application-submitted",), "test")
    assert names(database) == {name_of(NEW).hex()}


def test_whoever_was_wrapping_by_the_former_key_is_waited_for(
    office: Office, database: TestDatabase, other: Office
) -> None:
    file_case(office, "john")
    late = CaseKeys(office.settings.master_key).mint("QM-4K7RT-9XWPR")
    with psycopg.connect(database.app_url) as writing, ThreadPoolExecutor(1) as threads:
        query = "INSERT INTO case_keys (reference, wrapped) VALUES ('QM-4K7RT-9XWPR', %s)"
        writing.execute(query, (late,))
        turning = threads.submit(turn, other, database)
        await_one_who_waits(database.admin_url)
        writing.commit()
        assert turning.result() == Rewrapped(done=2, unopened=(), held=0)
    assert names(database) == {name_of(NEW).hex()}


def test_before_a_second_change_the_newest_key_wraps_and_a_key_may_come_back(
    office: Office, database: TestDatabase, other: Office
) -> None:
    file_case(office, "john")
    turn(other, database)
    settings = replace(other.settings, master_key=THIRD, master_key_former=NEW)
    with closing(open_office(settings)) as third:
        submit(third, on_paper("emma"), asked())
        submit(other, on_paper("jackie"), asked())
        assert names(database) == {name_of(each).hex() for each in (NEW, THIRD)}
        turn(third, database)
        with pytest.raises(MasterKeyChanged):
            submit(office, on_paper("john"), asked())
    back = replace(settings, master_key=NEW, master_key_former=THIRD)
    with closing(open_office(back)) as again:
        with pytest.raises(MasterKeyChanged, match="`qmas keys rotate`"):
            submit(again, c.SubmitApplication(application=m.application()), asked())
        turn(again, database)
        assert submit(again, c.SubmitApplication(application=m.application()), asked())


def test_a_key_that_does_not_open_is_named_and_stops_no_other(
    office: Office, database: TestDatabase, other: Office
) -> None:
    references = sorted(file_case(office, name) for name in ("john", "emma", "jackie"))
    office.subscriptions.add("https://example.com/hook", ("application-submitted",), "test")
    break_key(database, references[0])
    first = Rewrapped(done=3, unopened=(references[0],), held=0)
    assert turn(other, database, batch=1) == first
    assert turn(other, database) == replace(first, done=0)
    told = {"env": dict(environment(other.settings))}
    done = CliRunner().invoke(keys, ["rotate"], **told)
    assert done.exit_code == 1
    assert f"the key of {references[0]} opens by no master key told" in done.output
    assert "and not all" in done.output
    assert recorded(other)[-1]["cases"] == [references[0]]
    assert case_at(other, references[1]).reference == references[1]


@pytest.mark.usefixtures("hasty")
def test_keys_that_a_rebuild_holds_are_waited_for(
    office: Office, database: TestDatabase, other: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = [file_case(office, name) for name in ("john", "emma")]
    with held(database, references[0]) as rebuild:
        waited = []

        def until_it_lets_go(_: float) -> None:
            waited.append(names(database))
            rebuild.rollback()

        monkeypatch.setattr(rewrapping.time, "sleep", until_it_lets_go)
        assert turn(other, database) == Rewrapped(done=2, unopened=(), held=0)
    # The other one was done at once.
    assert waited == [{name_of(office.settings.master_key).hex(), name_of(NEW).hex()}]


@pytest.mark.usefixtures("hasty")
def test_a_key_that_is_held_all_the_time_is_counted_and_the_rest_is_done(
    office: Office, database: TestDatabase, other: Office
) -> None:
    references = [file_case(office, name) for name in ("john", "emma")]
    office.subscriptions.add("https://example.com/hook", ("application-submitted",), "test")
    with held(database, references[0]):
        assert turn(other, database) == Rewrapped(done=2, unopened=(), held=1)
        told = {"env": dict(environment(other.settings))}
        done = CliRunner().invoke(keys, ["rotate"], **told)
        assert (done.exit_code, "run this again" in done.output) == (1, True)
    assert turn(other, database) == Rewrapped(done=1, unopened=(), held=0)


@pytest.mark.usefixtures("hasty")
def test_while_somebody_writes_keys_all_the_time_no_key_is_former(
    office: Office, database: TestDatabase, other: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_case(office, "john")
    monkeypatch.setattr(rewrapping, "_LIMITS", "-c lock_timeout=50ms")
    with psycopg.connect(database.app_url) as writing:
        writing.execute("UPDATE case_keys SET wrapped = wrapped WHERE false")
        with pytest.raises(StillHeld):
            turn(other, database)
    assert submit(office, on_paper("emma"), asked())
