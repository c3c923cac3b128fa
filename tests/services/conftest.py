"""An installation that sends nothing, for tests of what is planned and kept."""

from pathlib import Path

import pytest

from services.settings import Settings
from services.stack.redis import RedisServer
from tests.conftest import TestDatabase
from tests.integration.mailing import settings


@pytest.fixture
def told(database: TestDatabase, redis_server: RedisServer, tmp_path: Path) -> Settings:
    """The settings of an installation whose mail server is nowhere."""
    nowhere = "smtp://127.0.0.1:9"
    return settings(database.app_url, redis_server.broker_url, tmp_path / "home", mail=nowhere)
