-- The files of documents. Reserved for change by later migrations only: never edit this file.

-- Sealed by the key of their case and found by their hash, which the log names: a file under
-- another name than its own hash cannot be written.
CREATE TABLE document_files (
    reference text NOT NULL,
    stored bytea NOT NULL GENERATED ALWAYS AS (sha256(sealed)) STORED,
    kept_at timestamp with time zone NOT NULL DEFAULT now(),
    sealed bytea NOT NULL,
    CONSTRAINT document_files_pkey PRIMARY KEY (reference, stored),
    CONSTRAINT document_files_reference_fkey FOREIGN KEY (reference) REFERENCES case_keys (reference),
    CONSTRAINT document_files_sealed_length CHECK (octet_length(sealed) BETWEEN 29 AND 67108864)
);
-- What is sealed does not get smaller, so nobody tries.
ALTER TABLE document_files ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE FUNCTION file_is_named(case_reference text, hash bytea) RETURNS boolean
LANGUAGE sql STABLE AS $function$
    SELECT EXISTS (
        SELECT FROM events
        WHERE stream = 'case-' || case_reference
          AND type = 'document-received'
          AND body -> 'payload' ->> 'stored' = encode(hash, 'hex')
    )
$function$;

CREATE FUNCTION refuse_losing_file() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
    IF OLD.kept_at >= now() - interval '1 day' OR file_is_named(OLD.reference, OLD.stored) THEN
        RAISE EXCEPTION 'the file % of case % is kept', encode(OLD.stored, 'hex'), OLD.reference
            USING ERRCODE = 'restrict_violation',
            HINT = 'Only a file that no event names a day after it was kept can be removed.';
    END IF;
    RETURN OLD;
END
$function$;

CREATE TRIGGER document_files_unchanged BEFORE UPDATE OR TRUNCATE ON document_files
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER document_files_kept BEFORE DELETE ON document_files
FOR EACH ROW EXECUTE FUNCTION refuse_losing_file();
-- Also in a session that calls itself a replica, where ordinary triggers sleep.
ALTER TABLE document_files ENABLE ALWAYS TRIGGER document_files_unchanged;
ALTER TABLE document_files ENABLE ALWAYS TRIGGER document_files_kept;

GRANT SELECT, INSERT (reference, sealed), DELETE ON document_files TO qmas_app;

-- Until when documents are awaited that the applicant was asked for.
ALTER TABLE case_status ADD COLUMN documents_by date;
