"""Servers of others that messages and spans are sent to, for each test that asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.projections.runner import catch_up_all
from services.settings import Settings
from services.stack.postgres import PostgresServer
from services.stack.redis import RedisServer
from services.wiring import Office, open_office
from tests.conftest import TestDatabase, _fresh
from tests.integration import marked as m
from tests.integration.collecting import Collector, a_collector
from tests.integration.mailing import MailServer, a_mail_server, settings
from tests.integration.receiving import Receiver, a_receiver
from tests.integration.restoring import dump
from tests.integration.walking import Walked, with_cases_before_the_panel, with_everything


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A mail server that takes every message until a test says otherwise."""
    with a_mail_server() as server:
        yield server


@pytest.fixture
def told(
    database: TestDatabase, redis_server: RedisServer, tmp_path: Path, mail: MailServer
) -> Settings:
    """The settings of an installation whose letters that mail server takes."""
    return settings(database.app_url, redis_server.broker_url, tmp_path / "home", mail=mail.url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A system that takes every webhook until a test says otherwise."""
    with a_receiver() as made:
        yield made


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector of spans."""
    with a_collector() as made:
        yield made


@pytest.fixture(scope="module")
def lasting(
    postgres: PostgresServer,
    template_database: str,
    redis_server: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Office, TestDatabase]]:
    """An office that lasts for all tests of a module, and its database."""
    with _fresh(postgres, template_database) as database:
        told = {
            "QMAS_DATABASE_URL": database.app_url,
            "QMAS_OWNER_DATABASE_URL": database.owner_url,
            "QMAS_BROKER_URL": redis_server.broker_url,
        }
        office = open_office(Settings.load(told, home=tmp_path_factory.mktemp("lasting") / "home"))
        yield office, database
        office.close()


@pytest.fixture(scope="module")
def walked(lasting: tuple[Office, TestDatabase]) -> Walked:
    """An office with something to see behind every door."""
    office, database = lasting
    return with_everything(office, database.owner_url)


@pytest.fixture(scope="module")
def staged(lasting: tuple[Office, TestDatabase]) -> Walked:
    """An office with two cases before the panel, and one that is not."""
    office, database = lasting
    return with_cases_before_the_panel(office, database.owner_url)


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
