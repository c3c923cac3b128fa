-- Tokens for programs that call the API, by the SHA-256 of their secret.
CREATE TABLE service_tokens (
    id text NOT NULL,
    secret bytea NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    actions text[],
    until timestamp with time zone NOT NULL,
    made timestamp with time zone NOT NULL,
    made_by text NOT NULL,
    used timestamp with time zone,
    revoked timestamp with time zone,
    revoked_by text,
    CONSTRAINT service_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT service_tokens_secret_is_a_digest CHECK (octet_length(secret) = 32),
    CONSTRAINT service_tokens_role_known CHECK (role IN ('service', 'auditor')),
    CONSTRAINT service_tokens_revoked_by CHECK (num_nulls(revoked, revoked_by) IN (0, 2))
);

-- Of a token only its use and its end are ever changed, and none is deleted.
GRANT SELECT, INSERT ON service_tokens TO qmas_app;
GRANT UPDATE (used, revoked, revoked_by) ON service_tokens TO qmas_app;
