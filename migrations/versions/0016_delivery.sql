-- Notifications go to a recipient in order, by mail or webhook, and each attempt is on record.

-- The new index of what is due by mail takes the place of the one for every means.
DROP INDEX notifications_due;
ALTER INDEX notifications_due_by_mail RENAME TO notifications_due;

-- What was tried for a row, and what came of it: never anything personal, and never changed.
CREATE TABLE notification_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    notification bigint NOT NULL,
    at timestamp with time zone NOT NULL DEFAULT now(),
    outcome text NOT NULL,
    CONSTRAINT notification_attempts_pkey PRIMARY KEY (id),
    CONSTRAINT notification_attempts_notification_fkey
        FOREIGN KEY (notification) REFERENCES notifications (id),
    CONSTRAINT notification_attempts_outcome_length CHECK (length(outcome) BETWEEN 1 AND 200)
);
CREATE INDEX notification_attempts_notification ON notification_attempts (notification, id);
GRANT SELECT, INSERT ON notification_attempts TO qmas_app;
