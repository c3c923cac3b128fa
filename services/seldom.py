"""What is met again and again is told once a minute: that is loud enough."""

import time
from collections.abc import Callable
from typing import Final

SECONDS: Final = 60.0


class Seldom:
    """What this process told of, by name, and when; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}

    def tells(self, name: str) -> bool:
        """Say whether it is time to tell of this; for a minute from now on it is not."""
        now = self._clock()
        if now - self._told.get(name, float("-inf")) < SECONDS:
            return False
        self._told[name] = now
        return True
