-- The codes by which applicants come in. A code is no event of the case: what is here is gone within
-- a day, and with the person at an erasure.

-- `reference` is what was typed, whether there is such a case or not; `unsent` holds the code and the
-- date of birth that was typed, sealed, until the code is sent or will never be. `code` is a keyed
-- hash. `asker` tells apart who asked, `browser` is who alone may use the code, where that is known.
CREATE TABLE enquiry_codes (
    id uuid NOT NULL,
    reference text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    asker bytea NOT NULL,
    browser bytea,
    admitted boolean NOT NULL,
    code bytea NOT NULL,
    unsent text,
    state text NOT NULL DEFAULT 'asked',
    tries integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamp with time zone NOT NULL,
    allowed_at timestamp with time zone,
    CONSTRAINT enquiry_codes_pkey PRIMARY KEY (id),
    CONSTRAINT enquiry_codes_state_known
        CHECK (state IN ('asked', 'allowed', 'used', 'void', 'dropped')),
    CONSTRAINT enquiry_codes_reference_length CHECK (length(reference) BETWEEN 1 AND 100),
    CONSTRAINT enquiry_codes_used_once_allowed
        CHECK (allowed_at IS NOT NULL OR state IN ('asked', 'dropped')),
    CONSTRAINT enquiry_codes_count_from_0 CHECK (tries >= 0 AND attempts >= 0)
);
CREATE INDEX enquiry_codes_reference ON enquiry_codes (reference, asked_at);
CREATE INDEX enquiry_codes_unsent ON enquiry_codes (next_attempt_at) WHERE unsent IS NOT NULL;

GRANT SELECT, INSERT, DELETE ON enquiry_codes TO qmas_app;
GRANT UPDATE (unsent, state, tries, attempts, next_attempt_at, allowed_at)
ON enquiry_codes TO qmas_app;

CREATE FUNCTION forget_enquiries() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    DELETE FROM enquiry_codes WHERE reference = OLD.reference;
    RETURN NULL;
END
$function$;

CREATE TRIGGER case_keys_enquiries_forgotten AFTER UPDATE ON case_keys FOR EACH ROW
WHEN (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NULL) EXECUTE FUNCTION forget_enquiries();
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_enquiries_forgotten;
