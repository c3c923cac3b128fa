"""What a person is shown of a case's streams: read, and recorded as a look, by one statement.

Law: what is shown is what is recorded. Whoever cannot record a look reads nothing, for both are
done by one statement or neither is.
"""

import json
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from domain.looks import Look
from services.store import queries

ALL: Final[Mapping[str, Any]] = MappingProxyType({})
"""What is asked where nothing of it is left out, and nothing besides."""

# What is written in WITH is done whether or not anybody reads it, and `found` keeps its order.
# A look waits for no disk: its commit is written out a moment later, and nothing is lost of it but
# by a crash of the server itself. It is set for the statement's own transaction and no other.
_NOTED: Final = """
    INSERT INTO reads (who, role, purpose, what, door, correlation_id, filters, cases)
    SELECT %(who)s::text, %(role)s::text, %(purpose)s::text, %(what)s::text, %(door)s::text,
        %(correlation_id)s::text, %(filters)s::json,
"""
SOON: Final = "FROM set_config('synchronous_commit', 'off', true)"
# No value is in these texts but by its name.
FOUND: Final = """
    SELECT json_send(events.body) AS body, events.recorded_at, log.position, log.sequenced_at,
        events.stream
    FROM events LEFT JOIN log USING (commit_id, ord)
    WHERE events.stream = ANY (%(streams)s::text[]) ORDER BY events.stream, events.version
"""
NOTED_ONE: Final = f"{_NOTED} ARRAY[%(reference)s::text] {SOON}"
STREAMS: Final = f"""
WITH found AS MATERIALIZED ({FOUND}), noted AS ({NOTED_ONE}) SELECT * FROM found
"""  # noqa: S608 - as said above
LOG: Final = f"""
WITH found AS MATERIALIZED ({queries.LOG}), noted AS ({_NOTED} ARRAY(
        SELECT DISTINCT substring(stream FROM strpos(stream, '-') + 1) FROM found
        WHERE starts_with(stream, 'case-') OR starts_with(stream, 'work-')
    ) {SOON})
SELECT * FROM found
"""  # noqa: S608 - as said above


def given(look: Look, asked: Mapping[str, Any] = ALL) -> dict[str, Any]:
    """Return what the statements take of a look, and of what was asked for besides the case."""
    return {
        "who": look.person.name,
        "role": str(look.person.role),
        "purpose": str(look.purpose),
        "what": str(look.what),
        "door": str(look.door),
        "correlation_id": look.correlation_id,
        "filters": json.dumps(plain(asked)),
    }


def plain(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked for as JSON has it, without what was not."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asked.items()
        if value is not None and value is not False and value != ()
    }


def where(query: str, told: str) -> str:
    """Return the query with a look at the cases of those of its rows of which a person is told.

    Where there are none, there is no look. It takes what `given` returns beside its own.
    """
    return f"""
WITH found AS MATERIALIZED ({query}), noted AS (
    {_NOTED} ARRAY(SELECT DISTINCT reference FROM found WHERE {told}) {SOON}
    WHERE EXISTS (SELECT FROM found WHERE {told})
)
SELECT * FROM found
"""  # noqa: S608 - both are written in the program
