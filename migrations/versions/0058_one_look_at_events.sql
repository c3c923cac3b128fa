-- A trigger's condition is read anew, from its text, by every statement that inserts. Those of
-- fifteen were two fifths of what an append cost the server, and most events are none of those they
-- are about. So one trigger without a condition looks at each event, and asks what they asked, in
-- their order. What each rule says is what it said: its function takes the event as an argument.
DO $move$
DECLARE
    rule record;
BEGIN
    FOR rule IN
        SELECT proname AS name, prosrc AS said FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype
            AND proname IN (
                'end_codes_of_former_address', 'refuse_after_exercise', 'refuse_corrected_contact',
                'refuse_erasure_without_key', 'refuse_gap', 'refuse_grader', 'refuse_held_erasure',
                'refuse_miscounted', 'refuse_own_lifting', 'refuse_own_selection',
                'refuse_same_person', 'refuse_unconfirmed', 'refuse_unconfirmed_points'
            )
    LOOP
        EXECUTE format(
            'CREATE FUNCTION %I(new events) RETURNS void LANGUAGE plpgsql'
            ' SET search_path = public, pg_temp AS %L',
            rule.name, replace(rule.said, 'RETURN NULL;', 'RETURN;')
        );
    END LOOP;
END
$move$;

CREATE FUNCTION look_at_event() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    CASE
        WHEN NEW.type IN (
            'approved-in-principle', 'application-approved', 'application-refused',
            'extension-refused', 'stay-extended', 'case-reopened', 'refusal-upheld', 'visa-voided'
        ) THEN
            PERFORM refuse_unconfirmed(NEW);
        WHEN NEW.type IN ('decision-confirmed', 'override-confirmed') THEN
            PERFORM refuse_gap(NEW);
            PERFORM refuse_same_person(NEW);
        WHEN NEW.type IN ('case-shortlisted', 'case-selected', 'case-not-selected') THEN
            PERFORM refuse_after_exercise(NEW);
        WHEN NEW.type = 'application-scored' THEN
            IF coalesce(NEW.body #>> '{payload,overrides}', '[]') <> '[]' THEN
                PERFORM refuse_unconfirmed_points(NEW);
            END IF;
        WHEN NEW.type = 'application-corrected' THEN
            IF (NEW.body #> '{payload,fields}')::jsonb ?| ARRAY['applicant', 'applicant.email'] THEN
                PERFORM refuse_corrected_contact(NEW);
            END IF;
        WHEN NEW.type = 'contact-changed' THEN
            PERFORM refuse_unconfirmed(NEW);
            PERFORM end_codes_of_former_address(NEW);
        WHEN NEW.type = 'erasure-decided' THEN
            PERFORM refuse_unconfirmed(NEW);
            IF NEW.body #>> '{payload,again,confirmed_by}' IS NULL THEN
                PERFORM refuse_held_erasure(NEW);
            END IF;
            PERFORM refuse_erasure_without_key(NEW);
        WHEN NEW.type = 'legal-hold-lifted' THEN
            PERFORM refuse_own_lifting(NEW);
        WHEN NEW.type = 'shortlist-drawn' THEN
            PERFORM refuse_miscounted(NEW);
        WHEN NEW.type = 'selection-made' THEN
            PERFORM refuse_gap(NEW);
            PERFORM refuse_grader(NEW);
            PERFORM refuse_own_selection(NEW);
            PERFORM refuse_miscounted(NEW);
        ELSE
            -- Nothing is asked of any other event.
    END CASE;
    RETURN NULL;
END
$function$;

-- The function of 0019, which looks at the type itself: the trigger's condition is but a short one.
CREATE OR REPLACE FUNCTION refuse_without_exercise() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF NEW.type NOT IN ('case-shortlisted', 'case-selected', 'case-not-selected') THEN
        RETURN NULL;
    END IF;
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

DROP TRIGGER events_before_exercise ON events;
DROP TRIGGER events_by_exercise ON events;
DROP TRIGGER events_confirmed ON events;
DROP TRIGGER events_confirmed_on_a_whole ON events;
DROP TRIGGER events_contact_by_two ON events;
DROP TRIGGER events_contact_confirmed ON events;
DROP TRIGGER events_contact_ends_codes ON events;
DROP TRIGGER events_hold_lifted_by_another ON events;
DROP TRIGGER events_kept_by_law ON events;
DROP TRIGGER events_points_confirmed ON events;
DROP TRIGGER events_second_person ON events;
DROP TRIGGER events_selection_by_no_grader ON events;
DROP TRIGGER events_selection_by_second_person ON events;
DROP TRIGGER events_steps_add_up ON events;
DROP TRIGGER events_take_the_key ON events;

CREATE TRIGGER events_looked_at AFTER INSERT ON events FOR EACH ROW
EXECUTE FUNCTION look_at_event();
CREATE CONSTRAINT TRIGGER events_by_exercise AFTER INSERT ON events
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.type LIKE 'case-%') EXECUTE FUNCTION refuse_without_exercise();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_looked_at;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_by_exercise;

DROP FUNCTION end_codes_of_former_address();
DROP FUNCTION refuse_after_exercise();
DROP FUNCTION refuse_corrected_contact();
DROP FUNCTION refuse_erasure_without_key();
DROP FUNCTION refuse_gap();
DROP FUNCTION refuse_grader();
DROP FUNCTION refuse_held_erasure();
DROP FUNCTION refuse_miscounted();
DROP FUNCTION refuse_own_lifting();
DROP FUNCTION refuse_own_selection();
DROP FUNCTION refuse_same_person();
DROP FUNCTION refuse_unconfirmed();
DROP FUNCTION refuse_unconfirmed_points();
