"""Spans as a collector gets them, of one process and of real ones, from a request to its letter."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from services import tracing
from services.api.app import create_api
from services.notifications.delivery import deliver
from services.notifications.planning import plan
from services.pages.app import create_pages
from services.settings import Settings, SettingsFault
from services.spans import trace_of
from services.stack.redis import RedisServer
from services.store import Together
from services.wiring import Office
from tests.conftest import TestDatabase
from tests.integration.collecting import (
    SPAN,
    TRACE,
    Collector,
    traceparent,
    with_collector,
)
from tests.integration.mailing import (
    MailServer,
    acknowledge,
    an_office,
    applicant,
    settings,
)
from tests.integration.working import PROJECT
from tests.services.api.calling import RECEIVED, V1, Caller
from tests.services.storing import commit_of, writing


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


def test_what_a_turn_records_of_itself_has_a_trace_of_its_own_linked_to_the_turn(
    office: Office, collector: Collector
) -> None:
    def fire() -> int:
        acknowledge(office, applicant(1))
        return 0

    with traced(office.settings, "worker"):
        tracing.turn("deadlines.fire", (), {}, fire)
    turn, commit = collector.one("task deadlines.fire"), collector.one("append Test")
    assert (commit.parent, commit.links) == ("", ((turn.trace, turn.id),))
    assert commit.trace != turn.trace


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


def test_what_opentelemetry_cannot_use_turns_it_off_and_nothing_else(
    caller: Caller, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")  # less than is sent at once
    with traced(caller.office.settings):
        assert not tracing.is_on()
        assert caller.get("/rulesets").status_code == 200
    assert collector.spans == []


def test_settings_that_a_compose_file_leaves_empty_are_as_good_as_none(
    caller: Caller, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert with_collector(caller.office.settings, "").collector_url == ""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_on")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "")
    with traced(caller.office.settings):
        caller.get("/rulesets")
    assert collector.named(f"GET {V1}/rulesets")


def test_a_collector_is_named_by_its_url(told: Settings) -> None:
    with pytest.raises(SettingsFault, match="OTEL_EXPORTER_OTLP_ENDPOINT is not a URL"):
        with_collector(told, "collector:4318")


def test_a_number_of_32_digits_is_a_trace_as_it_is_and_any_other_id_has_one() -> None:
    assert trace_of(TRACE) == int(TRACE, 16)
    given = uuid4()
    others = {trace_of(each) for each in ("", "batch-7", "batch-8", "0" * 32, str(given))}
    assert len(others) == 5
    assert all(0 < each < 1 << 128 and each != given.int for each in others)


def test_a_process_and_its_child_both_tell_their_spans_as_they_end(
    told: Settings, collector: Collector
) -> None:
    program = (
        "import os; from services import tracing; from services.settings import Settings;"
        "tracing.start(Settings.from_environment(), 'test');"
        "child = os.fork();"
        "tracing.turn('parent' if child else 'child', (), {}, lambda: 1);"
        "child or (tracing.stop(), os._exit(0));"
        "os.waitpid(child, 0)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**told.child_environ(), "PATH": os.environ["PATH"]},
        check=False,
    )
    assert run.returncode == 0
    assert {each.name for each in collector.spans} == {"task parent", "task child"}


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


def test_commits_of_one_transaction_are_told_once_it_stands(
    told: Settings, office: Office, collector: Collector
) -> None:
    def work(whole: Together, *, fails: bool) -> None:
        for number in range(2):
            whole.append(commit_of(writing(f"s-{number}"), command=f"Write{number}"))
        if fails:
            raise LookupError("stop")

    with traced(told):
        with pytest.raises(LookupError):
            office.store.together(partial(work, fails=True))
        office.store.together(partial(work, fails=False))
    assert [len(collector.named(f"append Write{number}")) for number in range(2)] == [1, 1]
