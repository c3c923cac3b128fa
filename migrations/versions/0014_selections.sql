-- Whoever makes a selection confirms what another proposed, and did nothing in that exercise before.
-- The function of 0007 with the first half: the trigger stays as it is, and what was recorded before
-- is not looked at.
CREATE OR REPLACE FUNCTION refuse_own_selection() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
DECLARE
    mine text[] := array_remove(ARRAY[
        nullif(NEW.body ->> 'actor', ''), nullif(NEW.body #>> '{payload,made_by}', '')
    ], NULL);
    proposal json;
BEGIN
    IF coalesce(NEW.body ->> 'actor', '') = '' OR EXISTS (
        SELECT FROM events
        WHERE stream = NEW.stream AND version < NEW.version AND (
            body ->> 'actor' = ANY (mine) OR body #>> '{payload,proposed_by}' = ANY (mine)
        )
    ) THEN
        RAISE EXCEPTION 'a selection is made by somebody who took no part in the exercise before'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_selection_by_second_person';
    END IF;
    -- The latest that was proposed; a departure from rank since has ended it.
    SELECT CASE WHEN type = 'selection-proposed' THEN body END INTO proposal FROM events
    WHERE stream = NEW.stream AND version < NEW.version
        AND type IN ('selection-proposed', 'rank-departure-made')
    ORDER BY version DESC LIMIT 1;
    IF coalesce(proposal ->> 'actor', '') = ''
        OR proposal #>> '{payload,digest}' IS DISTINCT FROM NEW.body #>> '{payload,digest}'
    THEN
        RAISE EXCEPTION 'nobody has proposed the selection that is made'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_selection_proposed';
    END IF;
    RETURN NULL;
END
$function$;

-- A case comes before a committee, and has a place or none, by its exercise alone. An exercise's own
-- event is the last of many commits in one transaction, so that this is looked at when it ends.
CREATE FUNCTION refuse_without_exercise() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF NOT EXISTS (
        SELECT FROM events
        WHERE stream = 'exercise-' || (NEW.body #>> '{payload,exercise}')
            AND type = CASE NEW.type
                WHEN 'case-shortlisted' THEN 'shortlist-drawn' ELSE 'selection-made'
            END
    ) THEN
        RAISE EXCEPTION '% follows its exercise only', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_by_exercise';
    END IF;
    RETURN NULL;
END
$function$;

CREATE CONSTRAINT TRIGGER events_by_exercise AFTER INSERT ON events
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.type IN ('case-shortlisted', 'case-selected', 'case-not-selected'))
EXECUTE FUNCTION refuse_without_exercise();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_by_exercise;
