"""From a commit to the mail server through real workers, one of them killed on the way."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from services.settings import Settings
from services.stack.redis import start_redis
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.mailing import (
    MailServer,
    acknowledge,
    an_office,
    applicant,
    expire_leases,
    settings,
    states,
)
from tests.integration.working import Workplace
from tests.services.seeing import looking


@dataclass(slots=True, kw_only=True)
class PostOffice(Workplace):
    """A place for workers that hand their mail to a server of the test's own."""

    told: Settings

    def _environ(self) -> dict[str, str]:
        return {**self.told.child_environ(), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def place(tmp_path: Path, database: TestDatabase, mail: MailServer) -> Iterator[PostOffice]:
    folder = tmp_path / "home"
    redis = start_redis(folder)
    told = settings(database.app_url, redis.broker_url, folder, mail=mail.url)
    made = PostOffice(folder=folder, database_url=database.app_url, redis=redis, told=told)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def office(place: PostOffice) -> Iterator[Office]:
    with an_office(place.told) as opened:
        yield opened


def test_an_acknowledgement_is_mailed_without_the_schedule(
    place: PostOffice, office: Office, mail: MailServer
) -> None:
    worker = place.hire(beat=False)
    reference = acknowledge(office, applicant(1))
    office.pokes.committed()
    place.until(lambda: states(office.ledger.rows(looking())) == ["sent"])
    assert [str(message["Subject"]).split()[-1] for message in mail.messages] == [reference]
    assert worker.stop() == 0


def test_a_worker_killed_amid_its_mail_leaves_nothing_unsent_and_every_copy_told_apart(
    place: PostOffice, office: Office, mail: MailServer, database: TestDatabase
) -> None:
    worker = place.hire(beat=False)
    references = set()
    for number in range(60):
        references.add(acknowledge(office, applicant(number)))
        office.pokes.committed()
    place.until(lambda: len(mail.messages) >= 10)
    worker.kill()
    office.ledger.dispose()
    place.until(lambda: _sessions(database) == 0)  # what it had asked for is done or undone
    place.hire()
    expire_leases(database.owner_url)
    place.until(lambda: states(office.ledger.rows(looking(), limit=1000)) == ["sent"] * 60)
    rows = office.ledger.rows(looking(), limit=1000)
    assert {row.reference for row in rows} == references
    assert set(mail.ids) == {row.message_id for row in rows}


def _sessions(database: TestDatabase) -> int:
    """Return how many sessions the ledger has, of whatever process."""
    with psycopg.connect(database.admin_url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'qmas-notifications'"
        ).fetchone()
    return found[0] if found else 0
