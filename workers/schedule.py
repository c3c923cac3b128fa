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
DEADLINE_SECONDS: Final = 60.0
"""Days pass slowly, and nothing but time makes anything due."""
MINUTE: Final = 60.0
WATCH_SECONDS: Final = 10.0
"""How long an erasure may be in the database alone, where whoever decided it was killed there."""
EXPIRES_SECONDS: Final = 30.0


def _entry(task: str, *args: str, every: float = EVERY_SECONDS) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            "task": task,
            "schedule": every,
            "args": args,
            "options": {"expires": max(EXPIRES_SECONDS, 2 * every), "queue": ROUTES[task]["queue"]},
        }
    )


SCHEDULE: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "number what was committed": _entry("store.sequence"),
        **{f"fold {name}": _entry("projections.catch_up", name) for name in PROJECTIONS},
        "plan notifications": _entry("notifications.plan"),
        "deliver notifications": _entry("notifications.deliver"),
        "send codes": _entry("codes.send"),
        "tidy codes": _entry("codes.tidy", every=MINUTE),
        "tell of deadlines": _entry("deadlines.fire", every=DEADLINE_SECONDS),
        "deliver webhooks": _entry("webhooks.deliver"),
        "keep what is erased": _entry("privacy.keep_watch", every=WATCH_SECONDS),
        "verify a stretch": _entry("projections.verify", every=MINUTE),
        "count the figures": _entry("statistics.count", every=MINUTE),
    }
)
