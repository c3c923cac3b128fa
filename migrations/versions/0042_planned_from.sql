-- When the last event that was planned became visible: a log that was restored and went on has
-- another one at that position. The database writes it down, whichever program moves the plan.
ALTER TABLE notifications_checkpoint ADD COLUMN sequenced_at timestamp with time zone;

CREATE FUNCTION date_plan() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $function$
BEGIN
    NEW.sequenced_at := (SELECT sequenced_at FROM log WHERE position = NEW.position);
    RETURN NEW;
END
$function$;

CREATE TRIGGER notifications_checkpoint_dated BEFORE UPDATE OF position ON notifications_checkpoint
FOR EACH ROW EXECUTE FUNCTION date_plan();

UPDATE notifications_checkpoint SET position = position;
