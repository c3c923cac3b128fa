"""What workers do, as data: the queue in which each task waits, and how long one turn may take.

Services wake workers by these names and import none of them. A queue is one concern, so that what
takes long, or waits for somebody else's server, keeps nothing else waiting.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A task waits in `queue`; after `seconds` a turn of it is ended, whatever it is doing."""

    queue: str
    seconds: int


TASKS: Final[Mapping[str, Turn]] = MappingProxyType(
    {
        "store.sequence": Turn(queue="store", seconds=120),
        "projections.catch_up": Turn(queue="projections", seconds=300),
        "notifications.plan": Turn(queue="notifications", seconds=300),
        # A slow server may take as long as its lease for the last message that is begun.
        "notifications.deliver": Turn(queue="mail", seconds=420),
        # Away from letters: whoever waits for a code sits in front of a page.
        "codes.send": Turn(queue="codes", seconds=240),
        "codes.tidy": Turn(queue="maintenance", seconds=300),
        "deadlines.fire": Turn(queue="deadlines", seconds=300),
        "webhooks.deliver": Turn(queue="webhooks", seconds=300),
        "projections.verify": Turn(queue="maintenance", seconds=300),
        "privacy.keep_watch": Turn(queue="maintenance", seconds=300),
        "statistics.count": Turn(queue="maintenance", seconds=300),
    }
)
"""Every task there is, by its name."""

QUEUES: Final[tuple[str, ...]] = tuple(dict.fromkeys(turn.queue for turn in TASKS.values()))
"""Every queue there is; workers consume them all, and a test sees to it."""

WORKERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "worker": ("store", "projections", "notifications", "deadlines"),
        # Other people's servers may keep it waiting, and what is left for it can wait.
        "worker-patient": ("codes", "mail", "webhooks", "maintenance"),
    }
)
"""The workers of an installation on one machine, and which queues each empties: every queue once.

Where there are several machines each queue has workers of its own.
"""
