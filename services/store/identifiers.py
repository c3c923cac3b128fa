"""Event ids: UUIDs of version 7, which begin with the instant they were made."""

import os
import time
from typing import Final

_RANDOM_BYTES: Final = 10
_VARIANTS: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def new_event_id() -> str:
    """A UUID of version 7 in its usual form."""
    instant = f"{time.time_ns() // 1_000_000:012x}"
    random = os.urandom(_RANDOM_BYTES).hex()
    # The version stands in the 13th digit, the variant in the two high bits of the 17th.
    variant = _VARIANTS[random[3]]
    return f"{instant[:8]}-{instant[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}"
