-- A token says nothing without the index's key, but who has that key can ask of a name whether it
-- was this person's. The fold takes tokens away as well; but it may stand still, and nobody folds
-- a generation of an earlier version, while an erasure waits for nothing.
CREATE FUNCTION forget_tokens() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
DECLARE
    names regclass;
BEGIN
    FOR names IN
        SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            AND relname ~ '^case_names(__[0-9]+)?$'
    LOOP
        BEGIN
            EXECUTE format('DELETE FROM %s WHERE reference = $1', names) USING OLD.reference;
        EXCEPTION WHEN undefined_table THEN
            NULL; -- that generation was dropped meanwhile, with every token in it
        END;
    END LOOP;
    RETURN NULL;
END
$function$;

CREATE TRIGGER case_keys_tokens_go AFTER UPDATE ON case_keys FOR EACH ROW
WHEN (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NULL)
EXECUTE FUNCTION forget_tokens();
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_tokens_go;

-- What was erased before, in whichever generation that has a token left.
DO $block$
DECLARE
    names regclass;
BEGIN
    FOR names IN
        SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
            AND relname ~ '^case_names(__[0-9]+)?$'
    LOOP
        EXECUTE format(
            'DELETE FROM %s WHERE reference IN'
            ' (SELECT reference FROM case_keys WHERE wrapped IS NULL)', names
        );
    END LOOP;
END
$block$;
