-- A read model is filled anew beside the live one, in tables of its own, and takes its place at once.

-- The rows of the live generation stand in the tables that everybody reads; those of another one in
-- tables of the same names with two underscores and its number behind.
CREATE TABLE projection_generations (
    projection text NOT NULL,
    generation integer NOT NULL,
    state text NOT NULL,
    made_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT projection_generations_pkey PRIMARY KEY (projection, generation),
    CONSTRAINT projection_generations_state CHECK (state IN ('filling', 'ready', 'live', 'former'))
);
CREATE UNIQUE INDEX projection_generations_one_of_each ON projection_generations (projection, state);

ALTER TABLE projection_checkpoints ADD COLUMN generation integer NOT NULL DEFAULT 1;
-- Of several versions of a fold only the newest one filled the rows that are there.
DELETE FROM projection_checkpoints AS older WHERE EXISTS (
    SELECT FROM projection_checkpoints AS newer
    WHERE newer.projection = older.projection AND newer.version > older.version
);
ALTER TABLE projection_checkpoints DROP CONSTRAINT projection_checkpoints_pkey;
ALTER TABLE projection_checkpoints
ADD CONSTRAINT projection_checkpoints_pkey PRIMARY KEY (projection, generation, shard);

INSERT INTO projection_generations (projection, generation, state)
SELECT DISTINCT projection, 1, 'live' FROM projection_checkpoints;

GRANT SELECT, INSERT ON projection_generations TO qmas_app;
