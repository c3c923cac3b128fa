"""Every task has a queue, and every queue a worker, here and in the shape of production."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import yaml

from services import oidc
from services.notifications import delivery, mail
from services.projections.catalogue import PROJECTIONS
from services.settings import Settings
from services.stack.programs import every_program
from services.tasks import QUEUES, TASKS, WORKERS
from services.wiring import Office
from tests.architecture.tree import ROOT
from workers.app import app, configuration
from workers.queues import LIMITS, ROUTES, VISIBLE_AGAIN_SECONDS
from workers.schedule import SCHEDULE

Services = Mapping[str, Mapping[str, Any]]


def composed() -> Mapping[str, Any]:
    document: Mapping[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return document


def consumed(services: Services) -> set[str]:
    """Return the queues that the workers of a compose file name."""
    return {
        queue
        for service in services.values()
        if "worker" in (command := list(service.get("command", ())))
        for queue in command[command.index("--queues") + 1].split(",")
    }


def tasks() -> set[str]:
    app.loader.import_module("workers.tasks")
    return {name for name in app.tasks if not name.startswith("celery.")}


def test_every_queue_is_consumed_by_a_worker_of_production() -> None:
    assert consumed(composed()["services"]) == set(QUEUES)


def test_a_queue_that_nobody_consumes_is_noticed() -> None:
    services = dict(composed()["services"])
    del services["worker-notifications"]
    assert set(QUEUES) - consumed(services) == {"notifications"}


def test_a_worker_is_named_after_its_queue() -> None:
    services = composed()["services"]
    named = {name for name in services if name.startswith("worker-")}
    assert {f"worker-{queue}" for queue in QUEUES} == named
    for queue in QUEUES:
        assert consumed({"one": services[f"worker-{queue}"]}) == {queue}


def test_every_queue_is_emptied_by_one_worker_of_a_single_machine() -> None:
    assert sorted(queue for queues in WORKERS.values() for queue in queues) == sorted(QUEUES)


def test_what_waits_for_servers_of_others_shares_no_worker_with_read_models() -> None:
    away = {TASKS[task].queue for task in ("notifications.deliver", "webhooks.deliver")}
    prompt = next(queues for queues in WORKERS.values() if "projections" in queues)
    assert away.isdisjoint(prompt)


def test_nobody_is_ended_in_the_middle_of_a_message_however_slow_its_server_is() -> None:
    message = 3 * mail.SECONDS + 2 * mail.CONVERSATION
    assert (
        delivery.PATIENCE + delivery.START_WITHIN + message < TASKS["notifications.deliver"].seconds
    )
    assert delivery.START_WITHIN + message < delivery.LEASE.total_seconds()


def test_every_task_has_exactly_one_queue() -> None:
    assert set(TASKS) == set(ROUTES) == tasks()


def test_every_task_is_ended_before_its_message_is_handed_out_again() -> None:
    app.loader.import_module("workers.tasks")
    for task in tasks():
        assert app.tasks[task].time_limit == LIMITS[task]["time_limit"] == TASKS[task].seconds
        assert app.tasks[task].acks_late
    assert max(turn.seconds for turn in TASKS.values()) < VISIBLE_AGAIN_SECONDS


def test_a_task_is_held_by_whoever_does_it_until_it_is_done(tmp_path: Path) -> None:
    """A worker takes no task ahead, and one that dies gives its task back."""
    told = configuration(Settings.load({}, tmp_path))
    assert told["worker_prefetch_multiplier"] == 1
    assert told["task_acks_late"]
    assert told["task_reject_on_worker_lost"]
    assert told["broker_transport_options"] == {"visibility_timeout": VISIBLE_AGAIN_SECONDS}


def test_a_task_is_told_the_name_of_a_read_model_or_nothing() -> None:
    """What it is to look at stands in the database, and never in its message."""
    app.loader.import_module("workers.tasks")
    told = {task: tuple(signature(app.tasks[task].run).parameters) for task in tasks()}
    assert told.pop("projections.catch_up") == ("name",)
    assert set(told.values()) == {()}


def test_beat_pokes_tasks_that_exist_on_their_own_queue() -> None:
    for entry in SCHEDULE.values():
        assert entry["task"] in tasks()
        assert entry["options"]["queue"] == ROUTES[entry["task"]]["queue"]


def test_beat_pokes_every_task_and_every_projection() -> None:
    assert {entry["task"] for entry in SCHEDULE.values()} == tasks()
    folded = {entry["args"][0] for entry in SCHEDULE.values() if entry["args"]}
    assert folded == set(PROJECTIONS)


def _flags(command: Sequence[str]) -> list[str]:
    """Return how the server is told to serve, wherever it listens."""
    words = [*command[command.index("granian") + 1 :]]
    del words[words.index("--host") : words.index("--host") + 2]
    return words


def test_production_serves_as_the_embedded_stack_does(office: Office) -> None:
    (web,) = [each for each in every_program(office.settings) if each.name == "web"]
    in_production = composed()["services"]["web"]
    assert _flags(in_production["command"]) == _flags(web.command)
    told = in_production["environment"]["QMAS_WEB_PROCESSES"]
    assert told == f"${{QMAS_WEB_PROCESSES:-{office.settings.web_processes}}}"


def test_production_has_one_beat() -> None:
    services = composed()["services"]
    assert [name for name in services if "beat" in services[name].get("command", ())] == ["beat"]


def test_only_loopback_ports_are_published() -> None:
    published = [
        port for service in composed()["services"].values() for port in service.get("ports", ())
    ]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_production_holds_no_secret_in_its_description() -> None:
    described = composed()
    assert all(set(secret) == {"file"} for secret in described["secrets"].values())
    for service in described["services"].values():
        for name, value in service.get("environment", {}).items():
            assert name.endswith("_FILE") or "PASSWORD" not in name.upper(), value


def test_whatever_a_service_uses_is_declared() -> None:
    described = composed()
    for name, service in described["services"].items():
        assert set(service.get("secrets", ())) <= set(described["secrets"]), name
        assert set(service.get("depends_on", ())) <= set(described["services"]), name


@pytest.mark.parametrize("name", ["postgres", "redis", "web", "beat", "mail", "worker-projections"])
def test_what_runs_for_long_says_whether_it_is_well(name: str) -> None:
    assert composed()["services"][name]["healthcheck"]["test"]


@pytest.mark.parametrize(("minutes", "code"), [(-6, 1), (-1, 0), (60, 1)])
def test_a_schedule_that_was_not_written_lately_is_of_a_beat_that_stands_still(
    tmp_path: Path, minutes: int, code: int
) -> None:
    _, command = composed()["services"]["beat"]["healthcheck"]["test"]
    (tmp_path / "beat-schedule").touch()
    written = time.time() + 60 * minutes
    os.utime(tmp_path / "beat-schedule", (written, written))
    asked = command.replace("$$", "$").replace("/var/lib/qmas", str(tmp_path))
    assert subprocess.run(["sh", "-c", asked], check=False).returncode == code


def test_the_servers_are_of_the_versions_that_are_tested() -> None:
    services = composed()["services"]
    assert services["postgres"]["image"] == "postgres:18"
    assert services["redis"]["image"].startswith("redis:")


def test_the_containers_are_told_every_setting_of_the_identity_provider() -> None:
    told = composed()["services"]["web"]
    names = {name.removesuffix("_FILE") for name in told["environment"]}
    assert set(oidc.SETTINGS) <= names
    (place,) = (each for each in told["volumes"] if "QMAS_OIDC_AUTHORITIES" in each)
    inside = told["environment"]["QMAS_OIDC_AUTHORITIES"].partition(":+")[2].rstrip("}")
    assert place == f"${{QMAS_OIDC_AUTHORITIES:-/dev/null}}:{inside}:ro"
