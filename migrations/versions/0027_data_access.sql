-- No row has such a day yet, so that nothing is sorted or written here.
ALTER TABLE deadlines
    ADD COLUMN access_due_on date,
    ADD COLUMN access_opened integer,
    ADD COLUMN access_opened_on date,
    ADD COLUMN access_told integer;
CREATE INDEX deadlines_access ON deadlines (access_due_on, reference)
    WHERE access_due_on IS NOT NULL;

-- Generations that stand beside the live one have what it has, or none could take its place.
DO $beside$
DECLARE
    aside integer;
BEGIN
    FOR aside IN
        SELECT generation FROM projection_generations
        WHERE projection = 'deadlines' AND state <> 'live'
    LOOP
        EXECUTE format(
            'ALTER TABLE deadlines__%s ADD COLUMN access_due_on date,'
            ' ADD COLUMN access_opened integer, ADD COLUMN access_opened_on date,'
            ' ADD COLUMN access_told integer', aside
        );
        EXECUTE format(
            'CREATE INDEX deadlines_access__%s ON deadlines__%s (access_due_on, reference)'
            ' WHERE access_due_on IS NOT NULL', aside, aside
        );
    END LOOP;
END
$beside$;
