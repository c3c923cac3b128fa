-- A search that was under way while an erasure was confirmed wrote its tokens after the erasure had
-- taken away those that it saw, and nothing ever took them. The erasure now waits for those searches
-- and keeps later ones waiting, which find the person no more.
CREATE OR REPLACE FUNCTION forget_searches() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $function$
BEGIN
    -- Each statement after this one sees what was committed until then. Two erasures take turns.
    LOCK TABLE read_words IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM read_words WHERE read_id IN (
        SELECT read_id FROM reads WHERE cases @> ARRAY[OLD.reference]
    );
    DELETE FROM read_words WHERE tokens && ARRAY(
        SELECT token FROM case_names WHERE reference = OLD.reference
    );
    RETURN NULL;
END
$function$;

-- What such searches left. Whoever they showed is on record; the tokens of who was erased are gone.
LOCK TABLE read_words IN SHARE ROW EXCLUSIVE MODE;
DELETE FROM read_words WHERE read_id IN (
    SELECT read_id FROM reads WHERE cases && ARRAY(
        SELECT reference FROM case_keys WHERE wrapped IS NULL
    )
);
