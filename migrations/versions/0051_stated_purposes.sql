-- Why somebody looked, in their own words: sealed by the key of the case that they looked at, beside
-- blind tokens of the words to search by. A row without words says that some were given for a case
-- that has no key. It stands apart from the look, and goes with the key.
CREATE TABLE read_purposes (
    read_id bigint NOT NULL,
    sealed bytea,
    tokens bytea[] NOT NULL,
    CONSTRAINT read_purposes_pkey PRIMARY KEY (read_id),
    CONSTRAINT read_purposes_sealed_length CHECK (octet_length(sealed) BETWEEN 1 AND 2000),
    CONSTRAINT read_purposes_sealed_or_empty CHECK (sealed IS NOT NULL OR tokens = '{}')
);
CREATE INDEX read_purposes_by_token ON read_purposes USING gin (tokens);

CREATE FUNCTION forget_purposes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $function$
BEGIN
    -- As for searches: it waits for the looks under way, and later ones find the key gone.
    LOCK TABLE read_purposes IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM read_purposes WHERE read_id IN (
        SELECT read_id FROM reads WHERE cases @> ARRAY[OLD.reference]
    );
    RETURN NULL;
END
$function$;
REVOKE EXECUTE ON FUNCTION forget_purposes() FROM PUBLIC;

CREATE TRIGGER case_keys_purposes_go AFTER UPDATE ON case_keys FOR EACH ROW
WHEN (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NULL)
EXECUTE FUNCTION forget_purposes();
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_purposes_go;

GRANT SELECT, INSERT ON read_purposes TO qmas_app;
