"""The queues and the tasks on each, as data: workers consume them all, and a test sees to it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

QUEUES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "projections": ("projections.catch_up",),
        "notifications": ("notifications.plan", "notifications.deliver"),
        "maintenance": ("store.sequence",),
    }
)
"""The tasks of each queue, by name."""

ALL_QUEUES: Final[tuple[str, ...]] = tuple(QUEUES)

ROUTES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {task: MappingProxyType({"queue": queue}) for queue, tasks in QUEUES.items() for task in tasks}
)
"""The queue of each task."""
