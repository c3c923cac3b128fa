"""The embedded PostgreSQL server, with real servers that are really killed."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import psycopg
import pytest

from services.stack import processes
from services.stack.accounts import server_account
from services.stack.errors import StackFault
from services.stack.places import Places, make_private, settle
from services.stack.postgres import (
    PostgresServer,
    running_postgres,
    start_postgres,
    stop_postgres,
)
from services.stack.tuning import Tuning

_QUICK = Tuning(durable=False, shared_buffers="16MB", max_connections=20)
# Every module is loaded before the user changes: a closed home may hide the environment's files.
_AS_NOBODY = """
import encodings.ascii, encodings.idna, os, sys
from pathlib import Path
import psycopg
from services.stack.postgres import start_postgres, stop_postgres
from services.stack.tuning import Tuning
os.setgroups([]); os.setgid(65534); os.setuid(65534)
home = Path(sys.argv[1]) / "home"
server = start_postgres(home, tuning=Tuning(durable=False, shared_buffers="16MB"))
try:
    with psycopg.connect(server.app_url) as connection:
        print(connection.execute("SELECT current_user").fetchone()[0], server.places.account)
finally:
    stop_postgres(home)
"""
_START = """
import sys
from pathlib import Path
from services.stack.postgres import start_postgres
from services.stack.tuning import Tuning
tuning = Tuning(durable=False, shared_buffers="16MB")
print(start_postgres(Path(sys.argv[1]), tuning=tuning).process.pid)
"""


@pytest.fixture
def home(open_folder: Path) -> Iterator[Path]:
    """A data folder not yet made, whose server is stopped in the end."""
    home = open_folder / "home"
    yield home
    if home.is_dir():
        stop_postgres(home)


def _ask(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def _keep_a_row(server: PostgresServer) -> None:
    with psycopg.connect(server.owner_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")


def _kept_row(server: PostgresServer) -> object:
    return _ask(server.owner_url, "SELECT n FROM kept")


def _start_in_another_process(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _START, str(home)], stdout=subprocess.PIPE, text=True
    )


def test_the_application_may_not_create_tables(home: Path) -> None:
    server = start_postgres(home, tuning=_QUICK)
    with (
        psycopg.connect(server.app_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE mine (n int)")


def test_the_server_listens_on_its_socket_alone(home: Path) -> None:
    server = start_postgres(home, tuning=_QUICK)
    assert _ask(server.app_url, "SHOW listen_addresses") == ""
    assert server.places.postgres_sockets.stat().st_mode & 0o777 == 0o700


def test_a_wrong_password_is_refused_even_on_the_socket(home: Path) -> None:
    server = start_postgres(home, tuning=_QUICK)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.app_url.replace("qmas_app:", "qmas_app:not-"))


def test_a_second_start_finds_the_running_server(home: Path) -> None:
    first = start_postgres(home, tuning=_QUICK)
    assert start_postgres(home, tuning=_QUICK).process == first.process


def test_data_outlives_a_stop(home: Path) -> None:
    _keep_a_row(start_postgres(home, tuning=_QUICK))
    assert stop_postgres(home)
    assert running_postgres(settle(home)) is None
    assert _kept_row(start_postgres(home, tuning=_QUICK)) == 42


def test_stopping_what_does_not_run_says_so(home: Path) -> None:
    assert not stop_postgres(home)


def test_a_killed_postmaster_is_started_again_with_its_data(home: Path) -> None:
    first = start_postgres(home, tuning=_QUICK)
    _keep_a_row(first)
    os.kill(first.process.pid, signal.SIGKILL)
    again = start_postgres(home, tuning=_QUICK)
    assert again.process.pid != first.process.pid
    assert _kept_row(again) == 42


def test_a_server_that_recovers_from_a_killed_session_is_found(home: Path) -> None:
    server = start_postgres(home, tuning=_QUICK)
    with (
        psycopg.connect(server.admin_url) as killed,
        psycopg.connect(server.admin_url) as paused,
    ):
        pid = paused.info.backend_pid
        os.kill(pid, signal.SIGSTOP)  # the server waits for it before it replays its log
        os.kill(killed.info.backend_pid, signal.SIGKILL)
        Timer(0.5, os.kill, (pid, signal.SIGCONT)).start()
        found = start_postgres(home, tuning=_QUICK)
    assert found.process == server.process
    assert _ask(found.app_url, "SELECT 1") == 1


def test_a_child_left_by_a_killed_postmaster_is_ended_before_the_next_start(home: Path) -> None:
    server = start_postgres(home, tuning=_QUICK)
    with psycopg.connect(server.owner_url) as connection:
        child = connection.info.backend_pid
        os.kill(child, signal.SIGSTOP)  # it cannot notice that its postmaster is gone
        os.kill(server.process.pid, signal.SIGKILL)
        again = start_postgres(home, tuning=_QUICK)
    assert _ask(again.owner_url, "SELECT 1") == 1
    assert processes.known_by(child, since=server.process.since) is None


def test_a_server_of_a_home_that_was_at_the_same_place_is_left_alone(home: Path) -> None:
    """So it is for homes of one path in several file systems, as containers of a host have."""
    first = start_postgres(home, tuning=_QUICK)
    aside = home.with_name("aside")
    with psycopg.connect(first.owner_url, autocommit=True) as connection:
        home.rename(aside)
        second = start_postgres(home, tuning=_QUICK)
        assert second.process != first.process
        assert connection.execute("SELECT 1").fetchone() == (1,)
    stop_postgres(home)
    shutil.rmtree(home)
    aside.rename(home)
    assert running_postgres(settle(home)) == first.process


def test_a_pid_file_that_names_a_stranger_neither_deceives_nor_harms(home: Path) -> None:
    first = start_postgres(home, tuning=_QUICK)
    pid_file = first.places.data / "postmaster.pid"
    content = pid_file.read_text()
    stop_postgres(home)
    stranger = _a_stranger(first.places)
    pid_file.write_text(content.replace(str(first.process.pid), str(stranger.pid), 1))
    try:
        assert running_postgres(first.places) is None
        assert not stop_postgres(home)
        assert _ask(start_postgres(home, tuning=_QUICK).app_url, "SELECT 1") == 1
        assert processes.is_alive(stranger)
    finally:
        processes.stop(stranger, grace=5)


def _a_stranger(places: Places) -> processes.Running:
    """A process of the server's user which is no server."""
    return processes.spawn(
        ["/bin/sleep", "60"],
        log=places.log / "stranger.log",
        environ={},
        folder=Path("/"),
        account=places.account,
    )


def test_two_starts_at_once_make_one_server(home: Path) -> None:
    both = [_start_in_another_process(home) for _ in range(2)]
    found = [starting.communicate(timeout=60)[0].strip() for starting in both]
    assert [starting.returncode for starting in both] == [0, 0]
    assert found[0] == found[1]
    assert int(found[0])


def test_a_deep_home_has_its_socket_in_a_short_private_folder(open_folder: Path) -> None:
    home = open_folder / "a-rather-long-name" / ("x" * 100) / "home"
    server = start_postgres(home, tuning=_QUICK)
    sockets = server.places.postgres_sockets
    try:
        assert _ask(server.app_url, "SELECT 1") == 1
        assert home not in sockets.parents
        assert sockets.stat().st_mode & 0o777 == 0o700
    finally:
        stop_postgres(home)
        shutil.rmtree(sockets)


def test_a_file_in_the_place_of_the_home_is_named(home: Path) -> None:
    home.write_text("in the way")
    with pytest.raises(StackFault, match=f"{home} cannot be used: it is not a directory"):
        start_postgres(home, tuning=_QUICK)
    home.unlink()


def test_a_server_that_dies_at_its_start_is_reported_with_its_log(home: Path) -> None:
    with pytest.raises(StackFault, match=r"died at its start(.|\n)*no_such_setting"):
        start_postgres(home, tuning=Tuning(durable=False, more={"no_such_setting": "1"}))


def test_a_cluster_of_another_major_version_is_refused(home: Path) -> None:
    server = start_postgres(home, tuning=_QUICK)
    stop_postgres(home)
    (server.places.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(StackFault, match="made by PostgreSQL 16, this is 18"):
        start_postgres(home, tuning=_QUICK)


def test_a_half_made_cluster_is_made_again(home: Path) -> None:
    places = settle(home)
    make_private(places.cluster, places.account)
    half = places.cluster / "fresh" / "base"
    half.mkdir(parents=True)
    if places.account:
        for folder in (half.parent, half):
            os.chown(folder, places.account.uid, places.account.gid)
    assert _ask(start_postgres(home, tuning=_QUICK).app_url, "SELECT 1") == 1


@pytest.mark.skipif(server_account() is None, reason="only root can become another user")
def test_an_unprivileged_user_runs_the_server_as_itself(open_folder: Path) -> None:
    theirs = open_folder / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    ran = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(theirs)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "qmas_app None\n", "")


@pytest.mark.skipif(server_account() is None, reason="only root hands the server to another user")
def test_a_home_closed_to_the_servers_user_stays_closed(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    said: list[str] = []
    server = start_postgres(closed / "home", tuning=_QUICK, say=said.append)
    elsewhere = server.places.cluster.parent
    try:
        assert _ask(server.app_url, "SELECT 1") == 1
        assert closed.stat().st_mode & 0o777 == 0o700
        assert closed not in elsewhere.parents
        assert str(elsewhere / "postgres") in said[0]
        assert settle(closed / "home") == server.places
    finally:
        stop_postgres(closed / "home")
        shutil.rmtree(elsewhere)


@pytest.mark.skipif(server_account() is None, reason="only root hands the server to another user")
def test_a_cluster_stays_where_it_is_though_its_user_seems_kept_out(open_folder: Path) -> None:
    open_folder.chmod(0o711)
    places = settle(open_folder / "home")
    make_private(places.cluster, places.account)
    places.data.mkdir()
    open_folder.chmod(0o700)
    assert settle(open_folder / "home") == places


def test_settling_a_home_makes_nothing_outside_it(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    places = settle(closed / ("x" * 100))
    assert settle(closed / ("x" * 100)) == places
    outside = (places.cluster.parent, places.postgres_sockets, places.redis_sockets)
    assert not any(
        folder.exists() for folder in outside if places.home not in (folder, *folder.parents)
    )
