-- A letter that mail could not deliver is settled once it was printed and sent by post.

ALTER TABLE notifications DROP CONSTRAINT notifications_state_known;
ALTER TABLE notifications ADD CONSTRAINT notifications_state_known
CHECK (state IN ('planned', 'sending', 'sent', 'failed', 'withheld', 'posted')) NOT VALID;
ALTER TABLE notifications VALIDATE CONSTRAINT notifications_state_known;
