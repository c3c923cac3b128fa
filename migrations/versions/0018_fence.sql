-- After a restore nothing is sent until a person has said what becomes of what was planned before.

-- One row: how many batches this ledger has handed over, and in which database. The same count is
-- remembered outside of it, where no restore undoes it; where the two disagree the fence is closed.
-- The ledger gets its name when it is first used, so that a copy made before that is another one.
CREATE TABLE notifications_fence (
    id boolean NOT NULL DEFAULT true,
    ledger uuid,
    handed bigint NOT NULL DEFAULT 0,
    database text,
    closed_at timestamp with time zone,
    closed_because text,
    closed_position bigint,
    confirmed_at timestamp with time zone,
    confirmed_by text,
    choice text,
    CONSTRAINT notifications_fence_pkey PRIMARY KEY (id),
    CONSTRAINT notifications_fence_is_one_row CHECK (id),
    CONSTRAINT notifications_fence_counts_from_0 CHECK (handed >= 0),
    CONSTRAINT notifications_fence_is_of_one_database
        CHECK (num_nulls(ledger, database) IN (0, 2)),
    CONSTRAINT notifications_fence_says_why_it_is_closed
        CHECK (num_nulls(closed_at, closed_because, closed_position) IN (0, 3)),
    CONSTRAINT notifications_fence_says_who_opened_it
        CHECK (num_nulls(confirmed_at, confirmed_by, choice) IN (0, 3)),
    CONSTRAINT notifications_fence_choice_known CHECK (choice IN ('withhold', 'send'))
);
INSERT INTO notifications_fence DEFAULT VALUES;

GRANT SELECT ON notifications_fence TO qmas_app;
GRANT UPDATE (
    ledger, handed, database, closed_at, closed_because, closed_position, confirmed_at,
    confirmed_by, choice
) ON notifications_fence TO qmas_app;
