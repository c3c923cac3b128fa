-- The event store. Once released it is changed by later migrations only, never in this file.

-- Ids are drawn in the statement that checks the versions, so a commit that builds on another has
-- the higher id. A cache above 1 would hand ids to sessions out of order and break that.
CREATE SEQUENCE commit_ids AS bigint CACHE 1;

CREATE TABLE commits (
    commit_id bigint NOT NULL,
    command_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    result json NOT NULL,
    CONSTRAINT commits_pkey PRIMARY KEY (commit_id),
    CONSTRAINT commits_command_id_key UNIQUE (command_id),
    CONSTRAINT commits_fingerprint_length CHECK (octet_length(fingerprint) BETWEEN 1 AND 64),
    CONSTRAINT commits_result_readable CHECK ((result #>> '{}') IS NOT NULL),
    CONSTRAINT commits_result_length CHECK (octet_length(json_send(result)) <= 65536)
);

CREATE TABLE events (
    commit_id bigint NOT NULL,
    ord integer NOT NULL,
    version integer NOT NULL GENERATED ALWAYS AS ((body ->> 'version')::integer) STORED,
    recorded_at timestamp with time zone NOT NULL DEFAULT now(),
    stream text NOT NULL GENERATED ALWAYS AS (body ->> 'stream') STORED,
    type text NOT NULL GENERATED ALWAYS AS (body ->> 'type') STORED,
    leaf bytea NOT NULL GENERATED ALWAYS AS (
        sha256('\x00'::bytea || timestamptz_send(recorded_at) || json_send(body))
    ) STORED,
    body json NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (commit_id, ord),
    CONSTRAINT events_stream_version_key UNIQUE (stream, version),
    CONSTRAINT events_ord_counts_from_0 CHECK (ord >= 0),
    CONSTRAINT events_version_counts_from_1 CHECK (version >= 1),
    CONSTRAINT events_stream_length CHECK (length(stream) BETWEEN 1 AND 200),
    CONSTRAINT events_type_length CHECK (length(type) BETWEEN 1 AND 100),
    CONSTRAINT events_body_length CHECK (octet_length(json_send(body)) <= 1048576),
    -- Unescapes every text in the body, so that one which no query could read (\u0000, half a
    -- surrogate pair) is refused here and not met by every later `->>` over the table.
    CONSTRAINT events_body_readable CHECK ((body #>> '{}') IS NOT NULL)
) WITH (toast_tuple_target = 8160);
-- Ciphertext does not compress, and a page that holds it whole is read once.
ALTER TABLE events ALTER COLUMN body SET STORAGE EXTERNAL;

-- One row for every commit that has no position yet. `xid` is what makes the scan of it short.
-- A foreign key to commits would cost each append 7 %, so there is none: the sequencer passes over
-- a row that names nothing.
CREATE TABLE pending (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    commit_id bigint NOT NULL,
    CONSTRAINT pending_pkey PRIMARY KEY (xid, commit_id)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 100000
);

CREATE TABLE log (
    position bigint NOT NULL,
    commit_id bigint NOT NULL,
    sequenced_at timestamp with time zone NOT NULL,
    ord integer NOT NULL,
    leaf bytea NOT NULL,
    CONSTRAINT log_pkey PRIMARY KEY (position),
    CONSTRAINT log_commit_id_ord_key UNIQUE (commit_id, ord),
    CONSTRAINT log_position_counts_from_1 CHECK (position >= 1)
);

-- The row that sequencers queue on. It is locked and never updated, so that a long foreign
-- snapshot, which keeps every dead version of a row, finds nothing here to keep.
CREATE TABLE head (
    id boolean NOT NULL DEFAULT true,
    CONSTRAINT head_pkey PRIMARY KEY (id),
    CONSTRAINT head_is_one_row CHECK (id)
);
INSERT INTO head DEFAULT VALUES;

-- One row for every batch that was numbered, found by its last position: up to which transaction
-- everything was settled then. Only the newest row matters; it is read from the index's right end,
-- which dead rows never reach.
CREATE TABLE passes (
    position bigint NOT NULL,
    settled_below xid8 NOT NULL,
    server_started timestamp with time zone NOT NULL,
    unsettled xid8[] NOT NULL,
    CONSTRAINT passes_pkey PRIMARY KEY (position)
);

CREATE TABLE reservations (
    key text NOT NULL,
    reserved_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT reservations_pkey PRIMARY KEY (key),
    CONSTRAINT reservations_key_length CHECK (length(key) BETWEEN 1 AND 200)
);

CREATE TABLE case_keys (
    reference text NOT NULL,
    wrapped bytea,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    erased_at timestamp with time zone,
    CONSTRAINT case_keys_pkey PRIMARY KEY (reference),
    CONSTRAINT case_keys_reference_length CHECK (length(reference) BETWEEN 1 AND 100),
    CONSTRAINT case_keys_wrapped_length CHECK (octet_length(wrapped) BETWEEN 1 AND 256),
    CONSTRAINT case_keys_held_or_erased CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL))
);

-- Numbers every visible commit that has no position, and returns the position of the log's end.
--
-- Which rows of `pending` can be left out of the scan? Let S be the snapshot of the statement that
-- numbered the last batch. It took every pending row visible in S. A row that S did not see was
-- written by a transaction that was running at S (it is in S's list of running transactions), or
-- that got its id later (it is at or above S's upper bound), and no other transaction can commit
-- any more. So the next scan needs just these: `xid >= settled_below` and `xid = ANY (unsettled)`,
-- asked for apart, because joined by OR they become a filter over the whole index.
-- A snapshot does not list the transaction that took it, therefore that one is added by hand.
-- Transaction ids mean something only to the server that drew them. After a restore from a dump,
-- a fail-over or an upgrade they start elsewhere, so a mark left by another run of a server
-- (`server_started`) is not believed and the scan is whole, once.
--
-- Order: within a batch commits are numbered by id. A commit that builds on a version of a stream
-- saw that version committed before it drew its own id, in one statement; so the id is higher, and
-- any batch that sees the later commit sees the earlier one or has numbered it already.
--
-- A row of `pending` that names nothing to number (no event of that commit, or all of them in the
-- log already) is taken away like any other. If the batch holds nothing else, the head and the
-- mark stay where they are: an older mark only makes the next scan longer.
CREATE FUNCTION sequence_commits() RETURNS bigint
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
        INSERT INTO log (position, commit_id, ord, leaf, sequenced_at)
        SELECT
            last_position + row_number() OVER (ORDER BY taken.commit_id, e.ord),
            taken.commit_id, e.ord, e.leaf, pass.instant
        FROM pass
        CROSS JOIN taken
        CROSS JOIN LATERAL (
            SELECT ord, leaf FROM events
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

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Record a new event instead.';
END
$function$;

CREATE FUNCTION refuse_revival() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'the key of case % was destroyed and stays so', OLD.reference
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE FUNCTION refuse_new_wrapping() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    RAISE EXCEPTION 'the key of case % can be destroyed and not changed', OLD.reference
        USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE TRIGGER commits_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON commits
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_keys_kept BEFORE DELETE OR TRUNCATE ON case_keys
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER case_keys_stay_erased BEFORE UPDATE ON case_keys
FOR EACH ROW WHEN (OLD.wrapped IS NULL) EXECUTE FUNCTION refuse_revival();
-- A living key that was overwritten would take everything personal in its case with it.
CREATE TRIGGER case_keys_unchanged BEFORE UPDATE ON case_keys
FOR EACH ROW WHEN (
    OLD.wrapped IS NOT NULL
    AND (
        NEW.wrapped IS NOT NULL
        OR (NEW.reference, NEW.created_at) <> (OLD.reference, OLD.created_at)
    )
) EXECUTE FUNCTION refuse_new_wrapping();
-- Also in a session that calls itself a replica, where ordinary triggers sleep.
ALTER TABLE commits ENABLE ALWAYS TRIGGER commits_append_only;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;
ALTER TABLE log ENABLE ALWAYS TRIGGER log_append_only;
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_kept;
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_stay_erased;
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_unchanged;

-- The application inserts what it must and reads; it cannot say when something was recorded, nor
-- write the log but through the sequencer.
GRANT USAGE ON SCHEMA public TO qmas_app;
GRANT USAGE ON SEQUENCE commit_ids TO qmas_app;
GRANT SELECT ON commits, events, log, pending, reservations, case_keys, alembic_version TO qmas_app;
GRANT INSERT ON commits TO qmas_app;
GRANT INSERT (commit_id, ord, body) ON events TO qmas_app;
GRANT INSERT (commit_id) ON pending TO qmas_app;
GRANT INSERT (key), DELETE ON reservations TO qmas_app;
GRANT INSERT (reference, wrapped), UPDATE (wrapped, erased_at) ON case_keys TO qmas_app;
REVOKE EXECUTE ON FUNCTION sequence_commits() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sequence_commits() TO qmas_app;
