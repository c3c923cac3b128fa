"""What a person is shown of a case's streams: read, and recorded as a look, by one statement.

Law: what is shown is what is recorded. Whoever cannot record a look reads nothing, for both are
done by one statement or neither is.
"""

from collections.abc import Mapping
from typing import Any, Final

from domain.looks import Look

# What is written in WITH is done whether or not anybody reads it, and `found` keeps its order.
# A look waits for no disk: its commit is written out a moment later, and nothing is lost of it but
# by a crash of the server itself. It is set for this statement's own transaction and no other.
STREAMS: Final = """
WITH found AS MATERIALIZED (
    SELECT json_send(events.body) AS body, events.recorded_at, log.position, log.sequenced_at,
        events.stream
    FROM events LEFT JOIN log USING (commit_id, ord)
    WHERE events.stream = ANY (%(streams)s::text[]) ORDER BY events.stream, events.version
), noted AS (
    INSERT INTO reads (who, role, purpose, what, door, correlation_id, cases)
    SELECT %(who)s::text, %(role)s::text, %(purpose)s::text, %(what)s::text, %(door)s::text,
        %(correlation_id)s::text, ARRAY[%(reference)s::text]
    FROM set_config('synchronous_commit', 'off', true)
)
SELECT * FROM found
"""


def given(look: Look, reference: str) -> Mapping[str, Any]:
    """Return what the statement takes for a look at the case of that reference."""
    return {
        "who": look.person.name,
        "role": str(look.person.role),
        "purpose": str(look.purpose),
        "what": str(look.what),
        "door": str(look.door),
        "correlation_id": look.correlation_id,
        "reference": reference,
    }
