-- What a code opened is kept here and not in a cookie, so that it can be ended.
ALTER TABLE enquiry_codes ADD COLUMN used_at timestamp with time zone;
GRANT UPDATE (used_at) ON enquiry_codes TO qmas_app;

-- The function of 0043 ended codes that had gone out, and neither those that were about to nor what
-- one had opened. A code that is being allowed meanwhile waits for this commit, by the lock that
-- allowing takes (its class reads "code"), and its sender then reads the new address.
CREATE OR REPLACE FUNCTION end_codes_of_former_address() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
DECLARE
    about text := substr(NEW.stream, length('case-') + 1);
BEGIN
    PERFORM pg_advisory_xact_lock(x'636f6465'::integer, hashtext(about));
    UPDATE enquiry_codes
    SET state = CASE state WHEN 'asked' THEN 'dropped' ELSE 'void' END, unsent = NULL
    WHERE reference = about AND state IN ('asked', 'allowed', 'used');
    RETURN NULL;
END
$function$;
