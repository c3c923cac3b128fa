-- The path of each case: a read model like those of 0002, which statistics are counted over.
CREATE TABLE paths (
    reference text NOT NULL,
    route text NOT NULL,
    ruleset text,
    submitted_at timestamp with time zone NOT NULL,
    stages text [] NOT NULL,
    since timestamp with time zone [] NOT NULL,
    by text [] NOT NULL,
    stage text NOT NULL,
    moved_at timestamp with time zone NOT NULL,
    outcome text,
    outcome_at timestamp with time zone,
    position bigint NOT NULL,
    CONSTRAINT paths_pkey PRIMARY KEY (reference),
    CONSTRAINT paths_outcome_at CHECK ((outcome IS NULL) = (outcome_at IS NULL))
);
-- What officers did lately is found by this.
CREATE INDEX paths_moved_at ON paths (moved_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON paths TO qmas_app;
