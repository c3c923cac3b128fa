"""What runs in a home is shown and ended, whatever the settings are by then."""

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.settings import Settings
from services.stack import lifecycle

_ELSEWHERE = {
    "QMAS_DATABASE_URL": "postgresql://qmas_app:word@db.example.invalid/qmas",
    "QMAS_OWNER_DATABASE_URL": "postgresql://qmas_owner:word@db.example.invalid/qmas",
    "QMAS_BROKER_URL": "redis://broker.example.invalid/0",
    "QMAS_SMTP_URL": "smtp://mail.example.invalid",
}


@pytest.fixture
def settings() -> Iterator[Settings]:
    """An installation's servers, schema and mail catcher, taken down in the end."""
    folder = Path(f"/var/tmp/qmas-down-{os.getpid()}")  # noqa: S108 - every user may enter it
    folder.mkdir(mode=0o711)
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = str(asked.getsockname()[1])
    settings = Settings.load({"QMAS_MAIL_PORT": port}, folder / "home")
    try:
        lifecycle.up(settings, processes=("mail",))
        yield settings
    finally:
        lifecycle.down(settings)
        shutil.rmtree(folder)


def test_what_other_settings_started_is_shown_and_ended(settings: Settings) -> None:
    other = Settings.load(_ELSEWHERE, settings.home)
    assert not other.embedded_mail
    started = {"postgres", "redis", "mail"}
    shown = {part.name: part.state for part in lifecycle.status(other)}
    assert {name for name, state in shown.items() if state == "running"} == started
    assert _of(settings.home) != []
    lifecycle.down(other)
    assert _of(settings.home) == []
    shown = {part.name: part.state for part in lifecycle.status(other)}
    assert (shown["postgres"], shown["redis"]) == ("elsewhere", "elsewhere")
    assert "mail" not in shown


def _of(home: Path) -> list[str]:
    """Return the command of every process that names that home in it or in its environment."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            if entry.name.isdigit() and os.fsencode(home) in said:
                found.append(said.decode(errors="replace")[:80])
    return found
