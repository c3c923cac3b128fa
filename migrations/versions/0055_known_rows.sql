-- The last row of which it is known that it, and every one before it, is of an event that the log has,
-- or older than the last choice of a person. Whoever plans looks through some more each time.
ALTER TABLE notifications_checkpoint ADD COLUMN known_id bigint NOT NULL DEFAULT 0;
GRANT UPDATE (known_id) ON notifications_checkpoint TO qmas_app;
