-- A code for a case that another took the place of goes to the address of the case that was filed
-- last. So a change of that address ends the codes of all before it, as the function of 0049 did
-- those of the case alone; the links between them stand in clear in the first event of each.
CREATE OR REPLACE FUNCTION end_codes_of_former_address(new events) RETURNS void LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
DECLARE
    about text;
    reached text[];
BEGIN
    WITH RECURSIVE chain (reference) AS (
        SELECT substr(NEW.stream, length('case-') + 1)
        UNION
        SELECT events.body #>> '{payload,refiles}' FROM chain
        JOIN events ON events.stream = 'case-' || chain.reference AND events.version = 1
        WHERE events.body #>> '{payload,refiles}' IS NOT NULL
    )
    SELECT array_agg(reference) INTO reached FROM chain;
    -- In one order, so that no two changes wait for each other.
    FOR about IN
        SELECT each.reference FROM unnest(reached) AS each (reference)
        ORDER BY hashtext(each.reference)
    LOOP
        PERFORM pg_advisory_xact_lock(x'636f6465'::integer, hashtext(about));
    END LOOP;
    UPDATE enquiry_codes
    SET state = CASE state WHEN 'asked' THEN 'dropped' ELSE 'void' END, unsent = NULL
    WHERE reference = ANY (reached) AND state IN ('asked', 'allowed', 'used');
    RETURN;
END
$function$;
