"""Long lists, a part at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import request

SHOWN: Final = 25
"""How many cases of a list are on one page."""

_MOST_DIGITS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of a list that a page shows: its items, the number of the first, and of all."""

    items: Sequence[Any]
    first: int
    total: int

    @property
    def before(self) -> int | None:
        """The number of the first on the page before, None on the first page."""
        return max(1, self.first - SHOWN) if self.first > 1 else None

    @property
    def after(self) -> int | None:
        """The number of the first on the next page, None on the last."""
        following = self.first + SHOWN
        return following if following <= self.total else None


def part_of(every: Sequence[Any], name: str) -> Part:
    """Return the part that the address asks for under a name; the first for anything else."""
    asked = request.args.get(name, "1")
    number = asked.isascii() and asked.isdecimal() and len(asked) <= _MOST_DIGITS
    first = int(asked) if number else 1
    first = first if 1 <= first <= len(every) else 1
    return Part(items=every[first - 1 : first - 1 + SHOWN], first=first, total=len(every))
