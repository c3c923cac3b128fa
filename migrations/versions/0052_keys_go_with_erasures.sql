-- A key goes with its erasure only, since 0013; and now an erasure is recorded only with its key gone.
-- Both are looked at when the statement has ended, so that one statement does both, or none does.
CREATE OR REPLACE FUNCTION refuse_erasure_without_key() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF NOT EXISTS (
        SELECT FROM case_keys
        WHERE reference = substr(NEW.stream, length('case-') + 1) AND wrapped IS NULL
            AND NEW.stream = 'case-' || reference
    ) THEN
        RAISE EXCEPTION 'an erasure is recorded by what destroys the key of its case'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_take_the_key';
    END IF;
    RETURN NULL;
END
$function$;

CREATE OR REPLACE TRIGGER events_take_the_key AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type = 'erasure-decided') EXECUTE FUNCTION refuse_erasure_without_key();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_take_the_key;

-- Whose a reservation is; without, letting it go takes what is personal in the case, which may not
-- open any more. The application names it when it reserves.
ALTER TABLE reservations ADD COLUMN IF NOT EXISTS reference text;
GRANT INSERT (reference) ON reservations TO qmas_app;
