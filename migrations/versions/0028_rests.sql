-- What holds a letter: the end of quiet hours, which is its own, or a mail server that is away,
-- which is nobody's in particular.

-- Null where nothing but its turn is waited for; so it is for every row that there is.
ALTER TABLE notifications ADD COLUMN not_before timestamp with time zone;

CREATE TABLE mail_server (
    id boolean NOT NULL DEFAULT true,
    failures integer NOT NULL DEFAULT 0,
    rests_until timestamp with time zone,
    CONSTRAINT mail_server_pkey PRIMARY KEY (id),
    CONSTRAINT mail_server_is_one_row CHECK (id),
    CONSTRAINT mail_server_counts_from_0 CHECK (failures >= 0)
);
INSERT INTO mail_server DEFAULT VALUES;

GRANT SELECT, UPDATE (failures, rests_until) ON mail_server TO qmas_app;
