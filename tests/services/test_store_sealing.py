import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from domain.events import ApplicationWithdrawn, WithdrawalReason
from domain.exercise_events import Archetype, ExerciseOpened
from services.stack.binaries import postgres_programs
from services.store import (
    BlindIndex,
    CaseKeys,
    Conflict,
    EventUnreadable,
    KeyDestroyed,
    NewEvent,
    SealBroken,
    Store,
    Unwritable,
)
from tests.conftest import TestDatabase
from tests.services import poisoned
from tests.services.erasing import erase
from tests.services.storing import (
    EFFECTIVE,
    PRIVATE,
    commit_of,
    fees,
    store_at,
    withdrawal,
    writing,
)

SEALED = ApplicationWithdrawn(personal=WithdrawalReason(text=PRIVATE))
ERASED = ApplicationWithdrawn(personal=None)


@pytest.fixture
def store(database: TestDatabase) -> Iterator[Store]:
    opened = store_at(database.app_url)
    yield opened
    opened.dispose()


def test_nothing_personal_is_in_a_dump(store: Store, database: TestDatabase) -> None:
    store.append(commit_of(writing("case-1", 0, withdrawal())))
    store.sequence()

    dumped = subprocess.run(
        [postgres_programs().path("pg_dump"), "-d", database.admin_url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "application-withdrawn" in dumped
    assert "Chan" not in dumped
    assert "K1234567" not in dumped


def test_the_case_and_the_offices_work_on_it_share_a_key(
    store: Store, database: TestDatabase
) -> None:
    store.append(commit_of(writing("case-1", 0, *fees(1)), writing("work-1", 0, withdrawal())))
    store.append(commit_of(writing("case-1", 1, withdrawal())))
    store.append(commit_of(writing("work-1", 1, withdrawal())))

    read = store.read_streams(["case-1", "work-1"])

    assert [each.event for each in read["work-1"]] == [SEALED, SEALED]
    assert read["case-1"][1].event == SEALED
    with psycopg.connect(database.admin_url) as connection:
        assert connection.execute("SELECT reference FROM case_keys").fetchall() == [("1",)]


def test_a_reader_may_leave_the_seals_closed(store: Store) -> None:
    store.append(commit_of(writing("case-1", 0, withdrawal(), *fees(1))))

    closed = store.read_log(after=0, limit=2, personal=False)

    assert [each.event for each in closed] == [ERASED, fees(1)[0].event]
    assert store.read_stream("case-1", personal=False)[0].event == ERASED
    assert store.read_streams(["case-1"], personal=False)["case-1"][0].event == ERASED
    assert store.read_log(after=0, limit=2)[0].event == SEALED


def test_leaving_the_seals_closed_changes_nothing_that_is_in_clear(store: Store) -> None:
    """However an event is written: with nothing sealed, and with words that look like a seal."""
    looks = ExerciseOpened(
        exercise="first",
        title='"sealed":"no"}}',
        archetype=Archetype.RANK_TO_QUOTA,
        places=1,
        shortlist_size=1,
        pool_position=0,
        pool_size=0,
        pool_digest="sha256:0",
    )
    about = (NewEvent(event=each, effective_at=EFFECTIVE) for each in (looks, ERASED))
    store.append(commit_of(writing("exercise-first", 0, next(about)), writing("case-1", 0, *about)))
    store.append(commit_of(writing("case-1", 1, *fees(1), withdrawal())))

    opened = store.read_log(after=0, limit=9)

    assert store.read_log(after=0, limit=9, personal=False) == (
        *opened[:-1],
        opened[-1]._replace(event=ERASED),
    )
    assert (opened[0].event, opened[-1].event) == (looks, SEALED)


def test_every_store_notices_that_a_key_was_destroyed(store: Store, database: TestDatabase) -> None:
    other = store_at(database.app_url)
    store.append(commit_of(writing("case-1", 0, withdrawal())))
    store.append(commit_of(writing("case-2", 0, withdrawal())))
    assert other.read_stream("case-1")[0].event == SEALED

    erase(store, "1")

    for reader in (store, other):
        assert reader.read_stream("case-1")[0].event == ERASED
        log = [each.event for each in reader.read_log(after=0, limit=9)]
        assert log[:2] == [ERASED, SEALED]
        read = reader.read_streams(["case-1", "case-2", "case-3"])
        assert [[each.event for each in events[:1]] for events in read.values()] == [
            [ERASED],
            [SEALED],
            [],
        ]
    other.dispose()


def test_an_erased_case_takes_the_skeleton_and_nothing_personal(
    store: Store, database: TestDatabase
) -> None:
    remembering = store_at(database.app_url)
    store.append(commit_of(writing("case-1", 0, *fees(1))))
    remembering.append(commit_of(writing("case-1", 1, withdrawal())))
    erase(store, "1")

    for writer in (store, remembering):
        with pytest.raises(KeyDestroyed, match="case 1 was erased"):
            writer.append(commit_of(writing("case-1", 5, withdrawal())))
    store.append(commit_of(writing("case-1", 5, *fees(1))))

    assert store.stream_version("case-1") == 6
    remembering.dispose()


def test_a_repeat_is_recognised_after_the_person_was_erased(store: Store) -> None:
    store.append(commit_of(writing("case-1", 0, *fees(1))))
    commit = commit_of(writing("case-1", 1, withdrawal()), result={"version": 2})
    store.append(commit)
    erase(store, "1")

    assert store.append(commit).repeated is True
    assert store.append(commit).result == {"version": 2}


def test_a_case_whose_key_was_destroyed_cannot_begin_anew(
    store: Store, database: TestDatabase
) -> None:
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("INSERT INTO case_keys (reference, erased_at) VALUES ('1', now())")

    with pytest.raises(KeyDestroyed):
        store.append(commit_of(writing("case-1", 0, withdrawal())))


def test_nothing_personal_goes_where_no_key_seals_it(store: Store) -> None:
    with pytest.raises(Unwritable, match="no key seals stream exercise-1"):
        store.append(commit_of(writing("exercise-1", 0, withdrawal())))
    with pytest.raises(Unwritable, match="case-1 does not exist"):
        store.append(commit_of(writing("work-1", 0, withdrawal())))
    with pytest.raises(Conflict):
        store.append(commit_of(writing("case-1", 4, withdrawal())))

    assert store.sequence() == 0


def test_another_master_key_opens_nothing_and_says_so(store: Store, database: TestDatabase) -> None:
    store.append(commit_of(writing("case-1", 0, withdrawal())))
    stranger = store_at(database.app_url, master_key=bytes(32))

    with pytest.raises(SealBroken, match="wrapped by the master key"):
        stranger.read_stream("case-1")
    assert stranger.read_stream("case-1", personal=False)[0].event == ERASED
    stranger.dispose()


@pytest.mark.parametrize(
    ("part", "altered"),
    [
        ('"id":"', '"id":"0'),
        ('"version":1', '"version":9'),
        ('"sealed":"', '"sealed":"AAAA'),
        ('"sealed":"', '"sealed":"-'),
    ],
)
def test_a_seal_that_was_altered_or_moved_does_not_open(
    store: Store, database: TestDatabase, part: str, altered: str
) -> None:
    store.append(commit_of(writing("case-1", 0, withdrawal())))
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("ALTER TABLE events DISABLE TRIGGER events_append_only")
        admin.execute("UPDATE events SET body = replace(body::text, %s, %s)::json", (part, altered))

    with pytest.raises(EventUnreadable, match="altered, moved, or sealed by another key"):
        store.read_stream("case-1")


def test_a_key_that_is_damaged_closes_what_is_of_its_case_alone(
    store: Store, database: TestDatabase
) -> None:
    for number in (1, 2):
        store.append(commit_of(writing(f"case-{number}", 0, withdrawal())))
    store.sequence()
    poisoned.with_a_damaged_key(database.admin_url, "1")

    for read in (lambda: store.read_stream("case-1"), lambda: store.read_log(after=0, limit=2)):
        with pytest.raises(EventUnreadable, match=r"case-1@1 .*the key of case 1 does not open"):
            read()
    assert store.read_stream("case-1", personal=False)[0].event == ERASED
    (other,) = store.read_log(after=1, limit=1)
    assert other.event == withdrawal().event


def test_equal_texts_have_equal_tokens_and_others_do_not() -> None:
    index = BlindIndex(bytes(range(32)))

    token = index.token("name", "  Chan  TAI man ")

    assert token == index.token("name", "chan tai \uff4dan")
    assert len(token) == 32
    assert token != index.token("email", "chan tai man")
    assert token != index.token("name", "chan tai may")
    assert token != BlindIndex(bytes(32)).token("name", "chan tai man")


def test_keys_of_another_length_are_refused_and_never_shown() -> None:
    with pytest.raises(ValueError, match="31 bytes, not 32"):
        CaseKeys(bytes(31))
    with pytest.raises(ValueError, match="33 bytes, not 32"):
        BlindIndex(bytes(33))

    assert repr(CaseKeys(bytes(32))) == "CaseKeys(…)"
    assert repr(BlindIndex(bytes(32))) == "BlindIndex(…)"
