"""One trace through real processes: the web server, a worker and its children."""

import http.client
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.identity import logins
from services.settings import Settings
from services.stack.programs import programs
from services.stack.redis import start_redis
from tests.conftest import TestDatabase
from tests.integration.collecting import (
    SPAN,
    TRACE,
    Collector,
    traceparent,
    with_collector,
)
from tests.integration.mailing import MailServer, an_office, settings, states
from tests.integration.receiving import a_receiver
from tests.integration.working import PROJECT, Workplace
from tests.services.api.calling import OFFICER, RECEIVED, V1, filed_by
from tests.services.seeing import looking


@dataclass(slots=True, kw_only=True)
class Premises(Workplace):
    """A place for workers and a web server, all with a collector."""

    told: Settings

    def _environ(self) -> dict[str, str]:
        return {**self.told.child_environ(), "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}

    @contextmanager
    def open_doors(self) -> Iterator[str]:
        """Yield the address of the web server; it has ended when this is over."""
        web = next(each for each in programs(self.told) if each.name == "web")
        with (self.folder / "web.log").open("wb") as log:
            server = subprocess.Popen(web.command, env=self._environ(), cwd=PROJECT, stderr=log)
        try:
            self.until(web.is_ready)
            yield web.address
        finally:
            server.terminate()
            server.wait(60)


@pytest.fixture
def premises(
    tmp_path: Path, database: TestDatabase, mail: MailServer, collector: Collector
) -> Iterator[Premises]:
    folder = tmp_path / "home"
    redis = start_redis(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    made = with_collector(
        settings(database.app_url, redis.broker_url, folder, mail=mail.url),
        collector.url,
        QMAS_WEBHOOKS_ALLOW_PRIVATE="yes",
        QMAS_WEB_PORT=port,
        QMAS_PUBLIC_URL=f"http://127.0.0.1:{port}",
        QMAS_WEB_PROCESSES="1",
        OTEL_BSP_SCHEDULE_DELAY="3600000",  # what arrives is what each process tells as it ends
    )
    place = Premises(folder=folder, database_url=database.app_url, redis=redis, told=made)
    try:
        yield place
    finally:
        place.close()


def test_one_trace_leads_from_a_request_through_real_processes_to_its_letter(
    premises: Premises, collector: Collector, mail: MailServer
) -> None:
    with an_office(premises.told) as office, a_receiver() as receiver:
        office.subscriptions.add(receiver.url, ("application-acknowledged",), "test")
        with premises.open_doors() as address:
            worker = premises.hire(beat=False)
            filed = {"application": filed_by("john"), "channel": "paper", "received_at": RECEIVED}
            reference = _asked(premises, address, "applications", filed)["reference"]
            # Until it was planned for, its poke is outstanding and stands for later ones.
            premises.until(lambda: office.ledger.standing().position == 1)
            at = {"effective_at": RECEIVED}
            path = f"cases/{reference}/acknowledge"
            _asked(premises, address, path, at, **{"If-Match": '"1"', **traceparent()})
            premises.until(lambda: bool(mail.messages and receiver.arrivals))
            premises.until(lambda: set(states(office.ledger.rows(looking()))) == {"sent"})
        assert worker.stop() == 0
    request = collector.one(f"POST {V1}/cases/<reference>/acknowledge")
    command = collector.one("command AcknowledgeApplication")
    commit = collector.one("append AcknowledgeApplication")
    assert (request.trace, request.parent, command.parent) == (TRACE, SPAN, request.id)
    assert commit.parent == command.id
    plans = [each for each in collector.named("task notifications.plan") if each.trace == TRACE]
    assert {each.parent for each in plans} == {command.id}
    for turn, sent in (
        ("task notifications.deliver", "letter acknowledgement"),
        ("task webhooks.deliver", "webhook"),
    ):
        told = collector.one(sent)
        assert (told.trace, told.parent, told.service) == (TRACE, commit.id, "qmas-worker")
        assert told.links[0] in [(each.trace, each.id) for each in collector.named(turn)]
    said = " ".join(each.words for each in collector.spans)
    applicant = filed_by("john")["applicant"]
    for personal in (reference, applicant["email"], applicant["family_name"]):
        assert personal not in said


def _asked(
    premises: Premises, address: str, path: str, body: dict[str, Any], **headers: str
) -> dict[str, Any]:
    """Return what the API answers an officer's command."""
    token = next(each.token for each in logins(premises.told) if each.name == OFFICER)
    sent = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid4()),
        **headers,
    }
    asked = http.client.HTTPConnection(address, timeout=30)
    asked.request("POST", f"{V1}/{path}", json.dumps(body), sent)
    answer = asked.getresponse()
    said: dict[str, Any] = json.loads(answer.read())
    asked.close()
    assert answer.status in {200, 201}, said
    return said
