"""Event ids: UUIDs of version 7, which begin with the instant they were made."""

import os
import time
from typing import Final

_VERSION: Final = 0x7 << 76
_VARIANT: Final = 0x2 << 62
_RANDOM: Final = (0xFFF << 64) | (0x3FFF_FFFF_FFFF_FFFF)


def new_event_id() -> str:
    """A UUID of version 7 in its usual form."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big") & _RANDOM
    digits = f"{milliseconds << 80 | _VERSION | _VARIANT | random:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
