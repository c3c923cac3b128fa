"""An identity provider, an office whose people it knows, and a guest who signs in there."""

from collections.abc import Iterator

import pytest

from services.settings import Settings
from services.wiring import Office, open_office
from tests.services.issuing import Guest, Issuer, an_issuer, provided


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with an_issuer() as made:
        yield made


@pytest.fixture
def office(settings: Settings, issuer: Issuer) -> Iterator[Office]:
    """An office whose people the provider knows."""
    opened = open_office(provided(settings, issuer))
    yield opened
    opened.close()


@pytest.fixture
def guest(office: Office, issuer: Issuer) -> Guest:
    return Guest(office, issuer)
