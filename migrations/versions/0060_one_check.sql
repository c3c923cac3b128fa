-- A check is read anew, from its text, by every statement that inserts; the nine of commits and
-- events were a third of what an append of one event cost the server. So each table has one,
-- and a function, which a session reads once, asks what they asked, in their order.
CREATE OR REPLACE FUNCTION commit_is_fit(fingerprint bytea, result json) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $function$
BEGIN
    IF NOT octet_length(fingerprint) BETWEEN 1 AND 64 THEN
        RAISE EXCEPTION 'a fingerprint has 1 to 64 bytes'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'commits_fingerprint_length';
    END IF;
    IF octet_length(json_send(result)) > 65536 THEN
        RAISE EXCEPTION 'a result has 65,536 bytes at most'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'commits_result_length';
    END IF;
    IF result #>> '{}' IS NULL THEN
        RAISE EXCEPTION 'a result is not null'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'commits_result_readable';
    END IF;
    RETURN true;
END
$function$;

-- That a text of the body cannot be read (\u0000, half a surrogate pair) is an error of reading it.
CREATE OR REPLACE FUNCTION event_is_fit(ord integer, version integer, stream text, type text, body json)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $function$
BEGIN
    IF octet_length(json_send(body)) > 1048576 THEN
        RAISE EXCEPTION 'an event has 1,048,576 bytes at most'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_body_length';
    END IF;
    IF body #>> '{}' IS NULL THEN
        RAISE EXCEPTION 'an event is not null'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_body_readable';
    END IF;
    IF ord < 0 THEN
        RAISE EXCEPTION 'the places of events count from 0'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_ord_counts_from_0';
    END IF;
    IF NOT length(stream) BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'a stream has a name of 1 to 200 characters'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_stream_length';
    END IF;
    IF NOT length(type) BETWEEN 1 AND 100 THEN
        RAISE EXCEPTION 'a type has a name of 1 to 100 characters'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_type_length';
    END IF;
    IF version < 1 THEN
        RAISE EXCEPTION 'versions count from 1'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_version_counts_from_1';
    END IF;
    RETURN true;
END
$function$;
