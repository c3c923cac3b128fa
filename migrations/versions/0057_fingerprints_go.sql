-- What tells two commands of one id apart is a hash of all that somebody typed, under a key of ours. Who
-- has that key can ask of a guess whether it was this, so it goes with the key of the case, from every
-- command on the case and on the work on it. The id stays, and by that alone a repeat is known then.

-- Of a commit nothing else ever changes, and this for nobody but who was erased. Who forgets says so,
-- so that a change that changes nothing is refused as before.
CREATE OR REPLACE FUNCTION refuse_other_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF NEW.fingerprint = '\x00' AND NEW.commit_id = OLD.commit_id AND NEW.command_id = OLD.command_id
        AND NEW.result::text = OLD.result::text
        AND EXISTS (
            SELECT FROM events JOIN case_keys ON stream IN ('case-' || reference, 'work-' || reference)
            WHERE commit_id = OLD.commit_id AND wrapped IS NULL
        )
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'table commits is append-only: only an erasure takes a fingerprint'
        USING ERRCODE = 'restrict_violation', HINT = 'Record a new event instead.';
END
$function$;

CREATE OR REPLACE TRIGGER commits_forget_only BEFORE UPDATE ON commits
FOR EACH ROW EXECUTE FUNCTION refuse_other_change();
CREATE OR REPLACE TRIGGER commits_unchanged BEFORE UPDATE ON commits
FOR EACH STATEMENT WHEN (current_setting('qmas.forgets', true) IS DISTINCT FROM 'fingerprints')
EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER commits_append_only BEFORE DELETE OR TRUNCATE ON commits
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE commits ENABLE ALWAYS TRIGGER commits_forget_only;
ALTER TABLE commits ENABLE ALWAYS TRIGGER commits_unchanged;
ALTER TABLE commits ENABLE ALWAYS TRIGGER commits_append_only;

-- Returns how many there were.
CREATE OR REPLACE FUNCTION forget_fingerprints_of(about text) RETURNS integer LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
DECLARE
    gone integer;
BEGIN
    PERFORM set_config('qmas.forgets', 'fingerprints', true);
    UPDATE commits SET fingerprint = '\x00'
    WHERE fingerprint <> '\x00' AND commit_id IN (
        SELECT commit_id FROM events WHERE stream IN ('case-' || about, 'work-' || about)
    );
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('qmas.forgets', '', true);
    RETURN gone;
END
$function$;
REVOKE EXECUTE ON FUNCTION forget_fingerprints_of(text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION forget_fingerprints() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $function$
BEGIN
    PERFORM forget_fingerprints_of(OLD.reference);
    RETURN NULL;
END
$function$;
REVOKE EXECUTE ON FUNCTION forget_fingerprints() FROM PUBLIC;

CREATE OR REPLACE TRIGGER case_keys_fingerprints_go AFTER UPDATE ON case_keys FOR EACH ROW
WHEN (OLD.wrapped IS NOT NULL AND NEW.wrapped IS NULL)
EXECUTE FUNCTION forget_fingerprints();
ALTER TABLE case_keys ENABLE ALWAYS TRIGGER case_keys_fingerprints_go;
