-- The function of 0006, which asks for the confirmation that comes before. An erasure that a restore
-- undid was confirmed in a log that is no more: it names the two people who had decided it.
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
