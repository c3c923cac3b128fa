import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import RFC_4122, UUID, uuid4

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import CheckConstraint

from domain.events import ApplicationFeePaid
from services.store import (
    Appended,
    CommandReused,
    Commit,
    Conflict,
    NewEvent,
    Store,
    StreamWrite,
    Unwritable,
    tables,
)
from services.store.appending import Sealing, short
from services.store.constraints import CONSTRAINTS, OF_NOW, SECOND_PERSON
from tests.conftest import TestDatabase
from tests.services.storing import EFFECTIVE, commit_of, fees, store_at, writing

_MIGRATIONS = Path(__file__).parents[2] / "migrations" / "versions"

T = TypeVar("T")
RACERS = 8


@pytest.fixture
def store(database: TestDatabase) -> Iterator[Store]:
    opened = store_at(database.app_url)
    yield opened
    opened.dispose()


def race(work: Callable[[int], T]) -> list[T | Exception]:
    """What each of eight threads got that began at one moment."""
    gate = threading.Barrier(RACERS)

    def run(place: int) -> T | Exception:
        gate.wait()
        try:
            return work(place)
        except Exception as fault:  # noqa: BLE001 - it is the answer, and every test looks at it
            return fault

    with ThreadPoolExecutor(RACERS) as threads:
        return list(threads.map(run, range(RACERS)))


def versions(store: Store, stream: str) -> list[int]:
    return [each.version for each in store.read_stream(stream)]


def test_what_is_read_is_what_was_written(store: Store) -> None:
    command_id = uuid4()
    event = ApplicationFeePaid(amount_hkd=1000)
    store.append(
        commit_of(
            writing("fee-1", 0, NewEvent(event=event, effective_at=EFFECTIVE)),
            command_id=command_id,
            actor="officer-7",
            role="cashier",
            command="PayApplicationFee",
            causation_id="letter-3",
            correlation_id="request-9",
        )
    )

    (read,) = store.read_stream("fee-1")

    assert read.event == event
    assert (read.stream, read.version) == ("fee-1", 1)
    assert read.effective_at == EFFECTIVE
    assert (read.actor, read.role, read.command) == ("officer-7", "cashier", "PayApplicationFee")
    assert read.command_id == str(command_id)
    assert (read.causation_id, read.correlation_id) == ("letter-3", "request-9")
    assert UUID(read.event_id).version == 7
    assert (read.position, read.sequenced_at) == (None, None)


def test_an_event_has_a_position_once_it_is_numbered(store: Store) -> None:
    store.append(commit_of(writing("fee-1", 0, *fees(2))))

    assert store.head() == 0
    assert store.sequence() == 2

    read = store.read_stream("fee-1")
    assert [each.position for each in read] == [1, 2]
    assert store.read_log(after=0, limit=9) == read
    assert store.read_log(after=1, limit=9) == read[1:]
    assert store.read_log(after=0, limit=1) == read[:1]
    assert store.read_stream("fee-1", after=1) == read[1:]
    assert store.head() == 2


@pytest.mark.parametrize("expected", [0, 1, 3, 99])
def test_a_version_too_low_or_too_high_is_a_conflict(store: Store, expected: int) -> None:
    store.append(commit_of(writing("fee-1", 0, *fees(2))))

    with pytest.raises(Conflict) as refused:
        store.append(commit_of(writing("fee-1", expected)))

    assert (refused.value.stream, refused.value.expected) == ("fee-1", expected)
    assert refused.value.actual == 2
    assert versions(store, "fee-1") == [1, 2]


def test_a_stream_that_should_exist_and_does_not_is_a_conflict(store: Store) -> None:
    with pytest.raises(Conflict, match="fee-1 is at version 0, not at 1"):
        store.append(commit_of(writing("fee-1", 1)))


def test_a_commit_over_several_streams_is_all_or_nothing(store: Store) -> None:
    store.append(commit_of(writing("fee-1"), writing("fee-2")))

    with pytest.raises(Conflict):
        store.append(commit_of(writing("fee-1", 1), writing("fee-2", 0), writing("fee-3")))

    read = store.read_streams(["fee-1", "fee-2", "fee-3"])
    assert [len(read[each]) for each in ("fee-1", "fee-2", "fee-3")] == [1, 1, 0]
    assert store.sequence() == 2


def test_the_order_within_a_commit_is_the_writers_own(store: Store) -> None:
    store.append(commit_of(writing("z", 0, *fees(2)), writing("a", 0, *fees(2))))

    log = store.read_log(after=0, limit=9)

    assert [(each.stream, each.version) for each in log] == [("z", 1), ("z", 2), ("a", 1), ("a", 2)]


def test_of_many_who_race_for_a_version_one_wins(store: Store) -> None:
    outcomes = race(lambda place: store.append(commit_of(writing("fee-1", 0, *fees(1, place)))))

    assert sum(isinstance(each, Appended) for each in outcomes) == 1
    assert sum(isinstance(each, Conflict) for each in outcomes) == RACERS - 1
    assert versions(store, "fee-1") == [1]


def test_commits_that_cross_each_other_settle(store: Store) -> None:
    def cross(place: int) -> Appended:
        streams = ("left", "right") if place % 2 else ("right", "left")
        return store.append(commit_of(*(writing(each) for each in streams)))

    outcomes = race(cross)

    assert sum(isinstance(each, Appended) for each in outcomes) == 1
    assert sum(isinstance(each, Conflict) for each in outcomes) == RACERS - 1


def test_a_repeat_gets_the_first_result_before_its_version_is_looked_at(store: Store) -> None:
    commit = commit_of(writing("fee-1"), result={"reference": "QM-1"})
    first = store.append(commit)
    store.append(commit_of(writing("fee-1", 1)))

    again = store.append(
        commit_of(writing("fee-1", 7), command_id=commit.command_id, result={"reference": "else"})
    )

    assert (first.repeated, again.repeated) == (False, True)
    assert again.result == {"reference": "QM-1"}
    assert again.commit_id == first.commit_id
    assert versions(store, "fee-1") == [1, 2]


def test_a_commands_id_with_other_content_is_refused(store: Store) -> None:
    commit = commit_of(writing("fee-1"))
    store.append(commit)

    with pytest.raises(CommandReused, match=str(commit.command_id)):
        store.append(
            commit_of(writing("fee-1", 1), command_id=commit.command_id, fingerprint=b"other")
        )


def test_a_command_sent_many_times_at_once_is_carried_out_once(store: Store) -> None:
    commit = commit_of(writing("fee-1"), writing("fee-2"))

    outcomes = race(lambda _: store.append(commit))

    appended = [each for each in outcomes if isinstance(each, Appended)]
    assert len(appended) == RACERS
    assert [each.repeated for each in appended].count(False) == 1
    assert len({each.commit_id for each in appended}) == 1
    assert versions(store, "fee-1") == [1]


def test_the_clock_is_the_databases(store: Store, database: TestDatabase) -> None:
    with psycopg.connect(database.app_url, autocommit=True) as connection:
        before = connection.execute("SELECT clock_timestamp()").fetchone()
        store.append(commit_of(writing("fee-1", 0, *fees(2))))
        (first, second) = store.read_log(after=0, limit=2)
        after = connection.execute("SELECT clock_timestamp()").fetchone()

    assert before is not None
    assert after is not None
    assert first.sequenced_at is not None
    assert before[0] <= first.recorded_at <= first.sequenced_at <= after[0]
    assert first.recorded_at == second.recorded_at
    assert first.recorded_at.utcoffset() == timedelta(0)


def test_the_application_cannot_say_when_something_was_recorded(database: TestDatabase) -> None:
    with (
        psycopg.connect(database.app_url) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute(
            "INSERT INTO events (commit_id, ord, body, recorded_at) VALUES (1, 0, '{}', now())"
        )


@pytest.mark.parametrize("text", [r"\u0000", r"\ud800"])
def test_a_body_that_sql_cannot_read_is_refused(database: TestDatabase, text: str) -> None:
    body = f'{{"stream": "s", "version": 1, "type": "t", "payload": {{"x": "{text}"}}}}'
    with (
        psycopg.connect(database.app_url) as connection,
        pytest.raises((errors.UntranslatableCharacter, errors.InvalidTextRepresentation)),
    ):
        connection.execute("INSERT INTO events (commit_id, ord, body) VALUES (1, 0, %s)", (body,))


@pytest.mark.parametrize(
    "body",
    [
        '{"stream": "", "version": 1, "type": "t"}',
        '{"stream": "s", "version": 0, "type": "t"}',
        '{"stream": "s", "version": 1, "type": ""}',
        '{"version": 1, "type": "t"}',
        '{"stream": "s", "type": "t"}',
        '{"stream": "s", "version": 1}',
        '["s", 1, "t"]',
    ],
)
def test_a_body_without_its_place_is_refused(database: TestDatabase, body: str) -> None:
    with (
        psycopg.connect(database.app_url) as connection,
        pytest.raises((errors.CheckViolation, errors.NotNullViolation)),
    ):
        connection.execute("INSERT INTO events (commit_id, ord, body) VALUES (1, 0, %s)", (body,))


def test_a_body_of_more_than_a_mebibyte_is_unwritable(store: Store) -> None:
    with pytest.raises(Unwritable, match="1,048,576 bytes at most") as refused:
        store.append(commit_of(writing("fee-1"), correlation_id="x" * 1_048_576))

    # What the database itself says of it quotes the row.
    assert refused.value.__context__ is None
    assert refused.value.__cause__ is None

    assert store.stream_version("fee-1") == 0


@pytest.mark.parametrize(
    ("commit", "why"),
    [
        (commit_of(writing("s" * 201)), "stream's name must have 1 to 200 characters"),
        (commit_of(writing("fee-1"), fingerprint=b""), "fingerprint must have 1 to 64 bytes"),
        (commit_of(writing("fee-1"), result={"x": "y" * 65_536}), "result may have 65,536 bytes"),
        (commit_of(writing("fee-1"), result={"x": "Chan\0"}), "NUL character or half a"),
        (commit_of(writing("fee-1"), reserve=("k" * 201,)), "key must have 1 to 200 characters"),
        (commit_of(writing("fee-1"), actor="Chan\0"), "NUL character or half a surrogate"),
    ],
)
def test_what_the_database_refuses_is_told_in_words(store: Store, commit: Commit, why: str) -> None:
    with pytest.raises(Unwritable, match=why) as refused:
        store.append(commit)

    assert "Chan" not in str(refused.value)
    assert refused.value.__context__ is None
    assert store.sequence() == 0


def test_every_check_that_an_append_can_meet_has_its_words() -> None:
    checks = {
        str(each.name)
        for table in (tables.commits, tables.events, tables.reservations, tables.case_keys)
        for each in table.constraints
        if isinstance(each, CheckConstraint)
    }
    scripts = "".join(each.read_text(encoding="utf-8") for each in _MIGRATIONS.glob("*.sql"))
    by_trigger = set(re.findall(r"CONSTRAINT = '(\w+)'", scripts))

    assert checks | by_trigger == {*CONSTRAINTS, *SECOND_PERSON, OF_NOW}


_UNSEALED = Sealing(new={}, held={})


def test_a_commit_of_one_event_goes_the_short_way() -> None:
    commit = commit_of(writing("fee-1", 3))
    sealed = Sealing(new={}, held={"1": b"key"})

    assert short(commit, [b"{}"], _UNSEALED) != short(commit, [b"{}"], sealed)
    for sealing in (_UNSEALED, sealed):
        statement, given = short(commit, [b"{}"], sealing) or ("", {})
        assert set(re.findall(r"%\((\w+)\)s", statement)) == set(given)


@pytest.mark.parametrize(
    ("commit", "sealing"),
    [
        (commit_of(writing("fee-1", 0, *fees(2))), _UNSEALED),
        (commit_of(writing("fee-1"), writing("fee-2")), _UNSEALED),
        (commit_of(writing("fee-1"), reserve=("mine",)), _UNSEALED),
        (commit_of(writing("fee-1"), release=("mine",)), _UNSEALED),
        (commit_of(writing("fee-1"), destroy=("1",)), _UNSEALED),
        (commit_of(writing("case-1")), Sealing(new={"1": b"key"}, held={})),
    ],
)
def test_a_commit_that_needs_more_goes_the_long_way(commit: Commit, sealing: Sealing) -> None:
    bodies = [b"{}" for write in commit.writes for _ in write.events]
    assert short(commit, bodies, sealing) is None


def test_a_thousand_events_are_one_commit(store: Store) -> None:
    store.append(commit_of(writing("fee-1", 0, *fees(1000))))

    log = store.read_log(after=0, limit=2000)

    assert [each.version for each in log] == list(range(1, 1001))
    assert store.stream_version("fee-1") == 1000


def test_positions_above_two_bytes_are_read(store: Store) -> None:
    store.append(commit_of(writing("fee-1", 0, *fees(33_000))))

    log = store.read_log(after=32_760, limit=1000)

    assert [each.position for each in log] == list(range(32_761, 33_001))


@pytest.mark.parametrize(
    "mistake",
    [
        commit_of,
        lambda: commit_of(writing("fee-1"), writing("fee-1", 1)),
        lambda: StreamWrite(stream="fee-1", expected=-1, events=fees(1)),
        lambda: StreamWrite(stream="fee-1", expected=0, events=()),
    ],
)
def test_a_commit_that_makes_no_sense_cannot_be_made(mistake: Callable[[], Commit]) -> None:
    with pytest.raises(ValueError, match=r"commit|version|event"):
        mistake()


def test_an_instant_elsewhere_is_kept_in_utc(store: Store) -> None:
    hong_kong = datetime.fromisoformat("2019-05-01T17:00:00+08:00")
    event = NewEvent(event=ApplicationFeePaid(amount_hkd=1), effective_at=hong_kong)
    store.append(commit_of(writing("fee-1", 0, event)))

    (read,) = store.read_stream("fee-1")

    assert read.effective_at == hong_kong
    assert read.effective_at.tzinfo is UTC


def test_event_ids_are_of_version_7_and_of_now(store: Store) -> None:
    store.append(commit_of(writing("fee-1", 0, *fees(200))))

    ids = [UUID(each.event_id) for each in store.read_stream("fee-1")]

    assert {each.version for each in ids} == {7}
    assert {each.variant for each in ids} == {RFC_4122}
    assert len(set(ids)) == 200
    made = datetime.fromtimestamp((ids[0].int >> 80) / 1000, UTC)
    assert abs(made - store.read_stream("fee-1")[0].recorded_at) < timedelta(minutes=1)
