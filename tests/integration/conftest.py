"""Servers of others that messages and spans are sent to, for each test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.integration.collecting import Collector, a_collector
from tests.integration.mailing import MailServer, a_mail_server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    """A mail server that takes every message until a test says otherwise."""
    with a_mail_server() as server:
        yield server


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector of spans."""
    with a_collector() as made:
        yield made
