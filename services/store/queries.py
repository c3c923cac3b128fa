"""What the store asks of its database, but for the append itself."""

from typing import Final

STREAM: Final = """
SELECT json_send(events.body), events.recorded_at, log.position, log.sequenced_at, events.stream
FROM events LEFT JOIN log USING (commit_id, ord)
WHERE events.stream = %s AND events.version > %s ORDER BY events.version
"""
STREAMS: Final = """
SELECT json_send(events.body), events.recorded_at, log.position, log.sequenced_at, events.stream
FROM events LEFT JOIN log USING (commit_id, ord)
WHERE events.stream = ANY (%s::text[]) ORDER BY events.stream, events.version
"""
FIRSTS: Final = """
SELECT json_send(body), recorded_at, NULL::bigint, NULL::timestamptz, stream
FROM events WHERE stream = ANY (%s::text[]) AND version = 1
"""
# What is sealed is most of a body, and stands last in it: where nobody opens it, it stays here.
_READ: Final = """
SELECT
    CASE WHEN coalesce(events.type = ANY (%(opened)s::text[]), true) THEN whole.body
    ELSE coalesce(
        substring(
            whole.body FROM 1 FOR nullif(position('"sealed":"'::bytea IN whole.body), 0) + 9
        ) || '"}}'::bytea,
        whole.body
    ) END,
    events.recorded_at, log.position, log.sequenced_at, events.stream
FROM log LEFT JOIN events USING (commit_id, ord)
CROSS JOIN LATERAL (SELECT json_send(events.body) AS body OFFSET 0) AS whole
"""
LOG: Final = f"""{_READ}
WHERE log.position > %(after)s::bigint
  AND log.position <= %(after)s::bigint + %(limit)s::bigint
ORDER BY log.position
"""
# The log says whose an event is, so that those of other shards are not looked up. What was numbered
# before that was kept is told by its stream; if it is gone nobody knows, and every shard meets it.
SHARD: Final = f"""{_READ}
WHERE log.position > %(after)s::bigint AND log.position <= %(last)s::bigint
    AND (log.stream_crc IS NULL OR log.stream_crc %% %(of)s::bigint = %(number)s::bigint)
    AND (log.stream_crc IS NOT NULL OR coalesce(crc32(convert_to(
        substring(events.stream FROM strpos(events.stream, '-') + 1), 'UTF8'
    )) %% %(of)s::bigint = %(number)s::bigint, true))
ORDER BY log.position
"""
RANGE: Final = """
SELECT count(*), max(position), max(sequenced_at) FROM log
WHERE position > %(after)s::bigint AND position <= %(after)s::bigint + %(limit)s::bigint
"""
KEYS: Final = """
SELECT reference, wrapped FROM case_keys WHERE reference = ANY (%s::text[])
"""
READABLE: Final = """
SELECT reference FROM case_keys WHERE wrapped IS NOT NULL AND reference = ANY (%(wanted)s::text[])
ORDER BY reference
"""
ERASED: Final = "SELECT reference FROM case_keys WHERE wrapped IS NULL ORDER BY reference"
ERASED_WITH_KEY: Final = """
SELECT DISTINCT reference FROM events JOIN case_keys ON 'case-' || reference = stream
WHERE type = 'erasure-decided' AND wrapped IS NOT NULL ORDER BY reference
"""
# What was wrapped before master keys had names may be of any of them.
WRAPPED_BY: Final = """
SELECT EXISTS (
    SELECT FROM case_keys WHERE wrapped IS NOT NULL
        AND (get_byte(wrapped, 0) <> 2 OR substr(wrapped, 1, 9) = ANY (%(prefixes)s::bytea[]))
)
"""
TYPES: Final = """
SELECT type, count(*) FROM events
WHERE stream = ANY (%(streams)s::text[])
    AND (NOT %(sealed)s::boolean OR position('"sealed":"'::bytea IN json_send(body)) > 0)
GROUP BY type ORDER BY type
"""
ENTRY: Final = """
SELECT json_send(body), recorded_at, position FROM log JOIN events USING (commit_id, ord)
WHERE commit_id = (
    SELECT commit_id FROM events
    WHERE stream = %(stream)s AND type = %(type)s ORDER BY version DESC LIMIT 1
) ORDER BY position
"""
LAST: Final = """
SELECT version, (body ->> 'id')::uuid, (body ->> 'effective_at')::timestamptz FROM events
WHERE stream = %(stream)s ORDER BY version DESC LIMIT 1
"""
LEAVES: Final = """
SELECT leaf FROM log
WHERE position > %(after)s::bigint AND position <= %(to)s::bigint ORDER BY position
"""
ERASED_AT: Final = "SELECT erased_at FROM case_keys WHERE reference = %(reference)s"
HEAD: Final = "SELECT coalesce((SELECT position FROM log ORDER BY position DESC LIMIT 1), 0)"
RULESETS: Final = """
SELECT body -> 'payload' ->> 'ruleset', body -> 'payload' ->> 'digest', count(*)
FROM log JOIN events USING (commit_id, ord)
WHERE log.position > %(after)s::bigint
  AND log.position <= %(after)s::bigint + %(limit)s::bigint
  AND body -> 'payload' ->> 'ruleset' IS NOT NULL
  AND body -> 'payload' ->> 'digest' IS NOT NULL
GROUP BY 1, 2
"""
EARLIER: Final = """
SELECT NULL, commit_id, fingerprint, json_send(result), '{}'::integer[], '{}'::text[], '{}'::text[]
FROM commits WHERE command_id = %s
"""
GRADERS: Final = """
SELECT DISTINCT name FROM events
CROSS JOIN LATERAL (VALUES (body ->> 'actor'), (body #>> '{payload,graded_by}')) AS who (name)
WHERE type IN ('case-shortlisted', 'case-graded', 'case-selected', 'case-not-selected')
    AND type = 'case-graded' AND body #>> '{payload,exercise}' = %(exercise)s
    AND name IS NOT NULL
"""
VERSION: Final = """
SELECT coalesce(
    (SELECT version FROM events WHERE stream = %s ORDER BY version DESC LIMIT 1), 0
)
"""
# The event of the version itself comes without its body, for its instant alone.
SINCE: Final = """
SELECT
    events.stream, events.version, (events.body ->> 'effective_at')::timestamptz,
    CASE WHEN events.version > given.after THEN json_send(events.body) END,
    starts_with(given.stream, 'case-') AND EXISTS (
        SELECT FROM case_keys WHERE wrapped IS NULL AND reference = substr(given.stream, 6)
    )
FROM unnest(%(streams)s, %(versions)s) AS given (stream, after)
JOIN LATERAL (
    SELECT body, stream, version FROM events
    WHERE stream = given.stream AND version >= given.after OFFSET 0
) AS events ON true
ORDER BY events.stream, events.version
"""
