"""Writers, sequencers, readers and a watcher of one log, each a process of its own.

Run as `python -m tests.integration.log_roles '{"url": …, "folder": …, "writers": 8, …}'`. Each
process writes its pid to `NAME.pid` and what it did, a JSON line at a time, to `NAME.jsonl`.
"""

import json
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg

from services.store import Conflict, Store, StoreUnreachable, Together
from tests.services.storing import commit_of, fees, store_at, withdrawal, writing

HOT_STREAMS = 3
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    url: str
    folder: str
    writers: int
    sequencers: int = 3
    readers: int = 2
    seconds: float = 1.5
    seed: int = 0
    patience: float = 0  # seconds for which a server that went away is waited for


class Reporter:
    def __init__(self, folder: Path, name: str) -> None:
        (folder / f"{name}.pid").write_text(str(os.getpid()))
        self._file = (folder / f"{name}.jsonl").open("a", buffering=1)
        self.writing_is_over = (folder / "writing-is-over").exists

    def say(self, **what: Any) -> None:
        self._file.write(json.dumps(what) + "\n")


def patiently(plan: Plan, work: Callable[[], _T]) -> _T:
    """The work's answer, tried again while the server is away."""
    until = time.monotonic() + plan.patience
    while True:
        try:
            return work()
        except (StoreUnreachable, psycopg.OperationalError):
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def write(store: Store, plan: Plan, chance: random.Random, report: Reporter) -> None:
    """Append to a stream of its own, to hot ones, to new cases; now and then roll back.

    Now and then it is many commits at once.
    """
    own, version, until = f"own-{uuid4()}", 0, time.monotonic() + plan.seconds
    while time.monotonic() < until:
        kind = chance.random()
        if kind < 0.1:
            patiently(plan, partial(roll_back, plan.url, f"{own}-undone"))
            continue
        if kind > 0.93:
            for commit in patiently(plan, partial(store.together, partial(many, store, plan))):
                report.say(events=commit)
            continue
        if kind < 0.2:
            writes = [writing(f"case-{uuid4()}", 0, withdrawal())]
        else:
            events = fees(chance.randint(1, 3), version)
            writes = [writing(own, version, *events)]
            if kind < 0.6:
                hot = f"hot-{chance.randrange(HOT_STREAMS)}-{plan.seed}"
                at = patiently(plan, partial(store.stream_version, hot))
                writes.insert(0, writing(hot, at, *fees(2, at)))
        try:
            commit = commit_of(*writes)
            appended = patiently(plan, partial(store.append, commit))
        except Conflict:
            report.say(conflict=True)
            continue
        version += sum(len(each.events) for each in writes if each.stream == own)
        report.say(
            commit=appended.commit_id,
            events=[
                [each.stream, each.expected + place]
                for each in writes
                for place in range(1, len(each.events) + 1)
            ],
        )


def many(store: Store, plan: Plan, whole: Together) -> list[list[list[Any]]]:
    """Append to every hot stream in turn, each in a commit of its own; return their events."""
    done = []
    for number in range(HOT_STREAMS):
        hot = f"hot-{number}-{plan.seed}"
        for _ in range(20):
            at = store.stream_version(hot)
            try:
                whole.append(commit_of(writing(hot, at, *fees(2, at))))
            except Conflict:
                continue
            done.append([[hot, at + 1], [hot, at + 2]])
            break
    return done


def roll_back(url: str, stream: str) -> None:
    with psycopg.connect(url) as connection:
        write_by_hand(connection, stream)
        connection.rollback()


def write_by_hand(connection: psycopg.Connection[Any], stream: str) -> int:
    """What the append does, left uncommitted in the connection's transaction."""
    row = connection.execute(
        "INSERT INTO commits (commit_id, command_id, fingerprint, result)"
        " VALUES (nextval('commit_ids'), %s, 'x', '{}') RETURNING commit_id",
        (uuid4(),),
    ).fetchone()
    assert row is not None
    body = {
        "id": str(uuid4()),
        "stream": stream,
        "version": 1,
        "type": "application-acknowledged",
        "schema": 1,
        "effective_at": "2019-05-01T00:00:00Z",
        "payload": {},
    } | dict.fromkeys(("actor", "role", "command", "command_id"), "x")
    body |= dict.fromkeys(("causation_id", "correlation_id"), "x")
    connection.execute(
        "INSERT INTO events (commit_id, ord, body) VALUES (%s, 0, %s)", (row[0], json.dumps(body))
    )
    connection.execute("INSERT INTO pending (commit_id) VALUES (%s)", row)
    return int(row[0])


def sequence(store: Store, plan: Plan, chance: random.Random, report: Reporter) -> None:
    """Number without a pause until the writers are done."""
    passes = 0
    while not report.writing_is_over():
        patiently(plan, store.sequence)
        passes += 1
        if chance.random() < 0.05:
            time.sleep(0.002)
    report.say(passes=passes)


def read(store: Store, plan: Plan, chance: random.Random, report: Reporter) -> None:
    """Follow the log to its end, in batches of any size."""
    after = 0
    while True:
        is_last = report.writing_is_over()
        follow = partial(store.read_log, after=after, limit=chance.choice((1, 7, 100, 1000)))
        events = patiently(plan, follow)
        for each in events:
            assert each.position is not None
            assert each.sequenced_at is not None
            after = each.position
            report.say(
                position=after,
                event=[each.stream, each.version],
                sequenced_at=each.sequenced_at.isoformat(),
            )
        if is_last and not events:
            return
        if not events:
            time.sleep(0.001)


_LAST_COMMIT = """
WITH last AS (SELECT commit_id FROM log ORDER BY position DESC LIMIT 1)
SELECT (SELECT count(*) FROM log WHERE commit_id = (SELECT commit_id FROM last)),
       (SELECT count(*) FROM events WHERE commit_id = (SELECT commit_id FROM last))
"""


def watch(_: Store, plan: Plan, __: random.Random, report: Reporter) -> None:
    """Look for a commit of which the log shows only a part."""

    def look() -> None:
        with psycopg.connect(plan.url, autocommit=True) as connection:
            while not report.writing_is_over():
                shown, whole = connection.execute(_LAST_COMMIT).fetchone() or (0, 0)
                if shown != whole:
                    report.say(torn=[shown, whole])
                time.sleep(0.001)

    patiently(plan, look)


Role = Callable[[Store, Plan, random.Random, Reporter], None]


def start(name: str, role: Role, plan: Plan) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        store = store_at(plan.url)
        chance = random.Random(f"{plan.seed} {name}")  # noqa: S311 - repeatable, not secret
        role(store, plan, chance, Reporter(Path(plan.folder), name))
        store.dispose()
        status = 0
    except BaseException:  # noqa: BLE001 - a forked child must not run on into its parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> int:
    plan = Plan(**json.loads(sys.argv[1]))
    following = {
        start(f"{name}-{number}", role, plan): name
        for name, role, count in (
            ("sequencer", sequence, plan.sequencers),
            ("reader", read, plan.readers),
            ("watcher", watch, 1),
        )
        for number in range(count)
    }
    writing = {start(f"writer-{number}", write, plan) for number in range(plan.writers)}
    # A process that was killed on purpose ends with a signal, which is no failure of its own.
    failed = [pid for pid in writing if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) > 0]
    (Path(plan.folder) / "writing-is-over").touch()
    failed += [pid for pid in following if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) > 0]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
