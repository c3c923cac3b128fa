"""One look that many statements read for: the first of them records it, the others are of it.

Law: of a look that is not on record nothing is read, and what an answer names refers to it, so that
whoever reads the record sees one look and what came of it, and not two.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from domain.events import Event
from domain.looks import Look
from domain.record import Recorded
from services.store import queries, seen
from services.store.errors import StoreUnreachable
from services.store.reading import contiguous

# No value is in these texts but by its name.
_NOTED: Final = """
    INSERT INTO reads (who, role, purpose, what, door, correlation_id, cases, filters)
    SELECT %(who)s::text, %(role)s::text, %(purpose)s::text, %(what)s::text, %(door)s::text,
        %(correlation_id)s::text, %(references)s::text[], %(filters)s::json
"""
_NAMED: Final = f"{_NOTED} {seen.SOON} RETURNING read_id"
# Where nothing is found there is a row all the same, for the number of the look.
_LOG: Final = f"""
WITH found AS MATERIALIZED ({queries.LOG}), noted AS ({_NAMED})
SELECT found.*, noted.read_id FROM noted LEFT JOIN found ON true ORDER BY found.position
"""  # noqa: S608 - as said above
_FURTHER: Final = f"""
SELECT * FROM ({queries.LOG}) AS found
WHERE EXISTS (SELECT FROM reads WHERE read_id = %(look)s::bigint) ORDER BY found.position
"""  # noqa: S608 - as said above

_POSITION: Final = 2
_NUMBER: Final = 5

Log = tuple[Recorded[Event], ...]
_Rows = list[tuple[Any, ...]]
Taken = Callable[[_Rows], _Rows]
"""Takes the rows of a statement as they are, and returns those that hold events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A look as it was recorded by the statement that read first.

    `number` is that of its row, and `asked` what was asked for, without anything personal.
    """

    look: Look
    number: int
    asked: Mapping[str, Any]


class Looks:
    """Reads and names cases for looks that one statement cannot read for."""

    def __init__(
        self,
        read: Callable[[str, Mapping[str, Any], Taken], Log],
        rows: Callable[[str, Mapping[str, Any]], _Rows],
        sequence: Callable[[], int],
    ) -> None:
        self._read = read
        self._rows = rows
        self._sequence = sequence

    def named(
        self,
        of: Look | Noted,
        references: Sequence[str],
        asked: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """The look at cases that an answer names is on record, or it raises as `read_seen`.

        Asked before the answer is given. Where a statement that read recorded the look already, the
        row says `of` which number it is, and what that `asked`.
        """
        if isinstance(of, Noted):
            look, filters = of.look, {**of.asked, "of": of.number}
        else:
            look, filters = of, dict(asked)
        self._rows(_NAMED, _given(look, filters, references))

    def log(
        self, look: Look, asked: Mapping[str, Any], *, after: int, limit: int
    ) -> tuple[Noted, Log]:
        """What `read_log` gives without anything personal, and the look that is recorded with it.

        It raises as `read_seen`.
        """
        self._sequence()
        number: list[int] = []

        def taken(rows: _Rows) -> _Rows:
            number.append(rows[0][_NUMBER])
            return [row for row in rows if row[_POSITION] is not None]

        told = {**_given(look, asked, ()), "after": after, "limit": limit, "opened": []}
        read = contiguous(after, self._read(_LOG, told, taken))
        return Noted(look=look, number=number[-1], asked=seen.plain(asked)), read

    def further(self, number: int, *, after: int, limit: int) -> Log:
        """What comes next of the log, some of which is there, of a look that is on record.

        Raises `StoreUnreachable` where a crash of the server lost the look meanwhile.
        """
        told = {"look": number, "after": after, "limit": limit, "opened": []}
        read = contiguous(after, self._read(_FURTHER, told, list))
        if limit and not read:
            raise StoreUnreachable(f"look {number}, which this belongs to, is not on record")
        return read


class LogSeen:
    """The log as one look reads it, from its beginning and as often as it needs to."""

    def __init__(self, looks: Looks, look: Look, asked: Mapping[str, Any]) -> None:
        self._looks = looks
        self._look = look
        self._asked = asked
        self._noted: Noted | None = None

    @property
    def noted(self) -> Noted:
        """The look as it is on record; where nothing was read, it is recorded now."""
        return self._noted or self._first(after=0, limit=0)[0]

    def read(self, *, after: int, limit: int) -> Log:
        """What `read_log` gives without anything personal; the first time records the look."""
        if self._noted is None:
            return self._first(after=after, limit=limit)[1]
        return self._looks.further(self._noted.number, after=after, limit=limit)

    def _first(self, *, after: int, limit: int) -> tuple[Noted, Log]:
        self._noted, read = self._looks.log(self._look, self._asked, after=after, limit=limit)
        return self._noted, read


def _given(look: Look, asked: Mapping[str, Any], references: Sequence[str]) -> dict[str, Any]:
    return {**seen.given(look, asked), "references": list(references)}
