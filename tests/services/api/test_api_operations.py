"""Liveness, readiness and figures."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.access import Action
from services.api import operations
from services.api.app import create_api
from services.api.metrics import Metrics
from services.api.routes import Call
from services.notifications.planning import plan
from services.pokes import Pokes
from services.projections import runner
from services.projections.errors import ProjectionStopped
from services.tasks import QUEUES
from services.wiring import Office, open_office
from tests.conftest import TestDatabase
from tests.services.api.calling import Caller, is_problem
from tests.services.issuing import Passing
from tests.services.losing import lose
from tests.services.seeing import looking


def _without(office: Office, **changed: str) -> Caller:
    other = open_office(replace(office.settings, **changed))
    return Caller(app=create_api(other), office=other)


def test_a_system_whose_parts_answer_is_ready(caller: Caller) -> None:
    assert caller.call("GET", "/livez", by=None).json == {"alive": True}
    ready = caller.call("GET", "/readyz", by=None).json
    assert ready == {
        "ready": True,
        "checks": ["database", "migrations", "broker", "projections", "notifications"],
        "notes": [],
    }


ELSEWHERE = {"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}
PASSED_ON = {"headers": {"X-Forwarded-For": "203.0.113.7"}}
TOKEN = "kT9-0pXw3mVb7sQe2LzR5nYc8dHf1gJa"  # noqa: S105 - of a test


@pytest.mark.parametrize("stranger", [ELSEWHERE, PASSED_ON])
def test_strangers_learn_whether_it_is_ready_and_nothing_else(
    caller: Caller, tmp_path: Path, stranger: dict[str, Any]
) -> None:
    told = caller.call("GET", "/readyz", by=None, **stranger).json
    assert told == {"ready": True, "checks": [], "notes": []}
    is_problem(caller.call("GET", "/metrics", by=None, **stranger), 403, "forbidden")
    away = _without(caller.office, broker_url=f"redis+socket://{tmp_path}/none.sock")
    problem = is_problem(away.call("GET", "/readyz", by=None, **stranger), 503, "not-ready")
    assert "errors" not in problem
    assert "broker" not in str(problem)
    away.office.close()


def test_whoever_has_the_scrape_token_reads_the_figures_from_elsewhere(office: Office) -> None:
    caller = _without(office, scrape_token=TOKEN)
    for token, status in ((TOKEN, 200), (f"{TOKEN}x", 403)):
        sent = ELSEWHERE | {"headers": {"Authorization": f"Bearer {token}"}}
        assert caller.call("GET", "/metrics", by=None, **sent).status_code == status
    caller.office.close()


def test_however_often_it_is_asked_it_looks_once_a_second(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Office] = []

    def look(office: Office) -> tuple[str, ...]:
        looks.append(office)
        return ()

    monkeypatch.setattr(operations, "CHECKS", {"one": look})
    passing = Passing()
    (_, ready, *_) = operations.routes(Metrics(office), passing)
    app = create_api(office)
    for seconds, looked in ((0.0, 1), (0.9, 1), (1.0, 2), (1.9, 2), (2.0, 3)):
        passing.seconds = seconds
        with app.test_request_context("/readyz", environ_base={"REMOTE_ADDR": "127.0.0.1"}):
            found = ready.view(Call(office=office, action=Action.PUBLIC))
        assert found == operations.Readiness(ready=True, checks=("one",), notes=())
        assert len(looks) == looked


def test_a_system_without_its_servers_lives_but_is_not_ready(
    office: Office, tmp_path: Path
) -> None:
    nowhere = f"redis+socket://{tmp_path}/none.sock"
    database = f"postgresql://qmas_app@/none?host={tmp_path}"
    caller = _without(office, broker_url=nowhere, database_url=database)
    assert caller.call("GET", "/livez", by=None).status_code == 200
    answer = caller.call("GET", "/readyz", by=None)
    problem = is_problem(answer, 503, "not-ready")
    assert [each["path"] for each in problem["errors"]] == [
        "database",
        "migrations",
        "broker",
        "projections",
        "notifications",
    ]
    assert "Retry-After" in answer.headers
    assert str(tmp_path) not in answer.text
    figures = caller.call("GET", "/metrics", by=None)
    assert (figures.status_code, "qmas_database_up 0.0" in figures.text) == (200, True)
    caller.office.close()


def test_a_database_that_was_never_migrated_is_not_ready(
    office: Office, empty_database: TestDatabase
) -> None:
    caller = _without(office, database_url=empty_database.app_url)
    problem = is_problem(caller.call("GET", "/readyz", by=None), 503, "not-ready")
    told = {each["path"]: each["message"] for each in problem["errors"]}
    assert "missing" in told["migrations"]
    caller.office.close()


def test_a_server_is_ready_while_a_newer_version_is_being_installed(
    caller: Caller, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST_LAG", 0)
    caller.submit()
    caller.catch_up()
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("UPDATE alembic_version SET version_num = 'later'")
        admin.execute(
            "UPDATE projection_checkpoints SET version = version + 1 WHERE projection = 'case-list'"
        )
    answer = caller.call("GET", "/readyz", by=None)
    assert answer.status_code == 200, answer.text
    schema, fold = answer.json["notes"]
    assert schema.startswith("the schema is ahead (at later, ")
    assert fold.startswith("case-list is folded by version ")


def test_a_server_beside_another_log_serves_and_names_what_stands_still(
    caller: Caller, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST_LAG", 0)
    caller.submit()
    caller.catch_up()
    plan(caller.office)
    lose(database.owner_url, 0)
    # The log goes on past where the read models are of another one.
    for name in ("john", "emma"):
        caller.submit(name)
    answer = caller.call("GET", "/readyz", by=None)
    assert answer.status_code == 200, answer.text
    *folded, planned = answer.json["notes"]
    assert "case-list is of another log, and stands still until it is filled anew" in folded
    assert planned.startswith("notifications were planned from another log")


def test_an_event_that_no_server_can_fold_makes_none_unready(
    caller: Caller, database: TestDatabase
) -> None:
    caller.submit()
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("ALTER TABLE case_list ADD CONSTRAINT none CHECK (version < 0)")
    with pytest.raises(ProjectionStopped):
        runner.catch_up(caller.office.store, caller.office.models, "case-list")
    assert caller.call("GET", "/readyz", by=None).status_code == 200
    figures = caller.call("GET", "/metrics", by=None).text
    assert 'qmas_projection_stopped{name="case-list"} 1.0' in figures.splitlines()


def test_a_server_is_unready_once_no_shard_of_a_read_model_is_near_the_log(
    caller: Caller, database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MOST_LAG", 0)
    caller.submit()
    caller.catch_up()
    back = "UPDATE projection_checkpoints SET position = 0 WHERE projection = 'case-list'"
    monkeypatch.setattr(operations, "KEPT_SECONDS", 0.0)
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(f"{back} AND shard <> 2")
        assert caller.call("GET", "/readyz", by=None).status_code == 200
        admin.execute(back)
    problem = is_problem(caller.call("GET", "/readyz", by=None), 503, "not-ready")
    assert problem["errors"] == [{"path": "projections", "message": "case-list is 1 events behind"}]


def test_the_figures_count_requests_and_tell_how_far_the_log_is(caller: Caller) -> None:
    caller.submit()
    caller.get("/cases", by=None)
    text = caller.call("GET", "/metrics", by=None).text
    for labels in (
        'method="POST",part="api",route="/api/v1/applications",status="201"',
        'method="GET",part="api",route="/api/v1/cases",status="401"',
    ):
        assert f"qmas_http_requests_total{{{labels}}} 1.0" in text.splitlines()
    for line in (
        "qmas_database_up 1.0",
        "qmas_log_position 1.0",
        'qmas_projection_lag{name="case-list"} 1.0',
        'qmas_projection_stopped{name="case-list"} 0.0',
        "qmas_notifications_given_up 0.0",
        "qmas_notifications_fence_closed 0.0",
        "qmas_notifications_planning_lag 1.0",
        "qmas_notifications_due 0.0",
        "qmas_notifications_oldest_due_seconds 0.0",
        "qmas_broker_up 1.0",
    ):
        assert line in text.splitlines()
    for figure in ("length", "oldest_seconds", "still_seconds", "turns_total", "workers"):
        for queue in QUEUES:
            assert f'\nqmas_queue_{figure}{{queue="{queue}"}} ' in text


def test_the_figures_tell_since_when_a_read_model_is_behind(caller: Caller) -> None:
    reference = caller.submit()
    caller.catch_up()
    caller.take(reference, "acknowledge")
    caller.office.store.sequence()
    runner.catch_up(caller.office.store, caller.office.models, "exercises")
    clock = caller.office.clock
    office = replace(caller.office, clock=lambda: clock() + timedelta(hours=1))
    figures = dict(
        line.rsplit(" ", 1)
        for line in Metrics(office).text().decode().splitlines()
        if line.startswith("qmas_projection_behind_seconds")
    )
    assert float(figures['qmas_projection_behind_seconds{name="exercises"}']) == 0
    assert 3590 <= float(figures['qmas_projection_behind_seconds{name="case-list"}']) < 7200


def test_the_figures_tell_what_is_due_and_since_when(caller: Caller) -> None:
    reference = caller.submit()
    caller.take(reference, "acknowledge")
    plan(caller.office)
    due = len(caller.office.ledger.rows(looking()))
    assert due
    clock = caller.office.clock
    office = replace(caller.office, clock=lambda: clock() + timedelta(hours=1))
    figures = dict(
        line.rsplit(" ", 1)
        for line in Metrics(office).text().decode().splitlines()
        if line.startswith("qmas_notifications_")
    )
    assert float(figures["qmas_notifications_due"]) == due
    assert 3600 <= float(figures["qmas_notifications_oldest_due_seconds"]) < 7200
    assert float(figures["qmas_notifications_planning_lag"]) == 0


def test_a_broker_that_is_not_redis_tells_of_its_queues_all_but_the_age(office: Office) -> None:
    """Asked as RabbitMQ is: by declaring what should be there.

    Its queues are in a database of Redis where no other test puts anything.
    """
    assert office.settings.broker_url.endswith("virtual_host=0")
    alone = office.settings.broker_url.replace("virtual_host=0", "virtual_host=9")
    caller = _without(office, broker_url=alone)
    asked = replace(caller.office, pokes=Pokes(sender=caller.office.pokes.sender, flags=None))
    assert '\nqmas_queue_length{queue="mail"} 0.0' in Metrics(asked).text().decode()
    caller.office.pokes.planned()
    lines = Metrics(asked).text().decode().splitlines()
    caller.office.close()
    assert "qmas_broker_up 1.0" in lines
    assert 'qmas_queue_length{queue="mail"} 1.0' in lines
    assert 'qmas_queue_length{queue="store"} 0.0' in lines
    assert 'qmas_queue_workers{queue="mail"} 0.0' in lines
    assert not any("qmas_queue_oldest_seconds" in each for each in lines)
    assert not any("qmas_queue_turns" in each for each in lines)


def test_a_broker_that_is_not_redis_and_is_away_is_told(office: Office) -> None:
    caller = _without(office, broker_url="amqp://127.0.0.1:9")
    lines = caller.call("GET", "/metrics", by=None).text.splitlines()
    assert "qmas_broker_up 0.0" in lines
    assert not any(each.startswith("qmas_queue_length{") for each in lines)
    caller.office.close()
