"""When something holds: its days, and since when that is known."""

from dataclasses import dataclass
from datetime import date

from domain.rules.factors import Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The days on which something holds, both included; ``until`` None where it is open.

    ``known_from`` is the day on which it became known, which may be later than its first day.
    ``begins_with`` is the id of the ruleset whose first day this life shares, wherever that day is
    corrected to; None where the life has a first day of its own.
    """

    first: date
    until: date | None
    known_from: date
    cited: Citation
    begins_with: str | None = None

    def covers(self, day: date) -> bool:
        """True on the days of this life."""
        return self.first <= day and (self.until is None or day <= self.until)
