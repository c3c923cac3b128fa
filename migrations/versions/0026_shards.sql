-- The log says of each event which shard it is of, so that whoever reads one need not look up those
-- of the others: the checksum of what follows the kind in its stream's name.

-- No row is written anew for it. Where it is null the event's own stream tells, as it did before.
ALTER TABLE log ADD COLUMN stream_crc bigint;

-- As in 0001, where it is explained, but for the new column.
CREATE OR REPLACE FUNCTION sequence_commits() RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = public, pg_temp
-- Plans are cached from the first call on, when the tables may be empty, and must suit the day
-- when `pending` is full of dead rows: always by index.
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    last_position bigint;
    numbered_to bigint;
    last_instant timestamptz;
    mark passes;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the log is numbered under READ COMMITTED only'
            USING HINT = 'Call sequence_commits() in a transaction of its own.';
    END IF;

    -- Twice: a look without the lock, so that idle readers do not queue; and, under the lock, the
    -- mark anew, because another sequencer may have moved it while this one waited.
    FOR look IN 1..2 LOOP
        IF look = 2 THEN
            PERFORM FROM head FOR UPDATE;
        END IF;
        SELECT * INTO mark FROM passes ORDER BY position DESC LIMIT 1;
        IF mark.server_started IS DISTINCT FROM pg_postmaster_start_time() THEN
            mark.settled_below := '0';
            mark.unsettled := '{}';
        END IF;
        IF NOT EXISTS (SELECT FROM pending WHERE xid >= mark.settled_below)
            AND NOT EXISTS (SELECT FROM pending WHERE xid = ANY (mark.unsettled))
        THEN
            SELECT position INTO last_position FROM log ORDER BY position DESC LIMIT 1;
            RETURN coalesce(last_position, 0);
        END IF;
    END LOOP;

    SELECT position, sequenced_at INTO last_position, last_instant
    FROM log ORDER BY position DESC LIMIT 1;
    last_position := coalesce(last_position, 0);

    -- A statement of its own, so that its snapshot is younger than the lock.
    WITH pass AS MATERIALIZED (
        SELECT greatest(clock_timestamp(), last_instant) AS instant
    ), young AS (
        DELETE FROM pending WHERE xid >= mark.settled_below RETURNING commit_id
    ), late AS (
        DELETE FROM pending
        WHERE xid = ANY (mark.unsettled) AND xid < mark.settled_below
        RETURNING commit_id
    ), taken AS (
        SELECT commit_id FROM young UNION SELECT commit_id FROM late
    ), numbered AS (
        INSERT INTO log (position, commit_id, ord, leaf, sequenced_at, stream_crc)
        SELECT
            last_position + row_number() OVER (ORDER BY taken.commit_id, e.ord),
            taken.commit_id, e.ord, e.leaf, pass.instant,
            crc32(convert_to(substring(e.stream FROM strpos(e.stream, '-') + 1), 'UTF8'))
        FROM pass
        CROSS JOIN taken
        CROSS JOIN LATERAL (
            SELECT ord, leaf, stream FROM events
            WHERE commit_id = taken.commit_id AND NOT EXISTS (
                SELECT FROM log WHERE log.commit_id = events.commit_id AND log.ord = events.ord
            )
            OFFSET 0
        ) AS e
        RETURNING position
    )
    INSERT INTO passes (position, settled_below, unsettled, server_started)
    SELECT
        max(position),
        pg_snapshot_xmax(pg_current_snapshot()),
        ARRAY(SELECT pg_snapshot_xip(pg_current_snapshot())) || pg_current_xact_id(),
        pg_postmaster_start_time()
    FROM numbered
    HAVING count(*) > 0
    RETURNING position INTO numbered_to;

    IF numbered_to IS NULL THEN
        RETURN last_position;
    END IF;
    last_position := numbered_to;

    IF last_position / 65536 > coalesce(mark.position, 0) / 65536 THEN
        DELETE FROM passes WHERE position < last_position;
    END IF;
    RETURN last_position;
END
$function$;
