-- Who changed a subscription, and when. What was said once stays.
CREATE TABLE webhook_changes (
    id bigint GENERATED ALWAYS AS IDENTITY,
    subscription text NOT NULL,
    what text NOT NULL,
    by text NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT webhook_changes_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_changes_subscription_fkey
        FOREIGN KEY (subscription) REFERENCES webhook_subscriptions (id),
    CONSTRAINT webhook_changes_what_known
        CHECK (what IN ('paused', 'resumed', 'secret changed', 'removed'))
);
CREATE INDEX webhook_changes_subscription ON webhook_changes (subscription, id);

GRANT SELECT, INSERT ON webhook_changes TO qmas_app;
