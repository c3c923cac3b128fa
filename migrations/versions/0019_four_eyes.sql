-- A place comes in the transaction of its selection, and there are as many as that says; whoever
-- graded does not confirm; and nothing is put before what somebody confirmed. The triggers look at
-- new rows only.

-- Whether a row that is seen was written by the transaction that asks. Another's is seen once that
-- is committed, and one's own before it is, under whatever savepoint. No statement sets a row's
-- xmin, while a column that says the same, or a row beside, can be written by whoever writes rows.
-- xmin is the lower half of an id; a transaction's own ids are its first one and some after it.
CREATE FUNCTION is_of_this_transaction(written_by xid) RETURNS boolean LANGUAGE sql
RETURN CASE
    WHEN written_by = pg_current_xact_id()::xid THEN true
    WHEN (written_by::text::bigint - pg_current_xact_id()::xid::text::bigint + 4294967296)
        % 4294967296 < 2147483648
    THEN pg_xact_status((
        pg_current_xact_id()::text::bigint + (
            written_by::text::bigint - pg_current_xact_id()::xid::text::bigint + 4294967296
        ) % 4294967296
    )::text::xid8) = 'in progress'
    ELSE false
END;

-- The function of 0014, which asked for the exercise's own event and not when that was written. It
-- is the last event of the exercise's stream, because it comes last in its transaction.
CREATE OR REPLACE FUNCTION refuse_without_exercise() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF NOT EXISTS (
        SELECT FROM (
            SELECT type, xmin AS written_by FROM events
            WHERE stream = 'exercise-' || (NEW.body #>> '{payload,exercise}')
            ORDER BY version DESC LIMIT 1
        ) AS last
        WHERE type = CASE NEW.type
                WHEN 'case-shortlisted' THEN 'shortlist-drawn' ELSE 'selection-made'
            END
            AND is_of_this_transaction(written_by)
    ) THEN
        RAISE EXCEPTION '% comes with its exercise only', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_by_exercise';
    END IF;
    RETURN NULL;
END
$function$;

-- Whoever writes rows says when what is deferred is looked at, and could do so before the last of
-- them. So the cases come first, this is looked at row by row, and the exercise's own event counts.
CREATE FUNCTION refuse_after_exercise() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF (
        SELECT type FROM events
        WHERE stream = 'exercise-' || (NEW.body #>> '{payload,exercise}')
        ORDER BY version DESC LIMIT 1
    ) = (
        CASE NEW.type WHEN 'case-shortlisted' THEN 'shortlist-drawn' ELSE 'selection-made' END
    ) THEN
        RAISE EXCEPTION '% comes before the event of its exercise only', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_by_exercise';
    END IF;
    RETURN NULL;
END
$function$;

CREATE FUNCTION refuse_miscounted() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF EXISTS (
        SELECT FROM events
        WHERE stream = NEW.stream AND version < NEW.version AND type = NEW.type
    ) OR (
        SELECT count(*) FROM events
        WHERE type IN ('case-shortlisted', 'case-graded', 'case-selected', 'case-not-selected')
            AND type = CASE NEW.type
                WHEN 'shortlist-drawn' THEN 'case-shortlisted' ELSE 'case-selected'
            END
            AND body #>> '{payload,exercise}' = substr(NEW.stream, length('exercise-') + 1)
    ) IS DISTINCT FROM
        (NEW.body #>> '{payload,achievement}')::bigint + (NEW.body #>> '{payload,general}')::bigint
    THEN
        RAISE EXCEPTION '% comes once, after as many cases as it says', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_steps_add_up';
    END IF;
    RETURN NULL;
END
$function$;

-- Beside what 0014 asks of whoever makes a selection: a grade is a part in the exercise too, by the
-- name that stays theirs in every role.
CREATE FUNCTION refuse_grader() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF EXISTS (
        SELECT FROM events
        WHERE type = 'case-graded'
            AND body #>> '{payload,exercise}' = substr(NEW.stream, length('exercise-') + 1)
            AND ARRAY[body ->> 'actor', body #>> '{payload,graded_by}']
                && array_remove(ARRAY[NEW.body ->> 'actor', NEW.body #>> '{payload,made_by}'], NULL)
    ) THEN
        RAISE EXCEPTION 'a selection is made by somebody who graded no case of it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_selection_by_second_person';
    END IF;
    RETURN NULL;
END
$function$;

-- Who acted before is asked when somebody confirms. A version that was left out could be filled
-- later with what they did, so none is.
CREATE FUNCTION refuse_gap() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF (
        SELECT count(*) FROM events WHERE stream = NEW.stream AND version < NEW.version
    ) <> NEW.version - 1 THEN
        RAISE EXCEPTION '% follows a stream that is whole only', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_confirmed_on_a_whole';
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER events_before_exercise AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type IN ('case-shortlisted', 'case-selected', 'case-not-selected'))
EXECUTE FUNCTION refuse_after_exercise();
CREATE TRIGGER events_steps_add_up AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type IN ('shortlist-drawn', 'selection-made'))
EXECUTE FUNCTION refuse_miscounted();
CREATE TRIGGER events_selection_by_no_grader AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type = 'selection-made') EXECUTE FUNCTION refuse_grader();
CREATE TRIGGER events_confirmed_on_a_whole AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type IN ('decision-confirmed', 'override-confirmed', 'selection-made'))
EXECUTE FUNCTION refuse_gap();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_before_exercise;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_steps_add_up;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_selection_by_no_grader;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_confirmed_on_a_whole;
