-- What two officers decided is held by the database where it takes effect as well. The triggers
-- look at new rows only, and at none but those that they are about.

-- A score rests on no points but those that the latest confirmation of their rule decided.
CREATE FUNCTION refuse_unconfirmed_points() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF EXISTS (
        SELECT FROM json_array_elements(NEW.body #> '{payload,overrides}') AS applied
        WHERE NOT EXISTS (
            SELECT FROM (
                SELECT body -> 'payload' AS confirmed FROM events
                WHERE stream = NEW.stream AND version < NEW.version
                    AND type = 'override-confirmed'
                    AND body #>> '{payload,rule}' = applied ->> 'rule'
                ORDER BY version DESC LIMIT 1
            ) AS latest
            WHERE confirmed ->> 'decided' = applied ->> 'decided'
                AND confirmed ->> 'proposed_by' = applied ->> 'proposed_by'
                AND confirmed ->> 'confirmed_by' = applied ->> 'confirmed_by'
        )
    ) THEN
        RAISE EXCEPTION 'a score counts an override that nobody confirmed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_points_confirmed';
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER events_points_confirmed AFTER INSERT ON events FOR EACH ROW
WHEN (
    NEW.type = 'application-scored'
    AND coalesce(NEW.body #>> '{payload,overrides}', '[]') <> '[]'
)
EXECUTE FUNCTION refuse_unconfirmed_points();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_points_confirmed;

-- A key is destroyed by the statement that records the erasure, or by none. Rows that a statement
-- wrote are seen by what it triggers, whichever of them came first.
CREATE FUNCTION refuse_undecided_erasure() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF coalesce((
        SELECT type FROM events WHERE stream = 'case-' || NEW.reference
        ORDER BY version DESC LIMIT 1
    ), '') <> 'erasure-decided' THEN
        RAISE EXCEPTION 'the key of case % goes with its erasure only', NEW.reference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'case_keys_erasure_decided';
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER case_keys_erasure_decided AFTER UPDATE ON case_keys FOR EACH ROW
WHEN (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NULL)
EXECUTE FUNCTION refuse_undecided_erasure();
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_erasure_decided;
