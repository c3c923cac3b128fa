-- Notifications go to a recipient in order, by mail or webhook, and each attempt is on record.

-- What a deliverer of each means looks for; settled rows leave these indexes.
DROP INDEX notifications_due;
CREATE INDEX notifications_due ON notifications (next_attempt_at, id)
WHERE state IN ('planned', 'sending') AND means = 'email';
CREATE INDEX notifications_due_webhooks ON notifications (party, next_attempt_at, id)
WHERE state IN ('planned', 'sending') AND means = 'webhook';
-- Of a recipient's open rows only the first may be sent: the others are behind it.
CREATE INDEX notifications_open_of_recipient ON notifications (reference, party, id)
WHERE state IN ('planned', 'sending');
CREATE INDEX notifications_failed ON notifications (id) WHERE state = 'failed';

-- A webhook tells what stands in the log in clear, so nothing of it is kept sealed here.
ALTER TABLE notifications DROP CONSTRAINT notifications_open_ones_hold_a_letter;
ALTER TABLE notifications ADD CONSTRAINT notifications_open_ones_hold_a_letter
CHECK (sealed IS NOT NULL OR state IN ('failed', 'withheld') OR means = 'webhook') NOT VALID;
ALTER TABLE notifications VALIDATE CONSTRAINT notifications_open_ones_hold_a_letter;

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
