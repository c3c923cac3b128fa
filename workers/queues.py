"""Where Celery sends each task and when it ends it, as the table of the tasks has it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.tasks import TASKS

ROUTES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {task: MappingProxyType({"queue": turn.queue}) for task, turn in TASKS.items()}
)
"""The queue of each task."""

LIMITS: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType(
    # No soft limit: it would be raised in the middle of a fold and blamed on the event.
    {task: MappingProxyType({"time_limit": turn.seconds}) for task, turn in TASKS.items()}
)
"""How long a turn of each task may take."""

VISIBLE_AGAIN_SECONDS: Final = 2 * max(turn.seconds for turn in TASKS.values())
"""When what was handed out and never acknowledged is handed out again.

Longer than any turn, or a task that still runs would be done beside itself.
"""
