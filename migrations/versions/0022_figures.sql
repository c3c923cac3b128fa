-- What is counted over the read models now and then, one document under each name. Nothing personal.
CREATE TABLE figures (
    name text NOT NULL,
    counted_at timestamp with time zone NOT NULL,
    position bigint NOT NULL,
    body json NOT NULL,
    CONSTRAINT figures_pkey PRIMARY KEY (name)
);

GRANT SELECT, INSERT, UPDATE ON figures TO qmas_app;
