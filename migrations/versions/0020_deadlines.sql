-- What time will bring in each case: a read model like those of 0002.
CREATE TABLE deadlines (
    reference text NOT NULL,
    stage text NOT NULL,
    deadline text,
    due_on date,
    opened integer,
    opened_on date,
    told integer,
    quiet_since timestamp with time zone,
    stay_until date,
    further_stay boolean NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT deadlines_pkey PRIMARY KEY (reference),
    CONSTRAINT deadlines_one_day CHECK (num_nulls(deadline, due_on, opened, opened_on) IN (0, 4))
);
CREATE INDEX deadlines_due ON deadlines (deadline, due_on) WHERE told IS DISTINCT FROM -1;
CREATE INDEX deadlines_quiet ON deadlines (quiet_since) WHERE quiet_since IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON deadlines TO qmas_app;
