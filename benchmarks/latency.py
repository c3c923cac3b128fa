"""How soon real workers tell of an event: in the read models, and by e-mail; nothing else to do."""

import contextlib
import random
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

import psycopg

from domain import commands as c
from domain.access import Person, Role
from domain.application import Channel
from services import cases
from services.demo.year import INTAKE, REGIME
from services.population import population
from services.requests import Request
from services.settings import Settings
from services.stack import lifecycle
from services.tasks import WORKERS
from services.wiring import Office, open_office

_SEED = 2016
_LOOK_SECONDS = 0.002
_PATIENCE = 30.0
_WARMING = 10
_CLERK = Person(name="benchmark", role=Role.OFFICER)
# Both of what staff and what applicants read.
_SHOWN = """
SELECT EXISTS (SELECT FROM case_list WHERE reference = %(reference)s)
    AND EXISTS (SELECT FROM case_status WHERE reference = %(reference)s)
"""
_OPEN = "SELECT count(*) FROM notifications WHERE state IN ('planned', 'sending')"
_HANDED_OVER = """
SELECT extract(epoch FROM notifications.settled_at - events.recorded_at) * 1000
FROM notifications JOIN log USING (position) JOIN events USING (commit_id, ord)
WHERE notifications.state = 'sent'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """Milliseconds for each of the applications.

    `shown` counts from the call that files one until both read models show it, `handed_over` from
    its event until the mail server took the letter about it.
    """

    shown: list[float]
    handed_over: list[float]


def p50_and_p99(milliseconds: list[float]) -> tuple[float, float]:
    """The two that are spoken of."""
    cuts = quantiles(milliseconds, n=100, method="inclusive")
    return cuts[49], cuts[98]


def latencies(filed: int) -> Latencies:
    """Of so many applications, filed one by one, each after a pause that no schedule has."""
    with (
        _installation() as office,
        psycopg.connect(office.settings.database_url, autocommit=True) as looking,
    ):
        pause = random.Random(_SEED)  # noqa: S311 - repeatable, not secret
        shown = []
        # The first few find everything cold: what is not loaded yet, and statements not prepared.
        for number, arrival in enumerate(population(filed + _WARMING, _SEED, REGIME, INTAKE)):
            time.sleep(pause.uniform(0.2, 0.6))
            begun = time.monotonic()
            command = c.SubmitApplication(application=arrival.application, channel=Channel.ONLINE)
            reference = cases.submit(office, command, _asked()).reference
            _await(looking, _SHOWN, {"reference": reference}, begun)
            if number >= _WARMING:
                shown.append((time.monotonic() - begun) * 1000)
        _await(looking, f"SELECT ({_OPEN}) = 0", {}, time.monotonic())
        handed = [float(each) for (each,) in looking.execute(_HANDED_OVER)]
        return Latencies(shown=shown, handed_over=handed[_WARMING:])


def _await(looking: psycopg.Connection, question: str, given: dict[str, str], begun: float) -> None:
    while True:
        row = looking.execute(question, given, prepare=True).fetchone()
        if row is not None and row[0]:
            return
        if time.monotonic() - begun > _PATIENCE:
            raise AssertionError("the workers did not come to it")
        time.sleep(_LOOK_SECONDS)


def _asked() -> Request:
    command_id = uuid4()
    return Request(person=_CLERK, command_id=command_id, correlation_id=str(command_id))


@contextlib.contextmanager
def _installation() -> Iterator[Office]:
    """Servers, workers, beat and a mail server of the run's own, as an installation has them."""
    home = Path(tempfile.mkdtemp(prefix="qmas-bench-"))
    home.chmod(0o711)  # the servers' unprivileged user passes through it
    told = {"QMAS_MAIL_PORT": str(_free_port()), "QMAS_WEB_PORT": str(_free_port())}
    settings = Settings.load(told, home / "home")
    try:
        lifecycle.up(settings, processes=("mail", *WORKERS, "beat"))
        office = open_office(settings)
        try:
            yield office
        finally:
            office.close()
    finally:
        lifecycle.down(settings)
        shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])
