-- What was asked for of the record is kept in clear and for ever, so that a name among it has the form
-- of an exercise's, of an account or of a reference. What is on record was written before.
ALTER TABLE reads ADD CONSTRAINT reads_names_asked_for CHECK (
    coalesce(filters ->> 'exercise', '') ~ '^([a-z0-9][a-z0-9-]{0,62})?$'
    AND coalesce(filters ->> 'who', '') ~ '^[!-~]{0,100}$'
    AND coalesce(filters ->> 'holder', '') ~ '^[!-~]{0,100}$'
    AND coalesce(filters ->> 'case', '') ~ '^(QM-[0-9A-Z]{5}-[0-9A-Z]{5})?$'
) NOT VALID;
