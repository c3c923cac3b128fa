-- Four eyes, held by the database too: whoever confirms has not acted on the matter before, and
-- what two people decide is never recorded without its confirmation. Nobody is exempt: the
-- triggers fire for the owner, for a superuser and in a session that calls itself a replica.

-- What an event of a decision or an override is about.
CREATE FUNCTION matter_of(body json) RETURNS text LANGUAGE sql IMMUTABLE AS $function$
    SELECT coalesce(body #>> '{payload,matter}', 'override:' || (body #>> '{payload,rule}'))
$function$;

-- Everybody whom an event names as having acted on its matter: in its envelope and in its payload.
CREATE FUNCTION actors_of(body json) RETURNS text[] LANGUAGE sql IMMUTABLE AS $function$
    SELECT array_remove(ARRAY[
        body ->> 'actor',
        CASE WHEN body ->> 'type' LIKE '%-proposed' THEN body #>> '{payload,proposed_by}' END,
        body #>> '{payload,declined_by}',
        body #>> '{payload,confirmed_by}'
    ], NULL)
$function$;

-- A matter is open since its last confirmation; the trigger looks at one stream, by its index.
CREATE FUNCTION refuse_same_person() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
DECLARE
    about text := matter_of(NEW.body);
    opened integer;
BEGIN
    SELECT coalesce(max(version), 0) INTO opened FROM events
    WHERE stream = NEW.stream AND version < NEW.version AND type = NEW.type
        AND matter_of(body) = about;
    IF cardinality(actors_of(NEW.body)) = 0 THEN
        RAISE EXCEPTION '% names nobody who confirms', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_second_person';
    END IF;
    IF NOT EXISTS (
        SELECT FROM events
        WHERE stream = NEW.stream AND version > opened AND version < NEW.version
            AND type = replace(NEW.type, '-confirmed', '-proposed') AND matter_of(body) = about
            AND cardinality(actors_of(body)) > 0
    ) THEN
        RAISE EXCEPTION 'nobody has proposed what % confirms', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_second_person';
    END IF;
    IF EXISTS (
        SELECT FROM events
        WHERE stream = NEW.stream AND version > opened AND version < NEW.version
            AND type IN (
                replace(NEW.type, '-confirmed', '-proposed'),
                replace(NEW.type, '-confirmed', '-declined')
            )
            AND matter_of(body) = about
            AND actors_of(body) && actors_of(NEW.body)
    ) THEN
        RAISE EXCEPTION 'whoever confirms has acted on the matter before'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_second_person';
    END IF;
    RETURN NULL;
END
$function$;

CREATE FUNCTION refuse_unconfirmed() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
DECLARE
    about text := CASE NEW.type
        WHEN 'approved-in-principle' THEN 'approval-in-principle'
        WHEN 'application-approved' THEN 'approval'
        WHEN 'application-refused' THEN 'refusal'
        WHEN 'extension-refused' THEN 'refusal'
        WHEN 'stay-extended' THEN 'extension'
        WHEN 'case-reopened' THEN 'reopening'
        WHEN 'refusal-upheld' THEN 'upholding'
        WHEN 'visa-voided' THEN 'voiding'
        WHEN 'erasure-decided' THEN 'erasure'
    END;
BEGIN
    IF NOT EXISTS (
        SELECT FROM events
        WHERE stream = NEW.stream AND version = NEW.version - 1 AND commit_id = NEW.commit_id
            AND type = 'decision-confirmed' AND matter_of(body) = about
    ) THEN
        RAISE EXCEPTION '% follows a confirmation only', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_confirmed';
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER events_second_person AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type IN ('decision-confirmed', 'override-confirmed'))
EXECUTE FUNCTION refuse_same_person();
CREATE TRIGGER events_confirmed AFTER INSERT ON events FOR EACH ROW
WHEN (
    NEW.type IN (
        'approved-in-principle', 'application-approved', 'application-refused',
        'extension-refused', 'stay-extended', 'case-reopened', 'refusal-upheld', 'visa-voided',
        'erasure-decided'
    )
)
EXECUTE FUNCTION refuse_unconfirmed();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_second_person;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_confirmed;
