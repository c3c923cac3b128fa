-- Whoever stepped aside for a conflict of interest confirms nothing of the case any more, and what
-- they had proposed lapses. The function of 0006 with that refusal: the trigger stays as it is, and
-- what was recorded before is not looked at.
CREATE OR REPLACE FUNCTION refuse_same_person() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
DECLARE
    about text := matter_of(NEW.body);
    opened integer;
    proposers text[];
BEGIN
    SELECT coalesce(max(version), 0) INTO opened FROM events
    WHERE stream = NEW.stream AND version < NEW.version AND type = NEW.type
        AND matter_of(body) = about;
    IF cardinality(actors_of(NEW.body)) = 0 THEN
        RAISE EXCEPTION '% names nobody who confirms', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_second_person';
    END IF;
    SELECT actors_of(body) INTO proposers FROM events
    WHERE stream = NEW.stream AND version > opened AND version < NEW.version
        AND type = replace(NEW.type, '-confirmed', '-proposed') AND matter_of(body) = about
        AND cardinality(actors_of(body)) > 0
    ORDER BY version DESC LIMIT 1;
    IF proposers IS NULL THEN
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
    IF EXISTS (
        SELECT FROM events
        WHERE stream = NEW.stream AND version < NEW.version AND type = 'officer-recused'
            AND array_remove(ARRAY[body ->> 'actor', body #>> '{payload,officer}'], NULL)
                && (proposers || actors_of(NEW.body))
    ) THEN
        RAISE EXCEPTION 'whoever proposed or confirms has stepped aside'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_second_person';
    END IF;
    RETURN NULL;
END
$function$;
