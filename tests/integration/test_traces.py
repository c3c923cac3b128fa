"""Spans as a collector gets them, of one process and of real ones, from a request to its letter."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services import tracing
from services.api.app import create_api
from services.identity import logins
from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.pages.app import create_pages
from services.settings import Settings
from services.spans import trace_of
from services.stack.programs import programs
from services.stack.redis import RedisServer, start_redis
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.collecting import Collector, a_collector
from tests.integration.mailing import (
    MailServer,
    a_mail_server,
    acknowledge,
    an_office,
    applicant,
    settings,
    states,
)
from tests.integration.receiving import a_receiver
from tests.integration.working import PROJECT, Workplace
from tests.services.api.calling import OFFICER, RECEIVED, V1, Caller, filed_by

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with a_collector() as made:
        yield made


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with a_mail_server() as server:
        yield server


@pytest.fixture
def told(
    tmp_path: Path,
    database: TestDatabase,
    redis_server: RedisServer,
    collector: Collector,
    mail: MailServer,
) -> Settings:
    made = settings(database.app_url, redis_server.broker_url, tmp_path / "home", mail=mail.url)
    return with_collector(made, collector.url)


@pytest.fixture
def office(told: Settings) -> Iterator[Office]:
    with an_office(told) as opened:
        yield opened


@pytest.fixture
def caller(office: Office) -> Caller:
    return Caller(app=create_api(office), office=office)


def with_collector(made: Settings, url: str, **more: str) -> Settings:
    named = {"OTEL_EXPORTER_OTLP_ENDPOINT": url, **more}
    return Settings.load({**made.environ, **named}, made.home)


@contextmanager
def traced(told: Settings, role: str = "web") -> Iterator[None]:
    """This process tells its spans; they were sent when this is over."""
    tracing.start(told, role)
    try:
        yield
    finally:
        tracing.stop()


def test_a_command_is_told_step_by_step(caller: Caller, collector: Collector) -> None:
    reference = caller.submit()
    with traced(caller.office.settings):
        caller.take(reference, "acknowledge")
    request = collector.one(f"POST {V1}/cases/<reference>/acknowledge")
    command = collector.one("command AcknowledgeApplication")
    assert (request.service, request.parent, command.parent) == ("qmas-web", "", request.id)
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["qmas.correlation_id"] == request.trace
    steps = [collector.one(each) for each in ("load", "decide", "append AcknowledgeApplication")]
    assert {(each.trace, each.parent) for each in steps} == {(request.trace, command.id)}


def test_a_command_sent_again_is_a_request_and_not_another_commit(
    caller: Caller, collector: Collector
) -> None:
    reference, key = caller.submit(), str(uuid4())
    with traced(caller.office.settings):
        for _ in range(2):
            caller.command(
                f"/cases/{reference}/acknowledge",
                {"effective_at": RECEIVED},
                version=1,
                key=key,
                headers={"X-Request-ID": TRACE},
            )
    assert len(collector.named(f"POST {V1}/cases/<reference>/acknowledge")) == 2
    assert collector.one("append AcknowledgeApplication").trace == TRACE
    assert len({each.id for each in collector.spans}) == len(collector.spans)


def test_a_refusal_is_told_by_its_name_and_is_no_failure(
    caller: Caller, collector: Collector
) -> None:
    reference = caller.submit()
    with traced(caller.office.settings):
        answer = caller.command(f"/cases/{reference}/score", {}, version=1)
    assert answer.status_code == 409
    command = collector.one("command ScoreApplication")
    assert (command.failed, command.attributes["error.type"]) == (False, "NotAllowedNow")


def test_a_request_goes_on_with_the_trace_of_its_caller(
    caller: Caller, collector: Collector
) -> None:
    with traced(caller.office.settings):
        answer = caller.get("/rulesets", headers=traceparent())
    span = collector.one(f"GET {V1}/rulesets")
    assert (span.trace, span.parent, span.links) == (TRACE, SPAN, ())
    assert answer.headers["X-Request-ID"] == TRACE


def test_a_request_with_an_id_of_its_own_is_linked_to_its_caller(
    caller: Caller, collector: Collector
) -> None:
    given = uuid4().hex
    with traced(caller.office.settings):
        caller.get("/rulesets", headers={**traceparent(), "X-Request-ID": given})
    span = collector.one(f"GET {V1}/rulesets")
    assert (span.trace, span.parent, span.links) == (given, "", ((TRACE, SPAN),))


@pytest.mark.parametrize(
    "given", ["", "00-0-0-01", f"00-{'0' * 32}-{SPAN}-01", f"ff-{TRACE}-{SPAN}-01"]
)
def test_what_is_no_traceparent_is_as_good_as_none(
    caller: Caller, collector: Collector, given: str
) -> None:
    with traced(caller.office.settings):
        answer = caller.get("/rulesets", headers={"traceparent": given})
    span = collector.one(f"GET {V1}/rulesets")
    assert (span.trace, span.parent, span.links) == (answer.headers["X-Request-ID"], "", ())
    assert span.trace != TRACE


def test_who_looks_at_a_page_chooses_no_trace_of_ours(office: Office, collector: Collector) -> None:
    pages = create_pages(office).test_client()
    with traced(office.settings):
        answer = pages.get("/", headers=traceparent())
        pages.get("/static/qmas.css")
    (span,) = collector.spans
    assert (span.name, span.links) == ("GET /", ((TRACE, SPAN),))
    assert span.trace == answer.headers["X-Request-ID"]


def test_probes_are_told_to_nobody(caller: Caller, collector: Collector) -> None:
    with traced(caller.office.settings):
        assert caller.app.test_client().get("/livez").status_code == 200
        assert caller.app.test_client().get("/nowhere").status_code == 404
    assert [each.name for each in collector.spans] == ["other none"]


def test_a_letter_is_in_the_trace_of_its_event_though_no_message_came_through(
    office: Office, collector: Collector, mail: MailServer
) -> None:
    with traced(office.settings):
        acknowledge(office, applicant(1))
    with traced(office.settings, "worker"):
        tracing.turn("notifications.plan", (), {}, lambda: plan(office))
        tracing.turn("notifications.deliver", (), {}, lambda: deliver(office))
    assert len(mail.messages) == 1
    commit, turn = collector.named("append Test")[-1], collector.one("task notifications.deliver")
    letter = collector.one("letter acknowledgement")
    assert (letter.service, letter.trace, letter.parent) == ("qmas-worker", commit.trace, commit.id)
    assert (letter.links, turn.parent) == (((turn.trace, turn.id),), "")
    assert turn.trace != commit.trace
    assert letter.attributes["qmas.verdict"] == "taken"


def test_a_letter_that_is_not_taken_fails_with_numbers_alone(
    office: Office, collector: Collector, mail: MailServer
) -> None:
    mail.to_recipient.append("550 5.1.1 applicant-1@example.com is unknown here")
    acknowledge(office, applicant(1))
    plan(office)
    with traced(office.settings, "worker"):
        deliver(office)
    letter = collector.one("letter acknowledgement")
    assert (letter.failed, letter.attributes["qmas.verdict"]) == (True, "refused")
    assert "recipient 550 5.1.1" in letter.words
    assert "example.com" not in letter.words


def test_a_turn_of_the_schedule_that_finds_nothing_is_told_to_nobody(
    told: Settings, collector: Collector
) -> None:
    def broken() -> int:
        raise LookupError("a secret")

    sender = {"at": 1.0, **traceparent()}
    with traced(told, "worker"):
        tracing.turn("idle", (), {"at": 1.0}, lambda: 0)
        tracing.turn("busy", ("status",), {}, lambda: 3)
        tracing.turn("poked", (), sender, lambda: 0)
        with pytest.raises(LookupError):
            tracing.turn("broken", (), {}, broken)
    assert {each.name for each in collector.spans} == {"task busy", "task poked", "task broken"}
    poked, failed = collector.one("task poked"), collector.one("task broken")
    assert (poked.trace, poked.parent) == (TRACE, SPAN)
    assert (failed.failed, failed.attributes["error.type"]) == (True, "LookupError")
    assert "secret" not in failed.words


def test_what_is_left_out_by_lot_is_left_out_to_the_letter(
    office: Office, collector: Collector, monkeypatch: pytest.MonkeyPatch, mail: MailServer
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    for number in range(40):
        with traced(office.settings):
            acknowledge(office, applicant(number))
    plan(office)
    with traced(office.settings, "worker"):
        deliver(office)
    appended = {each.trace for each in collector.named("append Test")}
    assert len(mail.messages) == 40
    assert {each.trace for each in collector.named("letter acknowledgement")} == appended
    assert 0 < len(appended) < 40


@pytest.mark.parametrize("status", [503, 400, None])
def test_a_collector_that_is_away_fails_nothing(
    told: Settings, collector: Collector, mail: MailServer, status: int | None
) -> None:
    collector.status = status or 200
    away = told if status else with_collector(told, "http://127.0.0.1:9")
    with an_office(away) as office, traced(away):
        caller = Caller(app=create_api(office), office=office)
        caller.take(caller.submit(), "acknowledge")
        plan(office)
        assert deliver(office) == 1
    assert len(mail.messages) == 1
    assert collector.spans == []


def test_a_number_of_32_digits_is_a_trace_as_it_is_and_any_other_id_has_one() -> None:
    assert trace_of(TRACE) == int(TRACE, 16)
    given = uuid4()
    others = {trace_of(each) for each in ("", "batch-7", "batch-8", "0" * 32, str(given))}
    assert len(others) == 5
    assert all(0 < each < 1 << 128 and each != given.int for each in others)


def test_without_a_collector_nothing_of_it_is_loaded() -> None:
    said = (
        "import sys, services.web, workers.tasks, services.cli.main;"
        "print([each for each in sys.modules if each.startswith(('services.spans', 'google',"
        " 'requests', 'opentelemetry.exporter', 'opentelemetry.sdk.trace'))])"
    )
    run = subprocess.run(
        [sys.executable, "-c", said], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"


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
            premises.until(lambda: set(states(office.ledger.rows())) == {"sent"})
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


def traceparent() -> dict[str, str]:
    return {"traceparent": f"00-{TRACE}-{SPAN}-01"}
