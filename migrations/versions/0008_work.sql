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

GRANT SELECT, INSERT, UPDATE, DELETE ON work TO qmas_app;
