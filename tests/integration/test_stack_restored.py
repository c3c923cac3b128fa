"""A data folder put back from a copy knows that it is old, by what lies beside it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.settings import Settings
from services.stack import lifecycle
from services.stack.doctor import examine
from services.wiring import Office
from tests.integration.mailing import MailServer, acknowledge, an_office, applicant


@pytest.fixture
def told(open_folder: Path, mail: MailServer) -> Iterator[Settings]:
    settings = Settings.load({"QMAS_SMTP_URL": mail.url}, home=open_folder / "home")
    yield settings
    lifecycle.down(settings)


def _send(office: Office, number: int) -> int:
    """Acknowledge one more case; return how many letters went out."""
    acknowledge(office, applicant(number))
    plan(office)
    return deliver(office)


def test_a_folder_put_back_sends_nothing_until_a_person_confirms(
    told: Settings, mail: MailServer
) -> None:
    copy = told.home.with_name("copy")
    lifecycle.up(told, processes=())
    with an_office(told) as office:
        assert _send(office, 1) == 1
    lifecycle.down(told)
    _copy(told.home, copy)
    lifecycle.up(told, processes=())
    with an_office(told) as office:
        assert _send(office, 2) == 1, "a copy was made, and nothing was put back"
    lifecycle.down(told)
    shutil.rmtree(told.home)
    copy.rename(told.home)
    lifecycle.up(told, processes=())
    with an_office(told) as office:
        assert _send(office, 3) == 0
    (found,) = [each for each in examine(told) if each.subject == "notifications"]
    assert not found.is_well
    assert "older" in found.says
    assert len(mail.messages) == 2


def _copy(source: Path, target: Path) -> None:
    """Copy a folder with whose each file is, which PostgreSQL asks for."""
    subprocess.run(["cp", "-a", source, target], check=True)
