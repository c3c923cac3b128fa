"""Real worker processes on a broker and a database of a test's own."""

import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from services.stack.processes import wait_until
from services.stack.redis import RedisServer, start_redis, stop_redis
from tests.services.casebook import INDEX_KEY, MASTER_KEY

PROJECT = Path(__file__).parents[2]
_PATIENCE = 60.0


@dataclass(slots=True, kw_only=True)
class Worker:
    """A worker with its pool processes and, inside it, beat; all of one process group."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End it and its children as `kill -9` does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(_PATIENCE)

    def stop(self) -> int:
        """Ask it to end and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_PATIENCE)


@dataclass(slots=True, kw_only=True)
class Workplace:
    """Where workers run: a folder, a database, and a Redis that can be stopped and started."""

    folder: Path
    database_url: str
    redis: RedisServer
    workers: list[Worker] = field(default_factory=list)

    @property
    def broker_url(self) -> str:
        return self.redis.broker_url

    def _environ(self) -> dict[str, str]:
        return environment(self.folder, self.database_url, self.broker_url)

    def hire(self, *, beat: bool = True, app: str = "workers.app") -> Worker:
        """Start a worker; it is not ready yet."""
        number = len(self.workers)
        log = self.folder / f"worker-{number}.log"
        beating = ("--beat", "--schedule", str(self.folder / "beat")) if beat else ()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "--app", app, "worker"),
                    *("--concurrency", "2", "--without-gossip", "--without-mingle"),
                    *("--hostname", f"worker-{number}", *beating),
                ],
                cwd=PROJECT,
                env=self._environ(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        worker = Worker(process=process, log=log)
        self.workers.append(worker)
        return worker

    def stop_redis(self) -> None:
        """Take the broker away, with all that it held."""
        stop_redis(self.redis.places.home)

    def start_redis(self) -> None:
        """Bring an empty broker back to the same place."""
        self.redis = start_redis(self.redis.places.home)

    def until(self, holds: Callable[[], bool]) -> None:
        """Return as soon as something holds; fail with the workers' logs when it never does."""
        if not wait_until(holds, _PATIENCE):
            logs = "\n".join(worker.log.read_text()[-4000:] for worker in self.workers)
            raise AssertionError(f"it did not come to hold; the workers said:\n{logs}")

    def close(self) -> None:
        """End whatever still runs."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()
        self.stop_redis()


def environment(folder: Path, database_url: str, broker_url: str) -> dict[str, str]:
    """Return the settings of an office on a casebook's database."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONUNBUFFERED": "1",
        "QMAS_HOME": str(folder),
        "QMAS_DATABASE_URL": database_url,
        "QMAS_BROKER_URL": broker_url,
        "QMAS_SMTP_URL": "smtp://127.0.0.1:9",  # nobody listens there: letters wait
        "QMAS_MASTER_KEY": b64encode(MASTER_KEY).decode(),
        "QMAS_BLIND_INDEX_KEY": b64encode(INDEX_KEY).decode(),
    }


@contextmanager
def workplace(folder: Path, database_url: str) -> Iterator[Workplace]:
    """Yield a place for workers; nothing of it runs on afterwards."""
    place = Workplace(folder=folder, database_url=database_url, redis=start_redis(folder))
    try:
        yield place
    finally:
        place.close()
