-- Who has a case stands in the case list, where staff filter by it. No row has it until the list is
-- folded again, so that nothing is sorted or written here.
ALTER TABLE case_list ADD COLUMN holder text;
CREATE INDEX case_list_holder ON case_list (holder, reference) WHERE holder IS NOT NULL;

-- Generations that stand beside the live one have what it has, or none could take its place.
DO $beside$
DECLARE
    aside integer;
BEGIN
    FOR aside IN
        SELECT generation FROM projection_generations
        WHERE projection = 'case-list' AND state <> 'live'
    LOOP
        EXECUTE format('ALTER TABLE case_list__%s ADD COLUMN holder text', aside);
        EXECUTE format(
            'CREATE INDEX case_list_holder__%s ON case_list__%s (holder, reference)'
            ' WHERE holder IS NOT NULL', aside, aside
        );
    END LOOP;
END
$beside$;
