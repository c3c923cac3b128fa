-- A hold and the erasure that it forbids stand in one stream, whose versions order them: of two at
-- the same moment one meets the other, so that looking at what came before is enough.

-- An erasure that a restore undid was done after every hold of its time was lifted, and the backup
-- may not know that.
CREATE FUNCTION refuse_held_erasure() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF EXISTS (
        SELECT FROM events AS placed
        WHERE placed.stream = NEW.stream AND placed.version < NEW.version
            AND placed.type = 'legal-hold-placed'
            AND NOT EXISTS (
                SELECT FROM events AS lifted
                WHERE lifted.stream = NEW.stream AND lifted.version > placed.version
                    AND lifted.version < NEW.version AND lifted.type = 'legal-hold-lifted'
                    AND lifted.body #>> '{payload,hold}' = placed.body #>> '{payload,hold}'
            )
    ) THEN
        RAISE EXCEPTION 'what is held on the person has to be kept: a legal hold stands'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_kept_by_law';
    END IF;
    RETURN NULL;
END
$function$;

CREATE FUNCTION refuse_own_lifting() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF NOT EXISTS (
        SELECT FROM events AS placed
        WHERE placed.stream = NEW.stream AND placed.version < NEW.version
            AND placed.type = 'legal-hold-placed'
            AND placed.body #>> '{payload,hold}' = NEW.body #>> '{payload,hold}'
            AND NOT array_remove(
                ARRAY[placed.body ->> 'actor', placed.body #>> '{payload,placed_by}'], NULL
            ) && array_remove(
                ARRAY[NEW.body ->> 'actor', NEW.body #>> '{payload,lifted_by}'], NULL
            )
    ) THEN
        RAISE EXCEPTION 'a legal hold is lifted by another than who placed it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_hold_lifted_by_another';
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER events_kept_by_law AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type = 'erasure-decided' AND NEW.body #>> '{payload,again,confirmed_by}' IS NULL)
EXECUTE FUNCTION refuse_held_erasure();
CREATE TRIGGER events_hold_lifted_by_another AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type = 'legal-hold-lifted') EXECUTE FUNCTION refuse_own_lifting();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_kept_by_law;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_hold_lifted_by_another;
