-- Who is signed in where. A browser holds the secret, and the table its SHA-256 alone.
CREATE TABLE sessions (
    secret bytea NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    account text NOT NULL,
    role text NOT NULL,
    issuer text NOT NULL,
    since timestamp with time zone NOT NULL,
    seen timestamp with time zone NOT NULL,
    ended timestamp with time zone,
    ended_by text,
    CONSTRAINT sessions_pkey PRIMARY KEY (secret),
    CONSTRAINT sessions_number_key UNIQUE (number),
    CONSTRAINT sessions_secret_is_a_digest CHECK (octet_length(secret) = 32),
    CONSTRAINT sessions_ended_by CHECK (num_nulls(ended, ended_by) IN (0, 2))
);
CREATE INDEX sessions_open ON sessions (account) WHERE ended IS NULL;
CREATE INDEX sessions_since ON sessions (since);

-- Of a session only its use and its end are ever changed; what is long over is deleted.
GRANT SELECT, INSERT, DELETE ON sessions TO qmas_app;
GRANT UPDATE (seen, ended, ended_by) ON sessions TO qmas_app;
