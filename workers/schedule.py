"""What beat pokes: the safety net below the pokes that follow a commit.

A stopped worker does not come back to a pile of them: beat sends nothing to a queue in which enough
waits, and what waited long expires. It is sent and taken by the clocks of two machines, so it lives
far longer than the pause to the next one: clocks a few seconds apart must not make it stillborn.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from services.projections.catalogue import PROJECTIONS
from workers.queues import ROUTES

EVERY_SECONDS: Final = 2.0
EXPIRES_SECONDS: Final = 30.0


def _entry(task: str, *args: str) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            "task": task,
            "schedule": EVERY_SECONDS,
            "args": args,
            "options": {"expires": EXPIRES_SECONDS, "queue": ROUTES[task]["queue"]},
        }
    )


SCHEDULE: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "number what was committed": _entry("store.sequence"),
        **{f"fold {name}": _entry("projections.catch_up", name) for name in PROJECTIONS},
        "plan notifications": _entry("notifications.plan"),
        "deliver notifications": _entry("notifications.deliver"),
    }
)
