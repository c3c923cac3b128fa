"""Another master key takes the place of the first while everybody works; nothing else changes."""

import base64
import hashlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import errors

from domain import commands as c
from services.cases import carry_out, case_at, submit
from services.cli.keys import keys
from services.settings import Settings, SettingsFault
from services.stack.finding import Finding
from services.stack.secrecy import keys_of, master_keys
from services.store import CaseKeys
from services.store.rewrapping import TABLES, counts, rewrap
from services.store.sealing import SealBroken, name_of
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.integration import marked as m
from tests.services.asking import asked
from tests.services.by_hand import ROLES, connected

NEW = hashlib.sha256(b"new").digest()
_ROTATE = """
import sys, time
from services.settings import Settings
from services.stack.secrecy import keys_of
from services.store.rewrapping import rewrap
told = Settings.from_environment()
def slowly(done):
    print(done, flush=True)
    sys.stdin.readline()
rewrap(told.owner_database_url, keys_of(told), slowly, batch=3)
"""


def nobody(_: int) -> None:
    """Hear of no progress."""


def turned(settings: Settings) -> Settings:
    """Return the settings with another master key, and the first as the former one."""
    return replace(settings, master_key=NEW, master_key_former=settings.master_key)


def environment(settings: Settings) -> Mapping[str, str]:
    assert settings.owner_database_url is not None
    return {
        "QMAS_HOME": str(settings.home),
        "QMAS_DATABASE_URL": settings.database_url,
        "QMAS_OWNER_DATABASE_URL": settings.owner_database_url,
        "QMAS_BROKER_URL": settings.broker_url,
        "QMAS_MASTER_KEY": base64.b64encode(settings.master_key).decode(),
        "QMAS_MASTER_KEY_FORMER": base64.b64encode(settings.master_key_former).decode(),
    }


def leaves(database: TestDatabase) -> list[tuple[int, bytes]]:
    with psycopg.connect(database.owner_url) as owner:
        return owner.execute("SELECT position, leaf FROM log ORDER BY position").fetchall()


@pytest.fixture
def cases(office: Office) -> list[m.Marked]:
    """Cases with something in every place that their keys seal, and a system to be told."""
    filed = [m.file_marked(office) for _ in range(3)]
    m.fill(office, filed[0])
    office.subscriptions.add("https://example.com/hook", ("application-submitted",), "test")
    return filed


@pytest.fixture
def other(office: Office) -> Iterator[Office]:
    with closing(open_office(turned(office.settings))) as opened:
        yield opened


def test_every_key_is_wrapped_anew_and_the_former_opens_nothing_any_more(
    office: Office, database: TestDatabase, other: Office, cases: list[m.Marked]
) -> None:
    office.store.sequence()
    before = leaves(database)
    first, second = name_of(office.settings.master_key).hex(), name_of(NEW).hex()
    assert counts(database.app_url) == {first: len(cases) + 1}
    (finding,) = master_keys(other.settings)
    assert finding.remedy == "run `qmas keys rotate`"

    assert rewrap(database.owner_url, keys_of(other.settings), nobody).done == len(cases) + 1
    assert counts(database.app_url) == {second: len(cases) + 1}
    assert rewrap(database.owner_url, keys_of(other.settings), nobody).done == 0
    assert leaves(database) == before
    with pytest.raises(SealBroken, match=second):
        case_at(office, cases[0].reference)

    (finding,) = master_keys(other.settings)
    assert finding.remedy == "take QMAS_MASTER_KEY_FORMER away"
    alone = replace(other.settings, master_key_former=b"")
    assert list[Finding](master_keys(alone)) == []
    with closing(open_office(alone)) as opened:
        state = case_at(opened, cases[0].reference).state
        assert state.filed.application == cases[0].corrected
        (served,) = opened.subscriptions.ready()
        assert len(served.secrets) == 1


def test_killed_in_the_middle_it_goes_on_while_others_file_and_erase(
    office: Office, database: TestDatabase, other: Office, cases: list[m.Marked]
) -> None:
    gone = cases[0]
    for _ in range(12):
        m.file_marked(office)
    with subprocess.Popen(
        [sys.executable, "-c", _ROTATE],
        env={**environment(other.settings), "PATH": "/usr/bin"},
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"3\n"
        process.send_signal(signal.SIGKILL)
    found = counts(database.app_url)
    assert found[name_of(NEW).hex()] == 3

    # Who has read a key keeps its bytes in mind, and writes under it all the same.
    working = threading.Thread(target=_work, args=(other, gone.reference))
    working.start()
    while working.is_alive():
        rewrap(database.owner_url, keys_of(other.settings), nobody, batch=2)
    working.join()
    rewrap(database.owner_url, keys_of(other.settings), nobody)
    assert set(counts(database.app_url)) == {name_of(NEW).hex()}
    with closing(open_office(replace(other.settings, master_key_former=b""))) as opened:
        assert opened.store.readable([gone.reference]) == ()
        for each in cases[1:]:
            state = case_at(opened, each.reference).state
            assert state.filed.application == each.filed


def _work(office: Office, gone: str) -> None:
    """Cases are filed and corrected, and one person is erased, all the while."""
    for number in range(6):
        filed = m.file_marked(office)
        correct = c.CorrectApplication(application=filed.corrected, reason=m.marker())
        carry_out(office, filed.reference, correct, asked(at=None))
        if number == 3:
            m.propose(office, gone)
            m.confirm(office, gone)


def test_whoever_remembers_a_key_as_it_was_wrapped_still_writes(
    database: TestDatabase, other: Office, cases: list[m.Marked]
) -> None:
    reference = cases[1].reference
    note = c.HoldCase(reason="first")
    carry_out(other, reference, note, asked(at=None))
    rewrap(database.owner_url, keys_of(other.settings), nobody)
    carry_out(other, reference, c.LiftHold(reason="second"), asked(at=None))


def test_what_an_earlier_version_wrapped_opens_and_is_wrapped_anew(
    office: Office, database: TestDatabase, other: Office
) -> None:
    filed = m.file_marked(office)
    with psycopg.connect(database.admin_url) as admin:
        admin.execute("ALTER TABLE case_keys DISABLE TRIGGER case_keys_unchanged")
        # The form without a name: as it is, less the name and with another first byte.
        admin.execute("UPDATE case_keys SET wrapped = '\\x01'::bytea || substr(wrapped, 10)")
        admin.execute("ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_unchanged")
    assert counts(database.app_url) == {None: 1}
    for each in (office, other):
        assert case_at(each, filed.reference).state.filed.application == filed.filed
    assert rewrap(database.owner_url, keys_of(other.settings), nobody).done == 1
    assert counts(database.app_url) == {name_of(NEW).hex(): 1}


@pytest.mark.parametrize("role", ROLES)
def test_only_the_owner_writes_a_wrapped_key_and_only_of_another_master_key(
    office: Office, database: TestDatabase, role: str
) -> None:
    filed = m.file_marked(office)
    write = "UPDATE case_keys SET wrapped = %s WHERE reference = %s"
    again = CaseKeys(office.settings.master_key).mint(filed.reference)
    anew = CaseKeys(NEW).mint(filed.reference)
    with connected(database, role) as connection:
        with pytest.raises(errors.RestrictViolation):
            connection.execute(write, (again, filed.reference))
        with pytest.raises(errors.RestrictViolation):
            connection.execute(write, (b"\x01" + anew[9:], filed.reference))
        if role == "owner":
            connection.execute(write, (anew, filed.reference))
        else:
            with pytest.raises(errors.RestrictViolation):
                connection.execute(write, (anew, filed.reference))


def test_everything_that_a_master_key_wraps_is_known(database: TestDatabase) -> None:
    with psycopg.connect(database.owner_url) as owner:
        found = owner.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'wrapped'"
        ).fetchall()
    assert {name for (name,) in found} == {each.table for each in TABLES}


def test_the_terminal_names_the_keys_and_wraps_them_anew(
    office: Office, other: Office, cases: list[m.Marked]
) -> None:
    told = {"env": dict(environment(other.settings))}
    before = CliRunner().invoke(keys, ["status"], **told).output
    assert "QMAS_MASTER_KEY_FORMER" in before
    assert "run `qmas keys rotate`" in before
    done = CliRunner().invoke(keys, ["rotate"], **told)
    assert f"{len(cases) + 1} keys were wrapped anew by {name_of(NEW).hex()}" in done.output
    after = CliRunner().invoke(keys, ["status"], **told).output
    assert "QMAS_MASTER_KEY_FORMER is not needed any more: take it away" in after
    assert base64.b64encode(NEW).decode() not in before + done.output + after
    assert submit(other, c.SubmitApplication(application=m.application()), asked())
    assert office.settings.master_key.hex() not in before


def test_the_terminal_makes_a_new_key_that_it_never_shows(
    settings: Settings, database: TestDatabase, tmp_path: Path
) -> None:
    file, told = tmp_path / "new.key", {"env": environment(settings)}
    before = counts(database.owner_url)
    made = CliRunner().invoke(keys, ["rotate", "--to-file", str(file)], **told)
    assert made.exit_code == 0, made.output
    assert file.stat().st_mode & 0o777 == 0o600
    secret = base64.b64decode(file.read_text())
    assert name_of(secret).hex() in made.output
    for shown in (file.read_text().strip(), secret.hex()):
        assert shown not in made.output
    # It is one that a process can be told, and nothing was wrapped by it.
    told_so = {**environment(settings), "QMAS_MASTER_KEY_FILE": str(file)}
    told_so.pop("QMAS_MASTER_KEY")
    assert Settings.load(told_so, home=settings.home).master_key == secret
    assert counts(database.owner_url) == before

    again = CliRunner().invoke(keys, ["rotate", "--to-file", str(file)], **told)
    assert (again.exit_code, "is there already" in again.output) == (1, True)
    assert base64.b64decode(file.read_text()) == secret
    nowhere = CliRunner().invoke(keys, ["rotate", "--to-file", str(tmp_path / "no/key")], **told)
    assert "No such file or directory" in nowhere.output


def test_the_former_key_is_another_one(settings: Settings) -> None:
    same = base64.b64encode(settings.master_key).decode()
    told = {**settings.environ, "QMAS_MASTER_KEY": same, "QMAS_MASTER_KEY_FORMER": same}
    with pytest.raises(
        SettingsFault, match="QMAS_MASTER_KEY_FORMER must not be the same as QMAS_MASTER_KEY"
    ):
        Settings.load(told, settings.home)
