"""The Celery application: what `celery --app workers.app` runs.

Its configuration is read from the settings when it is first needed, not when this is imported.
A task is acknowledged once it is done, so that a killed worker's task is done again; every task
can be done twice, for it only looks at what is to be done.
"""

import logging
from contextlib import suppress
from typing import Any, Final

from celery import Celery, Task, signals
from celery.loaders.app import AppLoader
from kombu import Exchange, Queue
from redis import RedisError
from structlog.contextvars import bind_contextvars, clear_contextvars

from services.logs import log_as_json
from services.pokes import HEADER, asked_by, header, told_with
from services.privacy.again import settled
from services.queues import moved, tell
from services.settings import Settings
from services.tasks import QUEUES, TASKS
from services.tracing import turn
from workers.broker import outlive_redis
from workers.office import broker, close_office, forget_office, office
from workers.queues import LIMITS, ROUTES, VISIBLE_AGAIN_SECONDS
from workers.schedule import SCHEDULE

# Each says twice or thrice for every poke that all is well.
_TALKATIVE: Final = ("celery.app.trace", "celery.beat", "celery.worker.strategy")


def configuration(settings: Settings) -> dict[str, Any]:
    """Return Celery's configuration under these settings."""
    return {
        "broker_url": settings.broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {"visibility_timeout": VISIBLE_AGAIN_SECONDS},
        "imports": ("workers.tasks",),
        "task_queues": [Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
        "task_default_queue": QUEUES[0],
        "task_create_missing_queues": False,
        "task_routes": {task: dict(route) for task, route in ROUTES.items()},
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_annotations": {task: dict(limit) for task, limit in LIMITS.items()},
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        # Nothing is handed to a process while it does something: another may be free.
        "worker_prefetch_multiplier": 1,
        # How long the word of a process that died is waited for, before its task is done again.
        "worker_lost_wait": 1.0,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_enable_remote_control": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "beat_schedule": {name: dict(entry) for name, entry in SCHEDULE.items()},
        "beat_max_loop_interval": 1,
        "beat_scheduler": "workers.beat:SparingScheduler",
        "timezone": "UTC",
    }


class SettingsLoader(AppLoader):
    """Reads the configuration from the settings of this process."""

    def read_configuration(self, env: str = "") -> dict[str, Any]:  # noqa: ARG002 - Celery's own signature
        """Return the configuration; SettingsFault when the settings cannot be used."""
        outlive_redis()
        return configuration(Settings.from_environment())


class PokedTask(Task[Any, Any]):
    """A task that, once it runs, can be poked again; its name stands in all it logs."""

    abstract = True

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:  # noqa: ARG002 - Celery's own signature
        """The poke is no longer outstanding, and the log knows which task speaks, and for whom."""
        clear_contextvars()
        bind_contextvars(task=self.name, task_id=task_id, task_args=list(args))
        if sender := asked_by(self.request):
            bind_contextvars(correlation_id=sender)
        office().pokes.started(self.name, args)
        self._move(ended=False)

    def after_return(self, *told: Any, **more: Any) -> None:  # noqa: ARG002 - Celery's own signature
        """It can be seen that its queue moves, whatever came of the task."""
        self._move(ended=True)

    def _move(self, *, ended: bool) -> None:
        redis = office().pokes.flags
        if redis is not None and self.name in TASKS:
            with suppress(RedisError, OSError):
                moved(redis, TASKS[self.name].queue, ended=ended)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the task gives, told as a span of whoever poked it."""

        def run() -> Any:
            settled(office())
            return self.run(*args, **kwargs)

        return turn(self.name, args, told_with(self.request), run)


app = Celery(
    "qmas",
    loader=SettingsLoader,
    task_cls=PokedTask,
    amqp="workers.broker:Links",
    set_as_current=True,
)


@signals.setup_logging.connect
def _set_up_logging(loglevel: int | None = None, **_: Any) -> None:
    log_as_json(loglevel or logging.INFO)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


@signals.before_task_publish.connect
def _say_when(headers: dict[str, Any], **_: Any) -> None:
    """Beat's pokes say when they were sent, as those after a commit do."""
    headers.setdefault(HEADER, header())


@signals.heartbeat_sent.connect
def _be_there(sender: Any, **_: Any) -> None:
    """Every few seconds it can be seen which queues this worker empties."""
    redis = broker()
    with suppress(RedisError, OSError):
        if redis is not None:
            tell(redis, sender.eventer.hostname, app.amqp.queues.consume_from)


@signals.worker_process_init.connect
def _start_afresh(**_: Any) -> None:
    forget_office()


@signals.worker_process_shutdown.connect
def _give_back(**_: Any) -> None:
    close_office()
