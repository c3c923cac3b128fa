"""From a commit to a subscribed system through real workers, one of them killed on the way."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.settings import Settings
from services.stack.redis import start_redis
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import acknowledge, an_office, applicant, expire_leases, settings
from tests.integration.receiving import Receiver
from tests.integration.working import Workplace
from tests.services.seeing import looking


@dataclass(slots=True, kw_only=True)
class CallingOffice(Workplace):
    """A place for workers that tell a system of the test's own."""

    told: Settings

    def _environ(self) -> dict[str, str]:
        return {**self.told.child_environ(), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def place(tmp_path: Path, database: TestDatabase) -> Iterator[CallingOffice]:
    folder = tmp_path / "home"
    redis = start_redis(folder)
    made = settings(database.app_url, redis.broker_url, folder, mail="smtp://127.0.0.1:9")
    told = Settings.load({**made.environ, "QMAS_WEBHOOKS_ALLOW_PRIVATE": "yes"}, folder)
    place = CallingOffice(folder=folder, database_url=database.app_url, redis=redis, told=told)
    try:
        yield place
    finally:
        place.close()


@pytest.fixture
def office(place: CallingOffice) -> Iterator[Office]:
    with an_office(place.told) as opened:
        yield opened


def test_a_commit_is_told_without_the_schedule_under_the_id_of_its_event(
    place: CallingOffice, office: Office, receiver: Receiver
) -> None:
    office.subscriptions.add(receiver.url, ("application-acknowledged",), "test")
    place.hire(beat=False)
    reference = acknowledge(office, applicant(1))
    office.pokes.committed()
    place.until(lambda: len(receiver.arrivals) == 1)
    said = json.loads(receiver.arrivals[0].body)
    assert (said["subject"], said["id"]) == (
        reference,
        office.store.read_log(after=1, limit=1)[0].event_id,
    )


def test_a_worker_killed_amid_its_calls_leaves_nothing_untold_and_every_copy_told_apart(
    place: CallingOffice, office: Office, receiver: Receiver, database: TestDatabase
) -> None:
    both = ("application-submitted", "application-acknowledged")
    office.subscriptions.add(receiver.url, both, "test")
    worker = place.hire(beat=False)
    for number in range(40):
        acknowledge(office, applicant(number))
        office.pokes.committed()
    place.until(lambda: len(receiver.arrivals) >= 10)
    worker.kill()
    office.ledger.dispose()
    place.hire()

    def all_told() -> bool:
        expire_leases(database.owner_url)
        rows = [
            each for each in office.ledger.rows(looking(), limit=1000) if each.means == "webhook"
        ]
        return len(rows) == 80 and {str(each.state) for each in rows} == {"sent"}

    place.until(all_told)
    ids = {
        row.message_id
        for row in office.ledger.rows(looking(), limit=1000)
        if row.means == "webhook"
    }
    assert set(receiver.ids) == ids
    bodies = {(each.id, each.body) for each in receiver.arrivals}
    assert len(bodies) == len(ids), "a copy is the same message"
