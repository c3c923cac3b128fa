-- Systems that are told of events by webhooks. What each is told is in the ledger of notifications.

-- A secret is sealed under the key in `wrapped`, which the master key wraps. The former one is valid
-- beside it for a while, so that its receiver can change over. A row is never deleted: the ledger
-- names it.
CREATE TABLE webhook_subscriptions (
    id text NOT NULL,
    url text NOT NULL,
    events text[] NOT NULL,
    since bigint NOT NULL,
    state text NOT NULL DEFAULT 'active',
    paused_because text,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    created_by text NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    rests_until timestamp with time zone,
    wrapped bytea,
    secret text,
    former text,
    former_until timestamp with time zone,
    CONSTRAINT webhook_subscriptions_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_subscriptions_state_known CHECK (state IN ('active', 'paused', 'removed')),
    CONSTRAINT webhook_subscriptions_want_something CHECK (cardinality(events) > 0),
    CONSTRAINT webhook_subscriptions_have_a_secret
        CHECK (state = 'removed' OR num_nulls(wrapped, secret) = 0),
    CONSTRAINT webhook_subscriptions_former_until CHECK (num_nulls(former, former_until) IN (0, 2))
);

GRANT SELECT, INSERT ON webhook_subscriptions TO qmas_app;
GRANT UPDATE (
    state, paused_because, failures, rests_until, wrapped, secret, former, former_until
) ON webhook_subscriptions TO qmas_app;
