"""An installation starts with a program that folds otherwise, though an event cannot be read."""

import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.projections import runner
from services.projections.errors import ProjectionStopped
from services.settings import Settings
from services.stack import lifecycle
from services.stack.doctor import examine
from services.stack.errors import StackFault
from services.wiring import open_office
from tests.services import poisoned
from tests.services.casebook import Casebook, history, reference

BROKEN = f"case-{reference(1)}"


@pytest.fixture
def settings(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """An installation with its servers and three cases, taken down in the end."""
    for name in ("QMAS_MAIL_PORT", "QMAS_WEB_PORT"):
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            monkeypatch.setenv(name, str(asked.getsockname()[1]))
    settings = Settings.from_environment(open_folder / "home")
    try:
        lifecycle.up(settings, processes=())
        _write(settings)
        yield settings
    finally:
        lifecycle.down(settings)


def _write(settings: Settings) -> None:
    Casebook.opened(settings.database_url, _owner(settings)).close()
    office = open_office(settings)
    try:
        book = Casebook(store=office.store, models=office.models)
        for number in (1, 2, 3):
            book.write(f"case-{reference(number)}", history(number)[:3])
    finally:
        office.close()


def _owner(settings: Settings) -> str:
    assert settings.owner_database_url is not None
    return settings.owner_database_url


def _follow(settings: Settings) -> list[str]:
    """Return which read models are stopped once all are as far as they can be."""
    office = open_office(settings)
    stopped = []
    try:
        for name in runner.PROJECTIONS:
            try:
                runner.catch_up(office.store, office.models, name)
            except ProjectionStopped:
                stopped.append(name)
    finally:
        office.close()
    return stopped


def _outdate(settings: Settings) -> None:
    """The next program raises the version of every fold."""
    with psycopg.connect(_owner(settings)) as connection:
        connection.execute("UPDATE projection_checkpoints SET version = 0")


def test_the_servers_start_and_the_stop_is_told(settings: Settings) -> None:
    poisoned.with_a_broken_seal(_owner(settings), BROKEN, 1)
    stopped = _follow(settings)
    assert stopped == ["case-list", "case-status"]
    lifecycle.down(settings)
    lifecycle.start_servers(settings)
    _outdate(settings)
    said: list[str] = []
    lifecycle.up(settings, processes=("web",), say=said.append)
    assert [name for name in runner.PROJECTIONS if f"{name} folded again" in said] == [
        *runner.PROJECTIONS
    ]
    told = [each for each in said if "stands still before position 1" in each]
    assert [each.partition(" ")[0] for each in told] == stopped
    assert "web" in {part.name for part in lifecycle.status(settings) if part.running}
    found = {each.subject: each for each in examine(settings)}
    assert all("stands still before position 1" in found[name].says for name in stopped)


def test_what_stops_the_new_rows_alone_is_told_and_nothing_else_is_outdated(
    settings: Settings,
) -> None:
    assert _follow(settings) == []
    poisoned.with_a_broken_seal(_owner(settings), BROKEN, 1)
    _outdate(settings)
    with pytest.raises(StackFault, match=r"could not be renewed: case-list is as it was: "):
        lifecycle.up(settings, processes=())
    found = {each.subject: each for each in examine(settings)}
    outdated = [name for name in runner.PROJECTIONS if name in found]
    assert outdated == ["case-list", "case-status"]
