"""Servers and workers of one's own, to be hurt: who runs, where, and how each is started again."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
from kombu.exceptions import KombuError
from redis import RedisError

from services.settings import Settings
from services.stack import processes
from services.stack.postgres import PostgresServer, start_postgres, stop_postgres
from services.stack.redis import RedisServer, running_redis, start_redis, stop_redis
from services.stack.tuning import Tuning
from services.store import migrate
from services.wiring import Office, open_office
from tests.integration.mailing import MailServer, a_mail_server
from tests.integration.receiving import Receiver, a_receiver
from tests.integration.working import environment
from tests.leftovers import CHAOS, enter, mark_of, remove, sweep
from tests.services.casebook import Casebook

PROJECT: Final = Path(__file__).parents[2]
WORKERS: Final = ("worker-0", "worker-1")
BEAT: Final = "beat"
SUBSCRIBED: Final = ("application-submitted", "case-selected", "visa-activated")
"""What a system outside is told of."""
# No power cut happens here, and a killed server loses nothing without fsync.
_TUNING: Final = Tuning(durable=False, shared_buffers="64MB", max_connections=100)


@dataclass(slots=True, kw_only=True)
class Arena:
    """All of one installation but the web; everything in it may die at any moment."""

    home: Path
    postgres: PostgresServer
    redis: RedisServer
    mail: MailServer
    calls: Receiver
    book: Casebook
    office: Office
    nursery: "subprocess.Popen[str]"
    staff: dict[str, processes.Running] = field(default_factory=dict)
    _came: list[tuple[str, str | bytes]] = field(default_factory=list)
    admin: "psycopg.Connection[tuple[Any, ...]] | None" = None

    def hire(self) -> None:
        """Every worker, and beat, runs; those that do already are left alone."""
        for name in (*WORKERS, BEAT):
            if name not in self.staff or not processes.is_alive(self.staff[name]):
                self.staff[name] = self._born(name)

    def children(self) -> list[processes.Running]:
        """Return the processes in which tasks are done."""
        parents = {self.staff[name].pid for name in WORKERS if name in self.staff}
        return [each for pid in parents for each in _session(pid) if each.pid != pid]

    def revive(self) -> None:
        """Whatever died is there again."""
        self.start_postgres()
        if not running_redis(self.redis.places):
            self.redis = start_redis(self.home)
        self.hire()

    def start_postgres(self) -> None:
        """The database's server runs; it may not be ready while it recovers from a crash."""
        if not processes.is_alive(self.postgres.process):
            self.postgres = start_postgres(self.home, tuning=_TUNING)

    def came(self) -> list[tuple[str, str | bytes]]:
        """Return every letter and every call that ever came, each with its id."""
        letters, self.mail.messages = self.mail.messages, []
        calls, self.calls.arrivals = self.calls.arrivals, []
        self._came += [(str(each["Message-ID"]), each.as_string()) for each in letters]
        self._came += [(each.id, each.body) for each in calls]
        return self._came

    def now(self) -> datetime:
        """Return the time of whoever works here."""
        return datetime.now(UTC) + timedelta(days=days_passed(self.home))

    def let_days_pass(self, days: int) -> None:
        """It is so many days later for whoever works here; the database keeps its own time."""
        passed = self.home / "days-passed.new"
        passed.write_text(str(days_passed(self.home) + days))
        passed.replace(passed.with_suffix(""))

    def tell_of_days(self, times: int = 1) -> None:
        """Workers are sent to tell of what is due, several at once if need be."""
        pokes = self.office.pokes
        with suppress(KombuError, RedisError, OSError):
            for _ in range(times):
                pokes.sender.send_task("deadlines.fire", queue="deadlines", ignore_result=True)

    def stop_redis(self) -> None:
        """There is no broker, and nothing is left of what it held."""
        stop_redis(self.home)

    def log_of(self, name: str) -> Path:
        """Return where the process of that name writes, whichever of them it is."""
        return self.home / f"{name}.log"

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the database answers to its administrator; it is asked till it does."""
        while True:
            try:
                if self.admin is None:
                    self.admin = psycopg.connect(self.postgres.admin_url, autocommit=True)
                asked = self.admin.execute(query)
                return asked.fetchall() if asked.description else []
            except psycopg.OperationalError:
                self.admin = None
                self.start_postgres()
                time.sleep(0.02)

    def _born(self, name: str) -> processes.Running:
        if name == BEAT:
            words = ["beat", "--schedule", str(self.home / "schedule"), "--pidfile="]
            for left in self.home.glob("schedule*"):  # it may be broken, and is worth nothing
                left.unlink()
        else:
            words = ["worker", "--concurrency", "2", "--without-gossip", "--without-mingle"]
            words += ["--hostname", name]
        told = {"words": ["--app", "workers.app", *words], "log": str(self.log_of(name))}
        assert self.nursery.stdin
        assert self.nursery.stdout
        self.nursery.stdin.write(json.dumps(told) + "\n")
        self.nursery.stdin.flush()
        pid = int(self.nursery.stdout.readline())
        born = processes.known_by(pid, since=datetime.now(UTC))
        assert born, f"{name} died at its birth"
        return born

    def close(self) -> None:
        """Nothing runs any more."""
        if self.admin is not None:
            self.admin.close()
        self.office.close()
        self.book.close()
        for each in self.staff.values():
            for process in _session(each.pid):
                processes.send(process, signal.SIGKILL)
        self.nursery.kill()
        self.nursery.communicate()
        self.stop_redis()
        stop_postgres(self.home)


def days_passed(home: Path) -> int:
    """Return how many days later it is here than elsewhere."""
    try:
        return int((home / "days-passed").read_text())
    except FileNotFoundError:
        return 0


def _session(leader: int) -> list[processes.Running]:
    """Return the processes of a worker's session, itself among them while it lives."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            of = processes._identity(int(entry.name))
            known = of and of[1] == leader and processes.known_by(int(entry.name), since=_LONG_AGO)
            if known:
                found.append(known)
    return sorted(found, key=lambda each: each.pid)


_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def arena() -> Iterator[Arena]:
    """Yield an installation that runs; nothing of it runs or lies about afterwards."""
    sweep()
    folder = Path(tempfile.mkdtemp(prefix=CHAOS))
    users = enter(folder)
    try:
        with a_mail_server() as mail, a_receiver() as calls:
            made = _opened(folder / "home", mail, calls)
            try:
                made.hire()
                yield made
            finally:
                made.close()
    finally:
        remove(folder)
        users.close()


def _opened(home: Path, mail: MailServer, calls: Receiver) -> Arena:
    postgres = start_postgres(home, tuning=_TUNING)
    migrate.upgrade(postgres.owner_url)
    redis = start_redis(home)
    told = environment(home, postgres.app_url, redis.broker_url) | {
        "QMAS_SMTP_URL": mail.url,
        "QMAS_WEBHOOKS_ALLOW_PRIVATE": "yes",
    }
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.nursery"],
        cwd=PROJECT,
        env={**told, "PYTHONPATH": str(PROJECT), processes.MARK: mark_of(home.parent)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    office = open_office(Settings.load(told, home))
    office.subscriptions.add(calls.url, SUBSCRIBED, "test")
    return Arena(
        home=home,
        postgres=postgres,
        redis=redis,
        mail=mail,
        calls=calls,
        book=Casebook.opened(postgres.app_url, postgres.owner_url),
        office=office,
        nursery=nursery,
    )
