-- The function of 0001, which refused every change of a living key, for one that was overwritten
-- would take everything personal in its case with it. Another master key wraps the same key anew:
-- the owner of the schema may write that, in the one form that names its master key and only where
-- that is another one. The application, which writes all day, may not.
CREATE OR REPLACE FUNCTION refuse_new_wrapping() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    IF NEW.wrapped IS NOT NULL AND NEW.erased_at IS NULL
        AND (NEW.reference, NEW.created_at) = (OLD.reference, OLD.created_at)
        AND octet_length(NEW.wrapped) = 69 AND get_byte(NEW.wrapped, 0) = 2
        AND substr(NEW.wrapped, 1, 9) <> substr(OLD.wrapped, 1, 9)
        AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the key of case % can be destroyed and not changed', OLD.reference
        USING ERRCODE = 'restrict_violation';
END
$function$;
