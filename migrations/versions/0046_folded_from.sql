-- The leaf of the last event that was folded, or planned: a log that was restored and went on has
-- another one at that position, and may have it at the same instant, for instants never decrease
-- and stand still while the clock is behind them. The database writes it down, whichever program
-- moves the checkpoint, and only where it is moved: what was folded from elsewhere is not taken for
-- ours because its row is written again.
ALTER TABLE projection_checkpoints ADD COLUMN leaf bytea;
ALTER TABLE notifications_checkpoint ADD COLUMN leaf bytea;

CREATE FUNCTION leave_leaf() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    NEW.leaf := (SELECT leaf FROM log WHERE position = NEW.position);
    RETURN NEW;
END
$function$;

CREATE TRIGGER projection_checkpoints_leaf BEFORE UPDATE OF position ON projection_checkpoints
FOR EACH ROW WHEN (NEW.position <> OLD.position) EXECUTE FUNCTION leave_leaf();
CREATE TRIGGER notifications_checkpoint_leaf BEFORE UPDATE OF position ON notifications_checkpoint
FOR EACH ROW WHEN (NEW.position <> OLD.position) EXECUTE FUNCTION leave_leaf();

DROP TRIGGER notifications_checkpoint_dated ON notifications_checkpoint;
CREATE TRIGGER notifications_checkpoint_dated BEFORE UPDATE OF position ON notifications_checkpoint
FOR EACH ROW WHEN (NEW.position <> OLD.position) EXECUTE FUNCTION date_plan();

-- Where the instant is another one the leaf stays unknown, and the instant tells as before.
UPDATE projection_checkpoints AS folded SET leaf = log.leaf
FROM log WHERE log.position = folded.position AND log.sequenced_at = folded.as_of;
UPDATE notifications_checkpoint AS planned SET leaf = log.leaf
FROM log WHERE log.position = planned.position AND log.sequenced_at = planned.sequenced_at;
