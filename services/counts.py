"""Counts that end where more of it is not news, and how they are said everywhere.

Law: no page, answer or figure counts further than its bound, so that none takes longer and longer;
and whoever reads it is told where that was.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

MOST: Final = 10_000
"""How far people's lists are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many there are; with `or_more` there may be more of them, which were not counted."""

    number: int
    or_more: bool = False

    @classmethod
    def counted(cls, found: int, most: int) -> Self:
        """Return what was found by counting no further than `most`."""
        return cls(number=found, or_more=found >= most)

    @classmethod
    def total(cls, counts: Iterable[Self]) -> Self:
        """Return the count of all together."""
        known = tuple(counts)
        return cls(
            number=sum(each.number for each in known),
            or_more=any(each.or_more for each in known),
        )

    def __bool__(self) -> bool:
        """Say whether there is any."""
        return self.number > 0

    def __str__(self) -> str:
        """Return it as people read it, such as "1,204" or "10,000 or more"."""
        return f"{self.number:,}{' or more' if self.or_more else ''}"
