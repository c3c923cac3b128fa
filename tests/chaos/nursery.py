"""Starts workers again and again without importing all that they need each time.

Run as `python -m tests.chaos.nursery`. For each line of its input, `{"words": […], "log": …}`, it
forks a process that is `celery` with these words, in a session of its own, and answers its pid.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from celery.bin.celery import celery

from services.settings import Settings
from services.wiring import Office, open_office
from tests.chaos.arena import days_passed


def _open_office(settings: Settings) -> Office:
    """Return the office of a place where days pass as the test likes."""

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(days=days_passed(settings.home))

    return replace(open_office(settings), clock=clock)


def _become(told: dict[str, Any]) -> NoReturn:
    os.setsid()
    with open(os.devnull) as nothing, open(told["log"], "ab") as log:  # noqa: PTH123 - plain descriptors
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.argv = ["celery", *told["words"]]
    celery(auto_envvar_prefix="CELERY")
    os._exit(0)


def _bury() -> None:
    """Processes that ended leave nothing behind."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main() -> None:
    """Start what is asked for until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    importlib.import_module("workers.tasks")
    vars(importlib.import_module("workers.office"))["open_office"] = _open_office
    while line := sys.stdin.readline():
        _bury()
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            _become(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
