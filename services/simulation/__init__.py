"""Open cases scored under another ruleset: what a change of the rules would do to whom."""
