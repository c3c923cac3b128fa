-- Exercises of every kind: what their rows say, who may sign one off, and when an event that is one
-- of many in a long transaction was recorded.

ALTER TABLE case_list ADD COLUMN scored_at timestamp with time zone;
ALTER TABLE case_list ADD COLUMN stratum text;
ALTER TABLE case_list ADD COLUMN reason_class text;

ALTER TABLE exercise_pools ADD COLUMN stratum text;
ALTER TABLE exercise_pools ADD COLUMN scored_at timestamp with time zone;
ALTER TABLE exercise_pools ADD COLUMN ruleset text;

ALTER TABLE exercises ADD COLUMN measure text NOT NULL DEFAULT 'points';
ALTER TABLE exercises ADD COLUMN ranked_by text NOT NULL DEFAULT 'points-instant-reference';
ALTER TABLE exercises ADD COLUMN threshold integer;
ALTER TABLE exercises ADD COLUMN after_no_place text NOT NULL DEFAULT 'rolls-over';
ALTER TABLE exercises ALTER COLUMN places DROP NOT NULL;
ALTER TABLE exercises ALTER COLUMN shortlist_size DROP NOT NULL;
ALTER TABLE exercises ADD COLUMN proposed_by text;
ALTER TABLE exercises ADD COLUMN proposed_digest text;
ALTER TABLE exercises ADD COLUMN proposed_at timestamp with time zone;
ALTER TABLE exercises ADD COLUMN out_of_rank integer;
ALTER TABLE exercises ADD COLUMN published_at timestamp with time zone;

-- A statement that stands alone begins with its transaction, so this is what it was. In a
-- transaction of many commits an event is recorded when its own statement stores it, and not
-- seconds before another of the same stream that came first.
ALTER TABLE events ALTER COLUMN recorded_at SET DEFAULT statement_timestamp();

-- Whoever makes a selection did nothing in that exercise before. The program refuses it with words;
-- this refuses it to every program and person, the owner of the table included.
CREATE FUNCTION refuse_own_selection() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp
AS $function$
BEGIN
    IF coalesce(NEW.body ->> 'actor', '') = '' OR EXISTS (
        SELECT FROM events
        WHERE stream = NEW.stream AND version < NEW.version
            AND body ->> 'actor' = NEW.body ->> 'actor'
    ) THEN
        RAISE EXCEPTION 'a selection is made by somebody who took no part in the exercise before'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_selection_by_second_person';
    END IF;
    RETURN NULL;
END
$function$;

CREATE TRIGGER events_selection_by_second_person AFTER INSERT ON events
FOR EACH ROW WHEN (NEW.type = 'selection-made') EXECUTE FUNCTION refuse_own_selection();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_selection_by_second_person;
