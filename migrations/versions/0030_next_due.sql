-- The next day that is due in each case. Nobody has to use the window after a refusal: it is none.
-- Generations that stand beside the live one have what it has, or none could take its place.
DO $indexes$
DECLARE
    next_due constant text :=
        '(LEAST(CASE WHEN deadline <> ''reconsideration'' THEN due_on END, access_due_on))';
    beside text;
BEGIN
    FOREACH beside IN ARRAY array_prepend('', ARRAY(
        SELECT format('__%s', generation) FROM projection_generations
        WHERE projection = 'deadlines' AND state <> 'live'
    ))
    LOOP
        EXECUTE format(
            'CREATE INDEX deadlines_next%1$s ON deadlines%1$s (%2$s, reference)'
            ' WHERE %2$s IS NOT NULL', beside, next_due
        );
        EXECUTE format(
            'CREATE INDEX deadlines_stage_next%1$s ON deadlines%1$s (stage, %2$s, reference)'
            ' WHERE %2$s IS NOT NULL', beside, next_due
        );
    END LOOP;
END
$indexes$;
