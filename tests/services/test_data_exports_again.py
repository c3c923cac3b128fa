"""An export that was made is given again to whoever made it, while they might make another."""

from dataclasses import replace

import pytest

from domain import work_commands as c
from domain.access import Person, Role
from domain.commands import RecuseOfficer
from domain.data_access import AccessOutcome
from domain.errors import Forbidden, NoDataAccessOpen, RecusedFromCase
from services.cases import carry_out
from services.requests import Request
from services.wiring import Office
from tests.services.asking import OFFICER, asked
from tests.services.exporting import exported
from tests.services.test_data_access import ask, came_in
from tests.services.visiting import file_case


@pytest.fixture
def request_for_it() -> Request:
    return asked(OFFICER, at=None)


@pytest.fixture
def case(office: Office, request_for_it: Request) -> str:
    """A case whose person asked for their data, which an officer has put together."""
    reference = file_case(office)
    ask(office, reference, came_in(office))
    exported(office, reference, request=request_for_it)
    return reference


def test_its_id_opens_it_to_nobody_else(office: Office, case: str, request_for_it: Request) -> None:
    other = Person(name="officer.lee", role=Role.OFFICER)
    with pytest.raises(Forbidden, match="somebody else made this export"):
        exported(office, case, request=replace(request_for_it, person=other))
    assert exported(office, case, request=request_for_it).repeated


def test_who_stepped_aside_since_is_not_given_their_own_again(
    office: Office, case: str, request_for_it: Request
) -> None:
    carry_out(office, case, RecuseOfficer(reason="A conflict"), asked(OFFICER, at=None))
    with pytest.raises(RecusedFromCase):
        exported(office, case, request=request_for_it)


def test_once_the_request_is_answered_it_is_not_given_again(
    office: Office, case: str, request_for_it: Request
) -> None:
    ask(office, case, c.AnswerDataAccess(outcome=AccessOutcome.IN_FULL))
    with pytest.raises(NoDataAccessOpen):
        exported(office, case, request=request_for_it)
    ask(office, case, came_in(office))
    with pytest.raises(NoDataAccessOpen, match="make a new one"):
        exported(office, case, request=request_for_it)
