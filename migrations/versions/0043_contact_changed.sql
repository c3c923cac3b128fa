-- The address that codes go to is changed by two officers and by nothing else. The triggers look at
-- new rows only.

-- The function of 0037 knows what a change of address follows from.
CREATE OR REPLACE FUNCTION refuse_unconfirmed() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
DECLARE
    about text := CASE NEW.type
        WHEN 'approved-in-principle' THEN 'approval-in-principle'
        WHEN 'application-approved' THEN 'approval'
        WHEN 'application-refused' THEN 'refusal'
        WHEN 'extension-refused' THEN 'refusal'
        WHEN 'stay-extended' THEN 'extension'
        WHEN 'case-reopened' THEN 'reopening'
        WHEN 'refusal-upheld' THEN 'upholding'
        WHEN 'visa-voided' THEN 'voiding'
        WHEN 'erasure-decided' THEN 'erasure'
        WHEN 'contact-changed' THEN 'contact-change'
    END;
BEGIN
    IF NEW.type = 'erasure-decided' AND length(NEW.body #>> '{payload,again,proposed_by}') > 0
        AND length(NEW.body #>> '{payload,again,confirmed_by}') > 0
        AND NEW.body #>> '{payload,again,proposed_by}' <> NEW.body #>> '{payload,again,confirmed_by}'
    THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (
        SELECT FROM events
        WHERE stream = NEW.stream AND version = NEW.version - 1 AND commit_id = NEW.commit_id
            AND type = 'decision-confirmed' AND matter_of(body) = about
    ) THEN
        RAISE EXCEPTION '% follows a confirmation only', NEW.type
            USING ERRCODE = 'check_violation', CONSTRAINT = 'events_confirmed';
    END IF;
    RETURN NULL;
END
$function$;

CREATE FUNCTION refuse_corrected_contact() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    RAISE EXCEPTION 'an e-mail address is changed by two officers'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'events_contact_by_two';
END
$function$;

-- A code that the old mailbox was sent opens nothing from the moment of the change.
CREATE FUNCTION end_codes_of_former_address() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    UPDATE enquiry_codes SET state = 'void', unsent = NULL
    WHERE reference = substr(NEW.stream, length('case-') + 1) AND state = 'allowed';
    RETURN NULL;
END
$function$;

CREATE TRIGGER events_contact_confirmed AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type = 'contact-changed') EXECUTE FUNCTION refuse_unconfirmed();
CREATE TRIGGER events_contact_by_two AFTER INSERT ON events FOR EACH ROW
WHEN (
    NEW.type = 'application-corrected'
    AND (NEW.body #> '{payload,fields}')::jsonb ?| ARRAY['applicant', 'applicant.email']
)
EXECUTE FUNCTION refuse_corrected_contact();
CREATE TRIGGER events_contact_ends_codes AFTER INSERT ON events FOR EACH ROW
WHEN (NEW.type = 'contact-changed') EXECUTE FUNCTION end_codes_of_former_address();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_contact_confirmed;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_contact_ends_codes;
ALTER TABLE events ENABLE ALWAYS TRIGGER events_contact_by_two;
