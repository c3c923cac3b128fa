-- Who has each case: a read model like those of 0002. A case without a row is one that nobody has.
CREATE TABLE work (
    reference text NOT NULL,
    holder text,
    since timestamp with time zone,
    returned boolean NOT NULL,
    notes integer NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT work_pkey PRIMARY KEY (reference),
    CONSTRAINT work_held_since CHECK ((holder IS NULL) = (since IS NULL))
);
CREATE INDEX work_holder ON work (holder, since, reference) WHERE holder IS NOT NULL;

-- The queue: of each stage and route the case that waits longest is at the left end. What waits for
-- its applicant's documents is not in it; the case list, folded again, says which cases those are.
ALTER TABLE case_list ADD COLUMN documents_awaited boolean NOT NULL DEFAULT false;
CREATE INDEX case_list_waiting ON case_list (stage, route, stage_since, reference)
WHERE NOT documents_awaited;

GRANT SELECT, INSERT, UPDATE, DELETE ON work TO qmas_app;
