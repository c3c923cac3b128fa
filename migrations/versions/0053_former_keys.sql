-- The master keys that another took the place of, by their names, which tell nothing of them. A process
-- that was not started again since would go on wrapping by one of them, and what it wraps would be
-- found out when that key is gone.
CREATE TABLE former_master_keys (
    name bytea NOT NULL,
    former_since timestamp with time zone NOT NULL DEFAULT statement_timestamp(),
    CONSTRAINT former_master_keys_pkey PRIMARY KEY (name),
    CONSTRAINT former_master_keys_name_length CHECK (octet_length(name) = 8)
);

-- What names no master key is of a program from before there were names.
CREATE FUNCTION refuse_former_wrapping() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF EXISTS (
        SELECT FROM former_master_keys
        WHERE get_byte(NEW.wrapped, 0) <> 2 OR name = substr(NEW.wrapped, 2, 8)
    ) THEN
        RAISE EXCEPTION 'another master key took the place of the one that wrapped this'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'wrapped_by_master_key_of_now';
    END IF;
    RETURN NEW;
END
$function$;

CREATE TRIGGER case_keys_of_now BEFORE INSERT ON case_keys FOR EACH ROW
WHEN (NEW.wrapped IS NOT NULL) EXECUTE FUNCTION refuse_former_wrapping();
CREATE TRIGGER webhook_subscriptions_of_now BEFORE INSERT ON webhook_subscriptions FOR EACH ROW
WHEN (NEW.wrapped IS NOT NULL) EXECUTE FUNCTION refuse_former_wrapping();
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_of_now;
ALTER TABLE webhook_subscriptions ENABLE ALWAYS TRIGGER webhook_subscriptions_of_now;

-- The owner of the schema writes it, who alone writes another wrapping as well.
GRANT SELECT ON former_master_keys TO qmas_app;
