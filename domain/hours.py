"""Quiet hours: when nobody outside the office is written to, on Hong Kong's clocks."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from domain.days import HONG_KONG


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `begins`, which is quiet, until `ends`, which is not; over midnight where it ends first.

    Hours that begin when they end are none.
    """

    begins: time
    ends: time

    def over_at(self, instant: datetime) -> datetime:
        """Return the first instant from `instant` on that is not quiet; a naive one is refused."""
        if instant.utcoffset() is None:
            raise ValueError(f"{instant.isoformat()} has no offset, so its hour is not known")
        local = instant.astimezone(HONG_KONG)
        if not self._quiet(local.time()):
            return instant
        end = datetime.combine(local.date(), self.ends, HONG_KONG)
        return end if end > local else end + timedelta(days=1)

    def _quiet(self, at: time) -> bool:
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends
