-- A subscription that was made beside a longer log, which was lost, would hear of nothing until the
-- one that is there is as long: it is told from where letters are planned again.
GRANT UPDATE (since) ON webhook_subscriptions TO qmas_app;
