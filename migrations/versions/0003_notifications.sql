-- The ledger of notifications. Reserved for change by later migrations only: never edit this file.

-- One row for every effect of an event on a party, made once and never deleted: it is what keeps
-- an effect from being carried out a second time, whoever reads the log again.
CREATE TABLE notifications (
    id bigint GENERATED ALWAYS AS IDENTITY,
    position bigint NOT NULL,
    event_id uuid NOT NULL,
    effect text NOT NULL,
    party text NOT NULL,
    means text NOT NULL,
    reference text NOT NULL,
    message_id text NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    planned_at timestamp with time zone NOT NULL DEFAULT now(),
    next_attempt_at timestamp with time zone NOT NULL DEFAULT now(),
    settled_at timestamp with time zone,
    last_error text,
    sealed text,
    CONSTRAINT notifications_pkey PRIMARY KEY (id),
    CONSTRAINT notifications_event_id_effect_party_key UNIQUE (event_id, effect, party),
    CONSTRAINT notifications_message_id_key UNIQUE (message_id),
    CONSTRAINT notifications_state_known
        CHECK (state IN ('planned', 'sending', 'sent', 'failed', 'withheld')),
    CONSTRAINT notifications_attempts_count_from_0 CHECK (attempts >= 0),
    CONSTRAINT notifications_settled_or_open
        CHECK ((settled_at IS NULL) = (state IN ('planned', 'sending'))),
    CONSTRAINT notifications_open_ones_hold_a_letter
        CHECK (sealed IS NOT NULL OR state IN ('failed', 'withheld')),
    CONSTRAINT notifications_last_error_length CHECK (length(last_error) BETWEEN 1 AND 200)
);

-- What a deliverer looks for, and nothing else: settled rows leave the index.
CREATE INDEX notifications_due ON notifications (next_attempt_at, id)
WHERE state IN ('planned', 'sending');
CREATE INDEX notifications_reference ON notifications (reference, id);

-- How far the log has been read for effects. It is moved in the transaction that makes the rows.
CREATE TABLE notifications_checkpoint (
    id boolean NOT NULL DEFAULT true,
    position bigint NOT NULL,
    moved_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT notifications_checkpoint_pkey PRIMARY KEY (id),
    CONSTRAINT notifications_checkpoint_is_one_row CHECK (id),
    CONSTRAINT notifications_checkpoint_counts_from_0 CHECK (position >= 0)
);
INSERT INTO notifications_checkpoint (position) VALUES (0);

-- What identifies a row, and that it was ever made, is out of the application's reach.
GRANT SELECT, INSERT ON notifications TO qmas_app;
GRANT UPDATE (state, attempts, next_attempt_at, settled_at, last_error, sealed)
ON notifications TO qmas_app;
GRANT SELECT, UPDATE (position, moved_at) ON notifications_checkpoint TO qmas_app;
