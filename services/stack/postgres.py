"""The embedded PostgreSQL server: made, started, found again and stopped.

It listens on a Unix socket only. Passwords (SCRAM) are asked even there: run by root, the server
and its clients are different users, so `peer` cannot work, and the server's user is one that other
programs of the machine may share, so a socket folder closed to others would not be lock enough.

All files in the server's folder are written by the server's own user, and the server's settings
go on its command line: root never writes where another user could have planted a link.
"""

import hashlib
import json
import os
import secrets
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from services.stack import processes
from services.stack.binaries import POSTGRES_MAJOR, PostgresPrograms, postgres_programs_for
from services.stack.errors import StackFault, naming
from services.stack.keys import kept
from services.stack.places import Places, locked, make_private, settle
from services.stack.tuning import Tuning

DATABASE = "qmas"
ADMIN, OWNER, APP = "postgres", "qmas_owner", "qmas_app"

# A usual start takes half a second; replaying the log after a crash may take minutes.
_READY_SECONDS = 300.0
_STOP_SECONDS = 30.0
_DYING_SECONDS = 2.0
_ORPHAN_SECONDS = 5.0
_PID_FILE_READY = "ready"

# Runs as the server's user, with the administrator's password on standard input. The cluster
# appears under its name only when it is whole, so a killed start leaves nothing half-made.
_INITIALISE = """
set -eu
cd "$1"
rm -rf fresh password
trap 'rm -f password' EXIT
cat > password
"$2" -D fresh --username=postgres --pwfile=password --auth=scram-sha-256 \
  --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --data-checksums $3
mv fresh data
"""

_ROLES = """
SET client_min_messages = warning;
SELECT format('CREATE ROLE %I LOGIN', r) FROM unnest(ARRAY[:'owner', :'app']) AS r
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) \\gexec
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
ALTER ROLE :"app" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app";
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server and how to reach it."""

    places: Places
    programs: PostgresPrograms
    process: processes.Running
    passwords: Mapping[str, str] = field(repr=False)

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return a libpq URL for that role (`postgres`, `qmas_owner` or `qmas_app`)."""
        return socket_url(self.places, role, self.passwords[role], database)

    @property
    def app_url(self) -> str:
        """The application's URL: no right to change the schema."""
        return self.url(APP)

    @property
    def owner_url(self) -> str:
        """The URL of the schema's owner: migrations."""
        return self.url(OWNER)

    @property
    def admin_url(self) -> str:
        """The URL of the server's administrator: dumps, tests, other databases."""
        return self.url(ADMIN)


def socket_url(places: Places, role: str, password: str, database: str = DATABASE) -> str:
    """Return the libpq URL of `role` at this home's socket."""
    host = quote(str(places.postgres_sockets), safe="")
    return f"postgresql://{role}:{quote(password, safe='')}@/{database}?host={host}"


def passwords_of(places: Places) -> dict[str, str]:
    """Return the three roles' passwords, made at the first call and kept with the home."""
    text = kept(places.secrets / "postgres.json", _new_passwords)
    return {str(role): str(password) for role, password in json.loads(text).items()}


def _new_passwords() -> bytes:
    return json.dumps({role: secrets.token_urlsafe(24) for role in (ADMIN, OWNER, APP)}).encode()


def start_postgres(
    home: Path, *, tuning: Tuning | None = None, say: Callable[[str], None] = lambda _: None
) -> PostgresServer:
    """Return the server of `home`, running and ready, with its roles and its database.

    Makes the cluster at the first call, recovers from a crash, and finds a server that already
    runs. Safe for several processes at once. Raises StackFault with the log's end otherwise.
    """
    places = settle(home)
    if places.cluster.parent != places.home:
        say(f"PostgreSQL's files are in {places.cluster}: its user cannot enter {places.home}")
    with locked(places, "postgres"):
        for folder in (places.cluster, places.postgres_sockets):
            make_private(folder, places.account)
        programs = postgres_programs_for(places.account)
        passwords = passwords_of(places)
        tuning = tuning or Tuning()
        _see_to_cluster(places, programs, passwords, tuning)

        def found_or_launched() -> PostgresServer:
            process = running_postgres(places)
            if process is None:
                _clear_leftovers(places)
                process = _launch(places, programs, tuning)
            _await_ready(places, process)
            return PostgresServer(
                places=places, programs=programs, process=process, passwords=passwords
            )

        server = found_or_launched()
        try:
            _see_to_roles(server)
        except StackFault:
            # It may have been found while it was dying of a kill; then a new one takes its place.
            # Or a session of it was killed: then it recovers meanwhile, and answers again.
            found = server.process
            if processes.wait_until(lambda: not processes.is_alive(found), _DYING_SECONDS):
                server = found_or_launched()
            _see_to_roles(server)
    return server


def stop_postgres(home: Path) -> bool:
    """Stop the server of `home` cleanly; false when none was running."""
    places = settle(home)
    with locked(places, "postgres"):
        process = running_postgres(places)
        if process is None:
            return False
        processes.send(process, signal.SIGINT)  # "fast": sessions are ended, data is flushed
        if not processes.wait_until(lambda: not processes.is_alive(process), _STOP_SECONDS):
            processes.stop(process, grace=_STOP_SECONDS, first=signal.SIGQUIT)
        return True


def running_postgres(places: Places) -> processes.Running | None:
    """Return the postmaster of this data directory, or None; a stale pid file deceives nobody."""
    words = _pid_file(places)
    if not words or not words[0].isdigit():
        return None
    pid = int(words[0])
    command = processes.command_lines(_server_uid(places)).get(pid, ())
    if not _is_postmaster(command, places):
        return None
    started = int(words[2]) if len(words) > 2 and words[2].isdigit() else 0  # noqa: PLR2004 - line 3
    return processes.known_by(pid, since=datetime.fromtimestamp(started, UTC))


def run_sql(
    server: PostgresServer, script: str, *, variables: Mapping[str, str], database: str = ADMIN
) -> str:
    """Run a psql script as the administrator and return its output; StackFault with its error."""
    settings = "".join(f"\\set {name} {_psql_quoted(value)}\n" for name, value in variables.items())
    ran = subprocess.run(  # noqa: S603 - our own psql and our own script
        [str(server.programs.path("psql")), "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1"],
        input=settings + script,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={
            "PGHOST": str(server.places.postgres_sockets),
            "PGUSER": ADMIN,
            "PGDATABASE": database,
            "PGPASSWORD": server.passwords[ADMIN],
            "PGCONNECT_TIMEOUT": "30",
        },
    )
    if ran.returncode:
        raise StackFault(
            f"PostgreSQL in {server.places.data} refused its set-up:\n  {ran.stderr.strip()}\n"
            f"  if {server.places.secrets / 'postgres.json'} was lost or replaced, restore it"
        )
    return ran.stdout


def _psql_quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _see_to_cluster(
    places: Places, programs: PostgresPrograms, passwords: Mapping[str, str], tuning: Tuning
) -> None:
    """Make the cluster if there is none, and refuse one of another major version."""
    version = places.data / "PG_VERSION"
    if version.exists():
        found = version.read_text(encoding="ascii").strip()
        if found != str(POSTGRES_MAJOR):
            raise StackFault(
                f"{places.data} was made by PostgreSQL {found}, this is {POSTGRES_MAJOR}; "
                f"dump it with the old version and restore it into a new data folder"
            )
        return
    account = places.account
    made = subprocess.run(  # noqa: S603 - our own script and our own paths
        [
            "/bin/sh",
            "-c",
            _INITIALISE,
            "sh",
            str(places.cluster),
            str(programs.path("initdb")),
            "" if tuning.durable else "--no-sync",
        ],
        input=passwords[ADMIN],
        text=True,
        capture_output=True,
        check=False,
        cwd="/",
        umask=0o077,
        env=_environ(),
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    with naming(places.log / "initdb.log"):
        (places.log / "initdb.log").write_text(made.stdout + made.stderr, encoding="utf-8")
    if made.returncode:
        raise StackFault(
            f"no database could be made in {places.cluster}:\n"
            f"{processes.tail(places.log / 'initdb.log')}"
        )


def _launch(places: Places, programs: PostgresPrograms, tuning: Tuning) -> processes.Running:
    """Start the postmaster; it is not ready yet."""
    mark = processes.new_mark(_mark_file(places))
    options = {
        **tuning.options(),
        "listen_addresses": "",
        "unix_socket_directories": _list_quoted(places.postgres_sockets),
        "unix_socket_permissions": "0700",
        "cluster_name": _cluster_name(mark),
    }
    command = [str(programs.path("postgres")), "-D", str(places.data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return processes.spawn(
        command,
        log=places.log / "postgres.log",
        environ=_environ(),
        folder=Path("/"),
        account=places.account,
    )


def _await_ready(places: Places, process: processes.Running) -> None:
    """Return when the server takes connections; StackFault when it dies or never gets there."""

    def settled() -> bool:
        words = _pid_file(places)
        ready = len(words) > 7 and words[7] == _PID_FILE_READY  # noqa: PLR2004 - line 8 is the state
        return (ready and words[0] == str(process.pid)) or not processes.is_alive(process)

    in_time = processes.wait_until(settled, _READY_SECONDS)
    if in_time and processes.is_alive(process):
        return
    what = "died at its start" if in_time else f"was not ready within {_READY_SECONDS:.0f} s"
    log = places.log / "postgres.log"
    raise StackFault(f"PostgreSQL {what}; the end of {log}:\n{processes.tail(log)}")


def _clear_leftovers(places: Places) -> None:
    """After a crash: end what a killed server left running, and free lock files it cannot free.

    PostgreSQL itself clears a lock file whose process is gone, and by its shared memory knows
    whether a server's children still run. Only when the number in the file still means something
    (a zombie that nobody collects, or another process of the same user that got the number) would
    it refuse for ever; then, with no child left, the file is taken away.
    """
    for process in _orphans(places):
        processes.send(process, signal.SIGKILL)
    if not processes.wait_until(lambda: not _orphans(places), _ORPHAN_SECONDS):
        raise StackFault(
            f"a killed PostgreSQL left processes that do not end, in {places.data}: "
            f"{', '.join(str(process.pid) for process in _orphans(places))}"
        )
    for lock in (_postmaster_pid(places), places.postgres_sockets / ".s.PGSQL.5432.lock"):
        words = _lines(lock)
        if words and words[0].isdigit() and Path(f"/proc/{words[0]}").exists():
            lock.unlink(missing_ok=True)


def _orphans(places: Places) -> Sequence[processes.Running]:
    """Return what the last server of this folder left, which its name in their titles gives away.

    A server of a folder of the same path, in another container, has another name. One that was
    started before servers were marked has its folder's.
    """
    mark = processes.kept_mark(_mark_file(places)) or str(places.data)
    prefix = f"postgres: {_cluster_name(mark)}: "
    now = datetime.now(UTC)
    found = (
        processes.known_by(pid, since=now)
        for pid, words in processes.command_lines(_server_uid(places)).items()
        if words[0].startswith(prefix)
    )
    return [process for process in found if process is not None]


def _is_postmaster(command: Sequence[str], places: Places) -> bool:
    return command[1:3] == ("-D", str(places.data)) and Path(command[0]).name == "postgres"


def _pid_file(places: Places) -> list[str]:
    return _lines(_postmaster_pid(places))


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line.strip() for line in text.splitlines()]


def _postmaster_pid(places: Places) -> Path:
    return places.data / "postmaster.pid"


def _server_uid(places: Places) -> int:
    return os.geteuid() if places.account is None else places.account.uid


def _cluster_name(mark: str) -> str:
    return f"qmas-{hashlib.sha256(os.fsencode(mark)).hexdigest()[:12]}"


def _mark_file(places: Places) -> Path:
    return places.run / "postgres.mark"


def _list_quoted(folder: Path) -> str:
    """Quote one path for a PostgreSQL setting that is a list of paths."""
    return '"' + str(folder).replace('"', '""') + '"'


def _environ() -> dict[str, str]:
    """Return what the server's programs see of ours: nothing (no PG* variables, no locale)."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _see_to_roles(server: PostgresServer) -> None:
    """Make the owner's and the application's roles and the database; the same again is fine."""
    run_sql(
        server,
        _ROLES,
        variables={
            "owner": OWNER,
            "app": APP,
            "database": DATABASE,
            "owner_password": server.passwords[OWNER],
            "app_password": server.passwords[APP],
        },
    )
