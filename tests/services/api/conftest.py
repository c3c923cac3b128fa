"""An API over an office on a database, and somebody to call it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from services.api.app import create_api
from services.settings import Settings
from services.stack.postgres import PostgresServer
from services.stack.redis import RedisServer
from services.wiring import Office, open_office
from tests.conftest import _fresh
from tests.services.api.calling import Caller


@pytest.fixture
def api(office: Office) -> Flask:
    return create_api(office)


@pytest.fixture
def caller(api: Flask, office: Office) -> Caller:
    return Caller(app=api, office=office)


@pytest.fixture(scope="module")
def standing_caller(
    postgres: PostgresServer,
    template_database: str,
    redis_server: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Caller]:
    """Somebody who calls an API on a database that the tests of one module share."""
    with _fresh(postgres, template_database) as database:
        told = {
            "QMAS_DATABASE_URL": database.app_url,
            "QMAS_BROKER_URL": redis_server.broker_url,
        }
        settings = Settings.load(told, home=tmp_path_factory.mktemp("standing") / "home")
        office = open_office(settings)
        yield Caller(app=create_api(office), office=office)
        office.close()


@pytest.fixture(scope="module")
def standing_case(standing_caller: Caller) -> str:
    """The reference of John's case there, which has been filed and acknowledged."""
    reference = standing_caller.submit()
    standing_caller.take(reference, "acknowledge")
    return reference


@pytest.fixture
def refused(standing_caller: Caller, standing_case: str) -> Iterator[Caller]:
    """Somebody all of whose requests in this test must leave the log as it was."""
    before = standing_caller.office.store.sequence()
    yield standing_caller
    assert standing_caller.office.store.sequence() == before
