-- The read models: each can be thrown away and folded again from the log.

-- How far each projection has folded the log. A shard folds the keys whose hash is its own; one
-- shard, number 0, folds them all. The columns `stopped_…` tell of the event that it cannot fold.
CREATE TABLE projection_checkpoints (
    projection text NOT NULL,
    version integer NOT NULL,
    shard integer NOT NULL DEFAULT 0,
    position bigint NOT NULL DEFAULT 0,
    as_of timestamp with time zone,
    stopped_position bigint,
    stopped_at timestamp with time zone,
    stopped_event text,
    stopped_reason text,
    CONSTRAINT projection_checkpoints_pkey PRIMARY KEY (projection, version, shard),
    CONSTRAINT projection_checkpoints_position CHECK (position >= 0),
    CONSTRAINT projection_checkpoints_stop CHECK (
        num_nulls(stopped_position, stopped_at, stopped_event, stopped_reason) IN (0, 4)
    )
);

CREATE TABLE case_list (
    reference text NOT NULL,
    stage text NOT NULL,
    stage_since timestamp with time zone NOT NULL,
    route text NOT NULL,
    channel text NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    points integer,
    exercise text,
    rank integer,
    ruleset text,
    version integer NOT NULL,
    position bigint NOT NULL,
    sealed text,
    CONSTRAINT case_list_pkey PRIMARY KEY (reference)
);
-- One index for each order, alone and within a stage; the reference makes every order total. A
-- case without points comes after those with any, as if it had -1.
CREATE INDEX case_list_submitted_at ON case_list (submitted_at, reference);
CREATE INDEX case_list_points ON case_list (coalesce(points, -1), reference);
CREATE INDEX case_list_stage_since ON case_list (stage_since, reference);
CREATE INDEX case_list_stage_submitted_at ON case_list (stage, submitted_at, reference);
CREATE INDEX case_list_stage_points ON case_list (stage, coalesce(points, -1), reference);
CREATE INDEX case_list_stage_stage_since ON case_list (stage, stage_since, reference);
CREATE INDEX case_list_exercise ON case_list (exercise, submitted_at, reference)
WHERE exercise IS NOT NULL;
CREATE INDEX case_list_exercise_points ON case_list (exercise, coalesce(points, -1), reference)
WHERE exercise IS NOT NULL;
CREATE INDEX case_list_exercise_stage_since ON case_list (exercise, stage_since, reference)
WHERE exercise IS NOT NULL;
-- Few cases are of this route, and a page of them must not be looked for among all the others.
CREATE INDEX case_list_achievement ON case_list (submitted_at, reference)
WHERE route = 'achievement';
CREATE INDEX case_list_achievement_points ON case_list (coalesce(points, -1), reference)
WHERE route = 'achievement';

-- Which cases a word of a name occurs in: the word only as a token under a key. Erasing a person
-- deletes the rows.
CREATE TABLE case_names (
    token bytea NOT NULL,
    reference text NOT NULL,
    CONSTRAINT case_names_pkey PRIMARY KEY (token, reference)
);
CREATE INDEX case_names_reference ON case_names (reference);

CREATE TABLE case_status (
    reference text NOT NULL,
    stage text NOT NULL,
    stage_since timestamp with time zone NOT NULL,
    route text NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    ruleset text,
    due_hkd integer,
    pay_by date,
    activate_by date,
    stay_until date,
    reason_class text,
    version integer NOT NULL,
    position bigint NOT NULL,
    sealed text,
    CONSTRAINT case_status_pkey PRIMARY KEY (reference)
);

CREATE TABLE exercises (
    exercise text NOT NULL,
    title text NOT NULL,
    stage text NOT NULL,
    archetype text NOT NULL,
    places integer NOT NULL,
    shortlist_size integer NOT NULL,
    pool_position bigint NOT NULL,
    pool_size integer NOT NULL,
    pool_digest text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    shortlisted integer,
    shortlisted_achievement integer,
    shortlist_digest text,
    shortlisted_at timestamp with time zone,
    selected integer,
    selected_achievement integer,
    passed_over integer,
    cut_off integer,
    tie_break timestamp with time zone,
    selection_digest text,
    selected_at timestamp with time zone,
    version integer NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT exercises_pkey PRIMARY KEY (exercise)
);

-- The pools that exercises froze, each as the case list had it at a position of the log. The same
-- exercise may have been tried at several positions; its own event names the one that counts.
CREATE TABLE exercise_pools (
    exercise text NOT NULL,
    position bigint NOT NULL,
    reference text NOT NULL,
    route text NOT NULL,
    points integer NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    CONSTRAINT exercise_pools_pkey PRIMARY KEY (exercise, position, reference)
);

GRANT SELECT, INSERT, UPDATE, DELETE
ON projection_checkpoints, case_list, case_names, case_status, exercises, exercise_pools
TO qmas_app;
