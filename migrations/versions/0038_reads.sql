-- Who looked at which cases, what for and through which door: a row a look, written by the statement
-- that reads. It is no part of any case's history.
CREATE TABLE reads (
    read_id bigint GENERATED ALWAYS AS IDENTITY,
    read_at timestamp with time zone NOT NULL DEFAULT statement_timestamp(),
    who text NOT NULL,
    role text NOT NULL,
    purpose text NOT NULL,
    what text NOT NULL,
    door text NOT NULL,
    correlation_id text NOT NULL,
    cases text[] NOT NULL,
    filters json NOT NULL DEFAULT '{}',
    CONSTRAINT reads_pkey PRIMARY KEY (read_id)
);
CREATE INDEX reads_by_who ON reads (who, read_id);
CREATE INDEX reads_by_case ON reads USING gin (cases);
-- They come nearly in the order of their time, and most are never asked for by it.
CREATE INDEX reads_by_time ON reads USING brin (read_at);

-- What was searched for, as blind tokens. It stands apart because it must be possible to take it
-- away: the name of an erased person is not to be found by who once searched for it.
CREATE TABLE read_words (
    read_id bigint NOT NULL,
    tokens bytea[] NOT NULL,
    CONSTRAINT read_words_pkey PRIMARY KEY (read_id)
);
CREATE INDEX read_words_by_token ON read_words USING gin (tokens);

CREATE TRIGGER reads_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reads
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE reads ENABLE ALWAYS TRIGGER reads_append_only;

-- As for the tokens by which the person is found, and before those go: what they were is asked here.
CREATE FUNCTION forget_searches() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $function$
BEGIN
    DELETE FROM read_words WHERE read_id IN (
        SELECT read_id FROM reads WHERE cases @> ARRAY[OLD.reference]
    );
    DELETE FROM read_words WHERE tokens && ARRAY(
        SELECT token FROM case_names WHERE reference = OLD.reference
    );
    RETURN NULL;
END
$function$;
REVOKE EXECUTE ON FUNCTION forget_searches() FROM PUBLIC;

-- Triggers of one event fire in the order of their names: this one before case_keys_tokens_go.
CREATE TRIGGER case_keys_searches_go AFTER UPDATE ON case_keys FOR EACH ROW
WHEN (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NULL)
EXECUTE FUNCTION forget_searches();
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_searches_go;

-- The application cannot say when a look was.
GRANT SELECT ON reads TO qmas_app;
GRANT INSERT (who, role, purpose, what, door, correlation_id, cases, filters) ON reads TO qmas_app;
GRANT SELECT, INSERT ON read_words TO qmas_app;
