"""Runs processes on one log, and settles what they did against what the database holds."""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.integration.log_roles import Plan

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """What the writers, readers and watchers said, by the name of the process."""

    said: dict[str, list[dict[str, Any]]]

    def committed(self) -> list[tuple[str, int]]:
        lines = [
            line for name in self.said if name.startswith("writer") for line in self.said[name]
        ]
        return [(event[0], event[1]) for line in lines for event in line.get("events", ())]

    def readers(self) -> list[list[dict[str, Any]]]:
        return [self.said[name] for name in sorted(self.said) if name.startswith("reader")]

    def torn(self) -> list[Any]:
        return [line["torn"] for lines in self.said.values() for line in lines if "torn" in line]


@contextmanager
def running(plan: Plan) -> Iterator["subprocess.Popen[str]"]:
    """The processes of a plan; they have all ended, and well, when the block is left."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.log_roles", json.dumps(asdict(plan))],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as troupe:
        try:
            yield troupe
            _, said = troupe.communicate(timeout=60)
        except BaseException:
            troupe.kill()
            raise
    assert troupe.returncode == 0, said


def perform(plan: Plan) -> Accounts:
    with running(plan):
        pass
    return accounts(Path(plan.folder))


def accounts(folder: Path) -> Accounts:
    said = {}
    for file in folder.glob("*.jsonl"):
        # The last line of a process that was killed may be cut short.
        lines = file.read_text().split("\n")[:-1]
        said[file.stem] = [json.loads(line) for line in lines]
    return Accounts(said=said)


def pid_of(folder: Path, name: str, *, at_work: bool = True) -> int:
    """The pid of a process of the plan, once it has something to say."""
    file = folder / (f"{name}.jsonl" if at_work else f"{name}.pid")
    for _ in range(1000):
        if file.exists() and file.stat().st_size:
            return int((folder / f"{name}.pid").read_text())
        time.sleep(0.01)
    raise AssertionError(f"{name} did not start")


def assert_nothing_missed(done: Accounts, url: str) -> None:
    """Every reader read exactly what is stored, whole, and no stream contradicts the order."""
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM pending").fetchone() == (0,)
        log = connection.execute(
            "SELECT position, stream, version, commit_id, ord, log.leaf = events.leaf, sequenced_at"
            " FROM log LEFT JOIN events USING (commit_id, ord) ORDER BY position"
        ).fetchall()
        stored = connection.execute("SELECT count(*) FROM events").fetchone()
    assert stored == (len(log),)
    assert log, "nothing was written"
    assert [row[0] for row in log] == list(range(1, len(log) + 1))
    assert all(row[5] for row in log)
    assert [row[6] for row in log] == sorted(row[6] for row in log)
    _assert_streams_in_order((row[1], row[2]) for row in log)
    _assert_commits_whole([(row[3], row[4]) for row in log])
    assert set(done.committed()) <= {(row[1], row[2]) for row in log}
    assert done.torn() == []
    for lines in done.readers():
        assert [(line["position"], *line["event"]) for line in lines] == [row[:3] for row in log]


def _assert_streams_in_order(events: Iterator[tuple[str, int]]) -> None:
    at: dict[str, int] = defaultdict(int)
    for stream, version in events:
        at[stream] += 1
        assert version == at[stream], f"{stream} is out of order"


def _assert_commits_whole(placed: list[tuple[int, int]]) -> None:
    ended: set[int] = set()
    current, expected = 0, 0
    for commit, place in placed:
        if commit != current:
            ended.add(current)
            assert commit not in ended, f"commit {commit} stands at two places"
            current, expected = commit, 0
        assert place == expected, f"commit {commit} is not in its own order"
        expected += 1
