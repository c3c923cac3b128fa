"""Many officers take the next case at once, some are killed, and no case is had twice."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.projections.runner import catch_up_all
from services.settings import Settings
from services.wiring import Office
from tests.domain.histories import submitted
from tests.services.casebook import Casebook, history, reference, write_of

ROOT = Path(__file__).parents[2]
CASES = 300
OFFICERS = 6
KILLED = 3

_TAKEN = """
SELECT stream, body ->> 'actor', body ->> 'command_id' FROM events WHERE type = 'case-taken'
"""


class Race:
    """Officers at work, each a process, and what they said so far."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, officer: str, again: str | None = None) -> None:
        plan = {
            "url": self.settings.database_url,
            "broker": self.settings.broker_url,
            "home": str(self.settings.home),
            "file": str(self.file(officer)),
            "officer": officer,
            "again": again,
        }
        command = [sys.executable, "-m", "tests.integration.work_roles", json.dumps(plan)]
        self.running[officer] = subprocess.Popen(command, cwd=ROOT)

    def file(self, officer: str) -> Path:
        return self.folder / f"{officer}.jsonl"

    def said(self, officer: str) -> list[dict[str, Any]]:
        file = self.file(officer)
        # The last line of a process that was killed may be cut short.
        lines = file.read_text().split("\n")[:-1] if file.exists() else []
        return [json.loads(line) for line in lines]

    def kill_at_work(self, officer: str) -> str:
        """Kill an officer in the middle of their work; return the request they were at last."""
        while len([each for each in self.said(officer) if "took" in each]) < 5:
            assert self.running[officer].poll() is None
            time.sleep(0.01)
        self.running[officer].kill()
        assert self.running[officer].wait() == -signal.SIGKILL
        file, asked = self.file(officer), [each for each in self.said(officer) if "asks" in each]
        file.write_text("".join(f"{json.dumps(each)}\n" for each in self.said(officer)))
        return str(asked[-1]["asks"])

    def finish(self) -> None:
        assert [each.wait(timeout=120) for each in self.running.values()] == [0] * OFFICERS

    def stop(self) -> None:
        for each in self.running.values():
            each.kill()
            each.wait()


@pytest.fixture
def race(settings: Settings, open_folder: Path) -> Iterator[Race]:
    made = Race(settings, open_folder)
    yield made
    made.stop()


def file_cases(office: Office, numbers: range) -> None:
    book = Casebook(store=office.store, models=office.models)
    streams = {f"case-{reference(each)}": history(each, (submitted(),)) for each in numbers}
    book.write_all([write_of(stream, events) for stream, events in streams.items()])


def test_racing_officers_get_every_case_once(race: Race, office: Office) -> None:
    # No worker runs, so that the read models are as old as the officers themselves leave them;
    # half of the cases are not in them yet.
    file_cases(office, range(CASES // 2))
    catch_up_all(office.store, office.models)
    file_cases(office, range(CASES // 2, CASES))
    names = [f"officer.{number}" for number in range(OFFICERS)]
    for name in names:
        race.start(name)
    for name in names[:KILLED]:
        # Whoever comes back asks once more under the same id, not knowing whether it was done.
        race.start(name, again=race.kill_at_work(name))
    race.finish()

    with psycopg.connect(race.settings.database_url) as connection:
        taken = connection.execute(_TAKEN).fetchall()
    assert Counter(stream for stream, _, _ in taken) == Counter(
        f"work-{reference(each)}" for each in range(CASES)
    )
    said = {
        (f"work-{each['took']}", name, each["by"])
        for name in names
        for each in race.said(name)
        if "took" in each
    }
    assert said == set(taken)
    assert all(race.said(name)[-1] == {"nothing": True} for name in names)
    assert len({actor for _, actor, _ in taken}) == OFFICERS
